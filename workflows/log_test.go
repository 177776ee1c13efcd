package workflows_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

func TestEachLineSaysWhatItIsAbout(t *testing.T) {
	f := newFixture(t)
	var log bytes.Buffer
	f.activities.Logger = telemetry.NewLogger(&log, "enhancer", telemetry.LogConfig{Level: slog.LevelInfo})
	f.run(t)
	steps := map[any]bool{}
	for line := range strings.Lines(log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]any{
			"tenant_id": "alpha", "ticket_id": "1001", "correlation_id": "c-1", "job_id": f.job.ID, "user": "system:enhancer",
		} {
			if fields[key] != want {
				t.Errorf("%s is %v, want %v: %s", key, fields[key], want, line)
			}
		}
		if fields["operation"] == nil || fields["status"] == nil || fields["timestamp"] == nil {
			t.Errorf("operation, status or timestamp is missing: %s", line)
		}
		steps[fields["operation"]] = true
	}
	for _, step := range []string{"ticket_search", "doc_search", "ip_search", "synthesize", "update_ticket"} {
		if !steps[step] {
			t.Errorf("no line about %s in\n%s", step, log.String())
		}
	}
	if strings.Contains(log.String(), "secret-looking") {
		t.Errorf("the ticket's text is in the log: %s", log.String())
	}
}
