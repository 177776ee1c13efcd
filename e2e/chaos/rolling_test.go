package chaos_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/chaos"
)

// TestARollingRestartUnderLoad: two gateways and two enhancers are stopped and started one after the other, as in an
// upgrade, and before that drained one after the other and taken back. No webhook is refused or left without an answer, and every
// ticket has its note.
func TestARollingRestartUnderLoad(t *testing.T) {
	s := startReplicated(t)
	report := run(t, s, chaos.Options{
		Name: "rolling", Tenants: 2, Rate: 10, Settle: time.Minute,
		Plan: chaos.Plan{Duration: 5 * time.Second, Steps: []chaos.Step{{Fault: "drain enhancer"}, {Fault: "roll gateway"}, {Fault: "roll enhancer"}}},
	})
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if report.Unaccepted != 0 {
		t.Errorf("%d webhooks were not accepted", report.Unaccepted)
	}
	if len(report.Failures) != 0 {
		t.Errorf("%d tickets have no note", len(report.Failures))
	}
	for _, name := range []string{"enhancer", "enhancer-2"} {
		log, err := os.ReadFile(s.Process(name).LogPath())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(log, []byte("steps were cut off")) {
			t.Errorf("%s cut steps off", name)
		}
		if started := bytes.Count(log, []byte("the enhancer listens")); started != 2 {
			t.Errorf("%s was started %d times", name, started)
		}
	}
}
