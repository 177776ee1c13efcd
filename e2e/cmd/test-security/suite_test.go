package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/e2e/gotest"
)

const document = "# Security\n\n" +
	"| Threat | Guard | Tests |\n|---|---|---|\n" +
	"| **A01** access | row-level security | `internal/a`: `TestOne`, `TestTwo`; `apps/b`: `FuzzThree` |\n" +
	"| no tests here | `internal/a` | none |\n\n" +
	"Text with `TestFour`.\n"

func TestParse(t *testing.T) {
	got, err := parse(document)
	if err != nil {
		t.Fatal(err)
	}
	want := []threat{{"**A01** access", []test{{"internal/a", "TestOne"}, {"internal/a", "TestTwo"}, {"apps/b", "FuzzThree"}}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(threat{}, test{})); diff != "" {
		t.Error(diff)
	}
	for name, wrong := range map[string]string{
		"no test at all": "# Security\n", "a test without a package": "| threat | `TestOne` |\n",
	} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%s, and no error", name)
		}
	}
}

// What did not run must not look as if it had passed.
func TestReport(t *testing.T) {
	threats, err := parse(document)
	if err != nil {
		t.Fatal(err)
	}
	events := `{"Action":"output","Test":"TestOne","Output":"example\n"}
{"Action":"pass","Test":"TestOne","Elapsed":1.5}
{"Action":"pass","Test":"TestOne/part","Elapsed":1}
{"Action":"output","Test":"TestTwo/part","Output":"it broke\n"}
{"Action":"fail","Test":"TestTwo","Elapsed":0.1}
{"Action":"fail","Elapsed":2}
`
	read, _ := gotest.Read([]byte(events))
	outcomes := map[test]gotest.Outcome{}
	for name, outcome := range read {
		outcomes[test{"internal/a", name}] = outcome
	}
	var out bytes.Buffer
	passed, failed := report(&out, threats, outcomes)
	if passed != 1 || failed != 2 {
		t.Errorf("%d passed, %d failed", passed, failed)
	}
	for _, says := range []string{"A01 access", "ok      internal/a", "FAILED  internal/a", "it broke", "MISSING apps/b"} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("says nothing of %q: %s", says, out.String())
		}
	}
}

func TestRunTests(t *testing.T) {
	outcomes, err := runTests(t.Context(), "../../..", map[string][]string{
		"internal/enhancement": {"TestJobID", "TestThatIsNotThere"}, "internal/nowhere": {"TestX"},
	}, &bytes.Buffer{})
	if got := outcomes[test{"internal/enhancement", "TestJobID"}]; err != nil || got.Action != gotest.Pass || len(outcomes) != 1 {
		t.Errorf("%v, %v", outcomes, err)
	}
}
