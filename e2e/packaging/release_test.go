package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const changelog = `# Changelog

## [Unreleased]

- not yet

## [1.2.0] - 2026-01-02

### Added

- an example

## [1.2] - 2026-01-01

- older

## [1.1.0] - 2025-12-01
`

func TestAReleaseSaysWhatChanged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "CHANGELOG.md")
	if err := os.WriteFile(file, []byte(changelog), 0o600); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{"1.2.0": "### Added\n\n- an example", "1.2": "- older"} {
		said, err := exec.CommandContext(t.Context(), filepath.Join(root(t), "tools/release-notes.sh"), version, file).Output()
		if err != nil || strings.TrimSpace(string(said)) != want {
			t.Errorf("%s: %v: %q", version, err, said)
		}
	}
	// One that is not there, one that has nothing, and a pattern.
	for _, version := range []string{"2.0.0", "1.1.0", "1.2.", ".*"} {
		said, err := exec.CommandContext(t.Context(), filepath.Join(root(t), "tools/release-notes.sh"), version, file).CombinedOutput()
		if err == nil || !strings.Contains(string(said), "says nothing of "+version) {
			t.Errorf("%s: %v: %q", version, err, said)
		}
	}
}
