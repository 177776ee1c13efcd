package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/gotest"
)

// What did not run must not look as if it had passed.
func TestReport(t *testing.T) {
	t.Parallel()
	read, _ := gotest.Read([]byte(`{"Action":"pass","Test":"TestPodsWait/one_part","Elapsed":1}
{"Action":"output","Test":"TestPodsWait","Output":"    a_test.go:1: the note on ticket 5:\n"}
{"Action":"output","Test":"TestPodsWait","Output":"        Hello\n"}
{"Action":"output","Test":"TestPodsWait","Output":"=== RUN   more\n"}
{"Action":"pass","Test":"TestPodsWait","Elapsed":1.5}
{"Action":"output","Test":"TestQuota","Output":"it broke\n"}
{"Action":"fail","Test":"TestQuota"}
{"Action":"run","Test":"TestHung"}
`))
	var out bytes.Buffer
	passed, failed := report(&out, []result{
		{group{dir: "a", title: "first", shows: "the note"}, read, ""},
		{group{dir: "b", title: "second"}, nil, "does not compile"},
	})
	if passed != 1 || failed != 3 {
		t.Errorf("%d passed, %d failed\n%s", passed, failed, out.String())
	}
	if strings.Contains(out.String(), "more") {
		t.Errorf("shows more than the note:\n%s", out.String())
	}
	for _, says := range []string{"    the note on ticket 5:\n        Hello\n", "ok      Pods wait (1.5 s)", "ok      one part", "FAILED  Quota", "it broke", "MISSING Hung", "FAILED  b ran to no end", "does not compile"} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("says nothing of %q:\n%s", says, out.String())
		}
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"TestPodsWaitForTheirConfiguration": "Pods wait for their configuration", "TestTheAPIServerIsStrict": "The API server is strict",
		"TestASidecarGetsWhatIsItsOwn": "A sidecar gets what is its own",
	} {
		if got := sentence(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestGroupsExist(t *testing.T) {
	t.Parallel()
	for _, g := range groups() {
		if found, err := filepath.Glob(filepath.Join("../../..", g.dir, "*_test.go")); err != nil || len(found) == 0 {
			t.Errorf("%s has no tests: %v", g.dir, err)
		}
	}
}
