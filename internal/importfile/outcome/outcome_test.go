package outcome_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/importfile/outcome"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outcome outcome.Outcome
		want    []string
	}{
		{
			outcome.Outcome{
				Change: gather.Change{Added: 90, Changed: 5, Unchanged: 2}, Read: 100, Rejected: 3, Took: 2 * time.Second, Rejects: "t.csv.rejects.jsonl",
			},
			[]string{"97 imported (90 new, 5 changed, 2 unchanged), 3 rejected: see t.csv.rejects.jsonl", "100 records in 2s, 50/s"},
		},
		{
			outcome.Outcome{DryRun: true, Valid: 1000, Read: 1001, Rejected: 1, Took: time.Second},
			[]string{"dry run, nothing was written: 1,000 would be imported, 1 rejected", "1,001 records in 1s, 1,001/s"},
		},
		{
			outcome.Outcome{DryRun: true, Valid: 3, Change: gather.Change{Added: 1, Changed: 1, Unchanged: 1}, Removed: 1},
			[]string{"dry run, nothing was written: 3 would be imported (1 new, 1 changed, 1 unchanged), 1 would be removed"},
		},
		{outcome.Outcome{}, []string{"0 imported (0 new, 0 changed, 0 unchanged)"}},
		{
			outcome.Outcome{
				Change: gather.Change{Added: 1}, Removed: 4, Skipped: 2, Repeated: 3, Merged: 5, Limited: true, Resumed: true,
				WhySkipped: "example",
			},
			[]string{
				"1 imported (1 new, 0 changed, 0 unchanged), 4 removed",
				"2 left out: example",
				"3 had an id that was there before: the later one counts",
				"5 were added to a record with the same id",
				"ended at --limit: there may be more",
				"went on where the last import had stopped; --restart begins anew",
			},
		},
	} {
		if diff := cmp.Diff(c.want, append([]string{c.outcome.Headline()}, c.outcome.Details()...)); diff != "" {
			t.Error(diff)
		}
	}
}
