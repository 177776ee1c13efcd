package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

const (
	// most is the height of the window; what a page leaves of it is cut off.
	most     = 2400
	patience = time.Minute
	// maxBytes keeps the repository small.
	maxBytes = 120_000
)

// camera photographs pages.
type camera struct{ browser, work string }

// take writes a picture of the page, as wide as p says and as high as the page.
func (c camera) take(ctx context.Context, page string, p picture, path string) error {
	source, shot := filepath.Join(c.work, "page.html"), filepath.Join(c.work, "shot.png")
	if err := os.WriteFile(source, []byte(page), 0o600); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var said bytes.Buffer
	//nolint:gosec // the browser is the one on the PATH, and the rest is ours
	cmd := exec.CommandContext(ctx, c.browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
		"--disable-background-networking", "--disable-lcd-text", "--force-color-profile=srgb", "--user-data-dir="+filepath.Join(c.work, "profile"),
		"--blink-settings=preferredColorScheme="+p.scheme(), "--window-size="+strconv.Itoa(p.window())+","+strconv.Itoa(most), "--screenshot="+shot, (&url.URL{Scheme: "file", Path: source}).String())
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w: %s", c.browser, err, said.String())
	}
	raw, err := os.ReadFile(shot)
	if err != nil {
		return fmt.Errorf("the browser made no picture: %w: %s", err, said.String())
	}
	seen, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("read the picture: %w", err)
	}
	small, err := develop(seen, p.width)
	if err != nil {
		return err
	}
	if len(small) > maxBytes {
		return fmt.Errorf("the picture has %d bytes, more than %d", len(small), maxBytes)
	}
	if err := os.WriteFile(path, small, 0o644); err != nil { //nolint:gosec // a picture for everybody to see
		return fmt.Errorf("keep the picture: %w", err)
	}
	return nil
}

var errBlank = errors.New("the picture is blank, or does not fit into the window")

// develop cuts the page out of the window, and keeps the colours that it has most of: those of text and its edges are few.
func develop(seen image.Image, width int) ([]byte, error) {
	height := lastLine(seen, width)
	if height <= 0 || height+margin >= most {
		return nil, errBlank
	}
	cut := image.Rect(0, 0, width, height+margin)
	kept := image.NewPaletted(cut, palette(seen, cut))
	draw.Draw(kept, cut, seen, image.Point{}, draw.Src)
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, kept); err != nil {
		return nil, fmt.Errorf("write the picture: %w", err)
	}
	return b.Bytes(), nil
}

// margin is left below the page as it is above.
const margin = 14

// lastLine is the lowest line of the picture that is not all of the background's colour.
func lastLine(seen image.Image, width int) int {
	background := seen.At(0, most-1)
	for y := most - 1; y >= 0; y-- {
		for x := range width {
			if seen.At(x, y) != background {
				return y
			}
		}
	}
	return 0
}

// palette is the most frequent colours within cut.
func palette(seen image.Image, cut image.Rectangle) color.Palette {
	counts := map[color.RGBA]int{}
	for y := range cut.Dy() {
		for x := range cut.Dx() {
			c, _ := color.RGBAModel.Convert(seen.At(x, y)).(color.RGBA) // the model's own type
			counts[c]++
		}
	}
	return mostFrequent(counts)
}

func mostFrequent(counts map[color.RGBA]int) color.Palette {
	all := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var p color.Palette
	for _, c := range all[:min(len(all), colours)] {
		p = append(p, c)
	}
	return p
}

// colours is as many as keep a picture small; 256 is the most.
const colours = 64

// scheme is what Blink calls the reader's preference.
func (p picture) scheme() string {
	if p.dark {
		return "0"
	}
	return "1"
}

// window is how wide the window is. A browser's has a least width, so what is framed is cut out of a wide one.
func (p picture) window() int {
	if p.page != "" {
		return p.width
	}
	return wide
}
