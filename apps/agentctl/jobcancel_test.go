package main

import (
	"strings"
	"testing"
)

func TestJobCancel(t *testing.T) {
	w := environment(t)
	waiting, _, running, failed := w.fill(t)
	for _, j := range []string{waiting.ID, running.ID} {
		if out := must(t, "", "job cancel --tenant alpha --reason-note mistake "+j); !strings.Contains(out, "is cancelled") || strings.Contains(out, "had begun") {
			t.Errorf("says %s", out)
		}
		if out := must(t, "", "job cancel --tenant alpha --reason-note other "+j); !strings.Contains(out, "cancelled before: cancelled by an operator: mistake") {
			t.Errorf("again, it says %s", out)
		}
		if out := must(t, "", "job show --tenant alpha "+j); !strings.Contains(out, "cancelled") {
			t.Errorf("shows %s", out)
		}
	}
	fails(t, "", "job cancel --tenant alpha --reason-note mistake "+failed.ID, "has ended")
	fails(t, "", "job cancel --tenant alpha "+waiting.ID, "reason-note")
	must(t, "", "job retry --tenant alpha "+waiting.ID)
	w.exec(t, "UPDATE enhancement_history SET announced_run = run WHERE job_id = '"+waiting.ID+"'")
	if out := must(t, "", "job cancel --tenant alpha --reason-note mistake "+waiting.ID); !strings.Contains(out, "a write of its note had begun") {
		t.Errorf("says %s", out)
	}
}

func TestJobRerun(t *testing.T) {
	w := environment(t)
	mustApply(t)
	j := w.queued(t, "1", "status = 'completed', finished_at = now(), note_id = '5'")
	if out := must(t, "", "job rerun --tenant alpha --run 1 "+j.ID); !strings.Contains(out, "pending, run 2") {
		t.Errorf("says %s", out)
	}
	fails(t, "", "job rerun --tenant alpha --run 1 "+j.ID, "another run")
	fails(t, "", "job rerun --tenant alpha "+j.ID, "the job is pending")
}
