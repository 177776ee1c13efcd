package simulator

import (
	"log/slog"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// The platform remembers tickets when the simulator has forgotten them.
func TestALaterRunGivesOutOtherIDs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.May, 1, 12, 0, 0, 0, time.UTC)
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		seen := map[string]bool{}
		for run := range 3 {
			d := newDesk("example", profile, Options{
				Keys: NewKeys("example"), BaseURL: "http://127.0.0.1:1", Logger: slog.New(slog.DiscardHandler),
				Clock: func() time.Time { return now.Add(time.Duration(run) * time.Second) },
			}, &state{})
			for range 10 {
				id := d.create(NewTicket{Subject: "example"}).ID
				if seen[id] {
					t.Errorf("%s: run %d gives out %s again", profile, run, id)
				}
				seen[id] = true
			}
			d.close()
		}
	}
	if got := idsUsedBefore(time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)); got != 0 {
		t.Errorf("a clock that is behind skips %d ids", got)
	}
}
