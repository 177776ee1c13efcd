// Command dashboards writes the files below deploy/grafana/dashboards anew, from the package e2e/dashboards.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ai-agents/ai-agents/e2e/dashboards"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	files, err := dashboards.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(root, dashboards.Dir, f.Name)
		if err := os.WriteFile(path, f.JSON, 0o644); err != nil { //nolint:gosec // Grafana, another user, reads them
			return fmt.Errorf("write a dashboard: %w", err)
		}
		fmt.Println(path)
	}
	return nil
}
