package ledger_test

import (
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
)

// What was looked at is what is changed: a job that has begun anew since then, or is held since then, nobody has seen in the queue.
func TestWhatJoinsTheQueueAfterALookIsLeftAlone(t *testing.T) {
	s := newSwept(t)
	waits := s.queue("alpha", "1")
	failed := s.queue("alpha", "2")
	s.fail(failed, 1)
	running := s.queue("alpha", "3")
	looked := time.Now()
	if _, err := s.Retry(t.Context(), "alpha", failed.ID, nothing); err != nil {
		t.Fatal(err)
	}
	for _, j := range s.admit("alpha", 10, 10) {
		if j.JobID != waits.ID {
			s.hold(j, false)
			continue
		}
		if err := s.Readmit(t.Context(), "alpha", j.JobID, j.Run); err != nil {
			t.Fatal(err)
		}
	}
	selection := ledger.Selection{States: []enhancement.QueueState{enhancement.QueueWaiting, enhancement.QueueHeld}, AsOf: looked}
	dropped, _, err := s.DropSome(t.Context(), "alpha", selection, ledger.Some{Limit: 10}, "example", withNothing)
	if err != nil || len(dropped) != 1 || dropped[0].ID != waits.ID {
		t.Errorf("dropped %+v, %v; want %s, not %s nor %s", dropped, err, waits.ID, failed.ID, running.ID)
	}
}
