package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var anchor = regexp.MustCompile(`--expect (\d+:[0-9a-f]{64})`)

func TestTheAuditLogIsExportedAndVerified(t *testing.T) {
	environment(t)
	mustApply(t)
	must(t, "", "tenant disable alpha")
	if out := must(t, "", "audit list --tenant alpha --operation tenant.disable"); !strings.Contains(out, "tenant.disable") || strings.Contains(out, "tenant.create") {
		t.Errorf("lists %s", out)
	}
	if out := must(t, "", "audit list --limit 1 --json --since 2026-01-01"); strings.Count(out, "\n") != 1 || !strings.Contains(out, `"previous_hash":"`) {
		t.Errorf("lists %s", out)
	}
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	exported := anchor.FindStringSubmatch(must(t, "", "audit export --file "+file))
	verified := anchor.FindStringSubmatch(must(t, "", "audit verify --file "+file))
	if exported == nil || verified == nil || exported[1] != verified[1] {
		t.Fatalf("exported %v, verified %v", exported, verified)
	}
	fails(t, "", "audit export --file "+file, "there is a file "+file)
	must(t, "", "audit verify --expect "+exported[1])
	must(t, must(t, "", "audit export"), "audit verify --file - --expect "+exported[1])
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `"tenant.disable"`, `"tenant.enable"`, 1)
	lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	for name, c := range map[string]struct{ text, flags string }{
		"one was changed": {changed, ""}, "one is missing": {lines[0] + strings.Join(lines[2:], ""), ""},
		"the end is missing": {strings.Join(lines[:len(lines)-1], ""), " --expect " + exported[1]},
	} {
		if err := failure(t, c.text, "audit verify --file -"+c.flags, "NOT as it was written"); exitStatus(err) != exitFailed {
			t.Errorf("%s: exit status %d", name, exitStatus(err))
		}
	}
	fails(t, "x", "audit verify --file -", "line 1")
	fails(t, "", "audit verify --file /nowhere", "/nowhere")
	fails(t, "", "audit verify --expect 1:00", "--expect")
	fails(t, "", "audit verify --expect x", "--expect")
	fails(t, "", "audit verify --expect 1:"+strings.Repeat("0", 64), "NOT as it was written")
	fails(t, "", "audit export --since tomorrow --until -", "--since", "--until")
	if out := must(t, "", "audit export --actor nobody --file "+file+"2"); !strings.Contains(out, "no entry") {
		t.Errorf("says %s", out)
	}
}
