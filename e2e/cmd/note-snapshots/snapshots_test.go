package main

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// Every picture is of something that is there, is kept, and is shown to somebody.
func TestThePicturesAreKeptAndShown(t *testing.T) {
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs/notes.md"))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(root, "docs/images/notes")
	kept, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != len(pictures) {
		t.Errorf("%d pictures are kept, %d are taken", len(kept), len(pictures))
	}
	for _, p := range pictures {
		shown, err := p.read(filepath.Join(root, "internal/synthesis/testdata/notes"), filepath.Join(root, "internal/feedback/page/testdata/pages"))
		if err != nil || !strings.Contains(shown, "<main>") {
			t.Errorf("%s: %v\n%s", p.name(), err, shown)
		}
		raw, err := os.ReadFile(filepath.Join(folder, p.name()))
		if err != nil {
			t.Error(err)
			continue
		}
		seen, err := png.Decode(bytes.NewReader(raw))
		if err != nil || seen.Bounds().Dx() != p.width || len(raw) > maxBytes {
			t.Errorf("%s: %d bytes, %v", p.name(), len(raw), err)
		}
		if !strings.Contains(string(doc), "images/notes/"+p.name()) {
			t.Errorf("docs/notes.md does not show %s", p.name())
		}
	}
}

func TestDevelopCutsOutThePage(t *testing.T) {
	t.Parallel()
	window := image.NewRGBA(image.Rect(0, 0, 100, most))
	paint := func(from, to int, c color.Color) {
		for y := from; y < to; y++ {
			for x := range 100 {
				window.Set(x, y, c)
			}
		}
	}
	paint(0, most, color.White)
	if _, err := develop(window, 50); !errors.Is(err, errBlank) {
		t.Errorf("a blank page: %v", err)
	}
	paint(10, 20, color.Black)
	small, err := develop(window, 50)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := png.Decode(bytes.NewReader(small))
	if err != nil || seen.Bounds() != image.Rect(0, 0, 50, 19+margin) || seen.At(5, 15) != color.Color(color.RGBA{A: 255}) {
		t.Errorf("the picture is %v, %v", seen, err)
	}
	paint(0, most, color.Black)
	paint(most-1, most, color.White)
	if _, err := develop(window, 50); !errors.Is(err, errBlank) {
		t.Errorf("a page that is longer than the window: %v", err)
	}
}

func TestABrowserThatFailsIsSaid(t *testing.T) {
	t.Parallel()
	c := camera{browser: "/nonexistent/browser", work: t.TempDir()}
	if err := c.take(t.Context(), "<main>", picture{note: "x", width: wide}, filepath.Join(t.TempDir(), "x.png")); err == nil || !strings.Contains(err.Error(), "/nonexistent/browser") {
		t.Errorf("says %v", err)
	}
}
