package ledger_test

import (
	"errors"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/suspension/suspensiontest"
)

func (s *swept) waits(tenantID string) bool {
	s.t.Helper()
	turns, err := s.Turns(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, turn := range turns {
		if turn.TenantID == tenantID {
			return turn.Waits
		}
	}
	return false
}

func TestNoneIsAdmittedWhileProcessingIsPaused(t *testing.T) {
	for name, paused := range map[string]string{"of the tenant": "alpha", "of all": suspension.Everybody} {
		t.Run(name, func(t *testing.T) {
			s := newSwept(t)
			runs, waits := s.queue("alpha", "1"), s.queue("alpha", "2")
			s.queue("beta", "3")
			if s.admitOne("alpha") != runs.ID {
				t.Fatal("another one runs")
			}
			suspensiontest.Pause(t, s.store.ConsoleDB, paused, suspension.Processing)
			if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
				t.Errorf("admitted %+v", jobs)
			}
			everybody := paused == suspension.Everybody
			if s.waits("alpha") || s.waits("beta") == everybody || (len(s.admit("beta", 10, 10)) == 0) != everybody {
				t.Error("the pause is of others, or not of all")
			}
			// What runs goes on, and comes back to the queue, and into it.
			if err := s.Readmit(t.Context(), "alpha", runs.ID, 1); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Accept(t.Context(), enhancement.NewRefetch("alpha", enhancement.EventCreated, "9", "c")); err != nil {
				t.Errorf("intake is paused, too: %v", err)
			}
			suspensiontest.Resume(t, s.store.ConsoleDB, paused, suspension.Processing)
			if jobs := s.admit("alpha", 10, 10); len(jobs) != 2 || jobs[1].JobID != waits.ID && jobs[0].JobID != waits.ID {
				t.Errorf("after the pause: %+v", jobs)
			}
		})
	}
}

func TestThePollMakesNoJobWhileIntakeIsPaused(t *testing.T) {
	s := newSwept(t)
	job := enhancement.NewRefetch("alpha", enhancement.EventCreated, "1", "c")
	suspensiontest.Pause(t, s.store.ConsoleDB, "alpha", suspension.Intake)
	if made, err := s.AcceptQueued(t.Context(), job); made || !errors.Is(err, ledger.ErrIntakePaused) {
		t.Errorf("made %t, %v", made, err)
	}
	suspensiontest.Resume(t, s.store.ConsoleDB, "alpha", suspension.Intake)
	if made, err := s.AcceptQueued(t.Context(), job); !made || err != nil {
		t.Errorf("after the pause: made %t, %v", made, err)
	}
}
