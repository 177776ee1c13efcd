// Command test-security runs the tests that docs/security.md names, threat by threat, and says of each how it went. A test
// that is named there and does not exist, or does not run, counts as failed: the document promises no more than was
// tested just now.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/ai-agents/ai-agents/e2e/gotest"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// errFailed says that a test of the suite failed, is missing or was skipped.
var errFailed = errors.New("the security suite failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "test-security:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	document := flag.String("document", "docs/security.md", "the document that names the tests")
	list := flag.Bool("list", false, "only list the tests")
	flag.Parse()
	root, err := stack.FindRoot()
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	content, err := os.ReadFile(filepath.Join(root, *document))
	if err != nil {
		return fmt.Errorf("read the suite: %w", err)
	}
	threats, err := parse(string(content))
	if err != nil {
		return fmt.Errorf("%s: %w", *document, err)
	}
	if *list {
		report(out, threats, nil)
		return nil
	}
	outcomes, err := runTests(ctx, root, byPackage(threats), out)
	if err != nil {
		return err
	}
	passed, failed := report(out, threats, outcomes)
	fmt.Fprintf(out, "\nsecurity suite: %d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return errFailed
	}
	return nil
}

// runTests runs the tests, package by package.
func runTests(ctx context.Context, root string, packages map[string][]string, out io.Writer) (map[test]gotest.Outcome, error) {
	all := map[test]gotest.Outcome{}
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		fmt.Fprintf(out, "%s: %d tests\n", dir, len(packages[dir]))
		outcomes, said, err := gotest.Run(ctx, root, dir, gotest.Named(packages[dir]...))
		if err != nil {
			return nil, fmt.Errorf("run the suite: %w", err)
		}
		for name, outcome := range outcomes {
			all[test{dir, name}] = outcome
		}
		if said != "" {
			fmt.Fprintf(out, "%s: %s", dir, said)
		}
	}
	return all, nil
}
