package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
)

// Widths of the pane in which a note is read: beside a ticket on a screen, and on a phone.
const (
	wide   = 760
	narrow = 380
)

// picture is of a note, or of a page for feedback.
type picture struct {
	note, page string
	width      int
	dark       bool
}

// read gives what is to be seen.
func (p picture) read(notes, pages string) (string, error) {
	path := filepath.Join(notes, p.note+".html")
	if p.page != "" {
		path = filepath.Join(pages, p.page+".html")
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read what is to be seen: %w", err)
	}
	if p.page != "" {
		return string(body), nil
	}
	return frame(string(body), p)
}

func (p picture) name() string {
	width, scheme := "wide", "light"
	if p.width == narrow {
		width = "narrow"
	}
	if p.dark {
		scheme = "dark"
	}
	name := p.note
	if p.page != "" {
		name = "feedback-" + p.page
	}
	return fmt.Sprintf("%s-%s-%s.png", name, width, scheme)
}

//go:embed frame.html
var frameHTML string

// frame puts a note where it is read: in a pane like that of a ticket's notes.
func frame(note string, p picture) (string, error) {
	page, err := template.New("frame").Parse(frameHTML)
	if err != nil {
		return "", fmt.Errorf("read the frame: %w", err)
	}
	var b strings.Builder
	err = page.Execute(&b, map[string]any{
		"Note":  template.HTML(note), //nolint:gosec // a note is rendered to be shown as it is
		"Width": p.width, "Dark": p.dark,
	})
	if err != nil {
		return "", fmt.Errorf("frame the note: %w", err)
	}
	return b.String(), nil
}
