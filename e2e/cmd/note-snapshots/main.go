// Command note-snapshots takes the pictures of notes that docs/notes.md shows, as a headless Chromium draws them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// pictures are few: each shows what none of the others does.
var pictures = []picture{ //nolint:gochecknoglobals // a constant
	{note: "full", width: wide},
	{note: "updated", width: narrow, dark: true},
	{note: "low", width: wide, dark: true},
	{note: "context", width: wide},
	{note: "degraded", width: narrow},
	{note: "abstained", width: wide},
	{page: "ask", width: wide},
	{page: "thanks", width: narrow, dark: true},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "note-snapshots:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	notes := flag.String("notes", "internal/synthesis/testdata/notes", "folder with the notes as HTML")
	pages := flag.String("pages", "internal/feedback/page/testdata/pages", "folder with the pages for feedback as HTML")
	out := flag.String("out", "docs/images/notes", "folder for the pictures")
	flag.Parse()
	browser, err := findBrowser()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "note-snapshots-")
	if err != nil {
		return fmt.Errorf("make a folder for the browser: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	c := camera{browser: browser, work: work}
	for _, p := range pictures {
		shown, err := p.read(*notes, *pages)
		if err != nil {
			return err
		}
		if err := c.take(ctx, shown, p, filepath.Join(*out, p.name())); err != nil {
			return fmt.Errorf("%s: %w", p.name(), err)
		}
	}
	return nil
}

// findBrowser looks for Chromium under the names it goes by.
func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: install it, on Debian or Ubuntu with `apt-get install chromium`", exec.ErrNotFound)
}
