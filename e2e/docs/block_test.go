package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// block is a fenced block of a page.
type block struct {
	page string // relative to the repository
	line int    // of the opening fence
	kind string // what stands behind the fence
	code string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

// blocks takes the fenced blocks out of a page, without the indentation that they have within a list.
func blocks(t *testing.T, root, page string) []block {
	t.Helper()
	var all []block
	var open *block
	indent := ""
	for i, line := range strings.Split(read(t, filepath.Join(root, page)), "\n") {
		bare := strings.TrimLeft(line, " ")
		switch {
		case open == nil && strings.HasPrefix(bare, "```"):
			indent = line[:len(line)-len(bare)]
			open = &block{page: page, line: i + 1, kind: strings.TrimPrefix(bare, "```")}
		case open != nil && bare == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.code += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	if open != nil {
		t.Fatalf("%s does not end", open)
	}
	return all
}

// ofKind keeps the blocks that are marked so.
func ofKind(all []block, kind string) []block {
	var kept []block
	for _, b := range all {
		if b.kind == kind {
			kept = append(kept, b)
		}
	}
	return kept
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
