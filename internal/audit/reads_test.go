package audit_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/audit"
)

func TestAReadingIsWrittenDownOnceAnHour(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 8, 9, 0, 0, 0, time.UTC)
	reads, err := audit.NewReads(func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	r := audit.Read{Operation: audit.OperationNoteRead, Actor: "token:1", TenantID: "alpha", Target: "job"}
	for range 2 {
		if !reads.Due(r) {
			t.Error("one that could not be written down is not due any more")
		}
	}
	reads.Done(r)
	if reads.Due(r) {
		t.Error("it is due again at once")
	}
	for _, other := range []audit.Read{
		{audit.OperationPastTicketsRead, r.Actor, r.TenantID, r.Target},
		{r.Operation, "token:2", r.TenantID, r.Target},
		{r.Operation, r.Actor, "beta", r.Target},
		{r.Operation, r.Actor, r.TenantID, "another"},
	} {
		if !reads.Due(other) {
			t.Errorf("%+v passes for %+v", other, r)
		}
	}
	at = at.Add(time.Hour)
	if !reads.Due(r) {
		t.Error("it is not due after an hour")
	}
	reads.Done(r)
	for i := range 20_000 {
		reads.Done(audit.Read{Target: strconv.Itoa(i)})
	}
	if !reads.Due(r) {
		t.Error("what was forgotten is taken for written down")
	}
}
