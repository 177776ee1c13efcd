package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

// Widths of the pane in which a note is read: beside a ticket on a screen, and on a phone.
const (
	wide   = 760
	narrow = 380
)

type picture struct {
	note  string
	width int
	dark  bool
}

func (p picture) name() string {
	width, scheme := "wide", "light"
	if p.width == narrow {
		width = "narrow"
	}
	if p.dark {
		scheme = "dark"
	}
	return fmt.Sprintf("%s-%s-%s.png", p.note, width, scheme)
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
