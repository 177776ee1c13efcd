// Command charts writes the files of the charts that are made from others, from the package e2e/charts.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ai-agents/ai-agents/e2e/charts"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "charts:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	files, err := charts.Files(root)
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(root, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // part of the clone
			return fmt.Errorf("make the folder of a file: %w", err)
		}
		if err := os.WriteFile(path, f.Content, 0o644); err != nil { //nolint:gosec // part of the clone
			return fmt.Errorf("write a file of the chart: %w", err)
		}
		fmt.Println(path)
	}
	return nil
}
