package reconcile

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func eachProfile(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			test(t, newBench(t, servicedesktest.Options{Profile: profile}))
		})
	}
}

func TestWhatIsCaught(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.clock.move(time.Hour)
		ids := b.open(9, 10*time.Minute)
		b.webhook(ids[1], enhancement.EventCreated)
		b.webhook(ids[2], enhancement.EventUpdated) // it was enhanced, whatever it was for
		for at, status := range map[int]string{3: "Closed", 4: "resolved", 5: "Cancelled"} {
			b.sdp.EditRequest(ids[at], func(r *servicedesktest.Request) { r.Status = status })
		}
		b.sdp.TrashRequest(ids[6])
		b.sdp.DeleteRequest(ids[7])
		want := []string{ids[0], ids[8]}
		b.poll()
		if got := b.missed(); !slices.Equal(got, want) {
			t.Fatalf("caught %v, want %v", got, want)
		}
		if n := b.wakes.Load(); n != 2 {
			t.Errorf("the dispatcher is woken %d times", n)
		}
		if b.log.count("webhooks were missed") != 1 || b.row().missed != 2 || b.measured(`reconcile_missed_total{tenant_id="alpha"}`) != "2" {
			t.Errorf("it is not said: %+v", b.row())
		}
		job, err := b.books.Job(t.Context(), alpha, enhancement.NewRefetch(alpha, enhancement.EventCreated, ids[0], "").ID)
		if err != nil || !job.Refetch || job.Status != enhancement.StatusPending || job.CorrelationID == "" {
			t.Errorf("its job is %+v, %v", job, err)
		}
		before := 0
		b.lists(&before)
		b.clock.move(interval)
		b.poll()
		if n := b.lists(&before); n != 1 || len(b.missed()) != 2 {
			t.Errorf("%d lists when nothing was missed, and %v", n, b.missed())
		}
	})
}

// A webhook may be on its way.
func TestTheYoungAreLeftForLater(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	old := b.open(1, grace+time.Second)
	young := b.open(2, grace-time.Second)
	b.poll()
	if got := b.missed(); !slices.Equal(got, old) {
		t.Fatalf("caught %v, want %v", got, old)
	}
	b.webhook(young[0], enhancement.EventCreated)
	b.clock.move(interval)
	b.poll()
	if got, want := b.missed(), []string{old[0], young[1]}; !slices.Equal(got, want) {
		t.Errorf("caught %v, want %v", got, want)
	}
}

// The poll and the webhook make one job, whoever is first.
func TestAWebhookThatComesAfterAll(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	ids := b.open(2, 10*time.Minute)
	b.poll()
	id := enhancement.NewRefetch(alpha, enhancement.EventCreated, ids[0], "").ID
	late := b.webhook(ids[0], enhancement.EventCreated)
	job, err := b.books.Job(t.Context(), alpha, id)
	if err != nil || late.JobID != id || late.Fresh || late.Status != enhancement.StatusPending || !job.Refetch || job.Run != 1 {
		t.Errorf("the late webhook became %+v, and its job is %+v, %v", late, job, err)
	}
	if withdrawn, err := b.books.Withdraw(t.Context(), alpha, id); withdrawn || err != nil {
		t.Errorf("a sender whose publish failed takes the job away: %v", err)
	}
	if _, err := ledgertest.Claim(t.Context(), b.books, alpha, id); err != nil {
		t.Fatal(err)
	}
	if _, err := b.books.Fail(t.Context(), alpha, id, 1, "example"); err != nil {
		t.Fatal(err)
	}
	b.clock.move(interval)
	b.poll()
	if job, err := b.books.Job(t.Context(), alpha, id); err != nil || job.Status != enhancement.StatusFailed {
		t.Errorf("the poll begins a failed job anew: %+v, %v", job, err)
	}
}

func TestAWebhookAtTheSameMoment(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	const tickets = 20
	ids := b.open(tickets, 10*time.Minute)
	var senders sync.WaitGroup
	for _, id := range ids {
		senders.Go(func() { b.webhook(id, enhancement.EventCreated) })
	}
	b.poll()
	senders.Wait()
	var rows, distinct int
	b.scan("SELECT count(*), count(DISTINCT ticket_id) FROM enhancement_history", &rows, &distinct)
	if rows != tickets || distinct != tickets {
		t.Errorf("%d jobs of %d tickets, want %d", rows, distinct, tickets)
	}
}

// After hours in which nobody looked, all are caught, the oldest first.
func TestAnOutageIsMadeUpFor(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.cfg.Pages, b.cfg.Backlog = 2, 1000
		b.open(1, 5*time.Minute)
		b.poll()
		b.clock.move(8 * time.Hour)
		want := append(b.missed(), b.open(350, 7*time.Hour)...)
		polls := 0
		for b.poll(); b.row().behind; b.poll() {
			if polls++; polls > 10 {
				t.Fatal("it does not come to an end")
			}
			if row := b.row(); row.due > 2*time.Second {
				t.Errorf("it goes on only in %v", row.due)
			}
			if n := len(b.missed()); n > 1+200*polls {
				t.Errorf("%d jobs after %d polls of two pages", n, polls)
			}
		}
		if got := b.missed(); !slices.Equal(got, want) || polls == 0 {
			t.Errorf("%d of %d are caught in %d polls, or not in order", len(got), len(want), polls)
		}
	})
}

func TestARequestThatBecomesVisibleLate(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	b.webhook(b.open(1, grace)[0], enhancement.EventCreated)
	b.poll()
	late := b.open(1, grace+overlap-time.Second) // an older one than the position
	b.poll()
	if got := b.missed(); !slices.Equal(got, late) {
		t.Errorf("caught %v, want %v", got, late)
	}
}

// A gateway whose queue fails takes its row back.
func TestARowThatIsTakenBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	ids := b.open(2, 4*time.Minute)
	accepted := b.webhook(ids[0], enhancement.EventCreated)
	b.poll()
	if withdrawn, err := b.books.Withdraw(t.Context(), alpha, accepted.JobID); !withdrawn || err != nil {
		t.Fatal(err)
	}
	b.clock.move(interval)
	b.poll()
	if got, want := b.missed(), []string{ids[1], ids[0]}; !slices.Equal(got, want) {
		t.Errorf("caught %v, want %v", got, want)
	}
}

func TestWhereANewTenantBegins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		enabled time.Duration // before its first poll
		want    int
	}{
		"a moment ago":            {4 * time.Minute, 1},
		"long ago, by an upgrade": {time.Hour, 2},
	} {
		b := newBench(t, servicedesktest.Options{})
		b.exec("DELETE FROM reconcile_polls")
		b.exec("UPDATE tenant_configs SET enabled_since = $1", b.clock.now().Add(-c.enabled))
		b.open(1, 2*firstLook)
		b.open(1, 5*time.Minute)
		b.open(1, 3*time.Minute)
		b.poll()
		b.clock.move(interval)
		b.poll()
		if got := b.missed(); len(got) != c.want {
			t.Errorf("%s: caught %v, want %d", name, got, c.want)
		}
	}
}

func TestWhatCameWhileATenantWasDisabled(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.open(1, 5*time.Minute)
	b.poll()
	before := 0
	b.lists(&before)
	b.exec("UPDATE tenant_configs SET enabled = false")
	b.clock.move(time.Hour)
	b.open(3, 30*time.Minute)
	b.poll()
	if n := b.lists(&before); n != 0 {
		t.Errorf("%d lists of a disabled tenant", n)
	}
	b.exec("UPDATE tenant_configs SET enabled = true")
	var since time.Time
	if b.scan("SELECT enabled_since FROM tenant_configs", &since); time.Since(since) > time.Minute {
		t.Fatalf("enabled since %v", since)
	}
	b.exec("UPDATE tenant_configs SET enabled_since = $1", b.clock.now()) // by the clock of this test
	b.clock.move(time.Hour)
	fresh := b.open(1, 10*time.Minute)
	b.poll()
	if got := b.missed(); len(got) != 2 || got[1] != fresh[0] || b.row().leftOut != 0 {
		t.Errorf("caught %v, want the first and %s; %+v", got, fresh[0], b.row())
	}
}

// After a very long outage, what is too old is left out, and it is said how much that is.
func TestTheOldAreLeftOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.open(1, 5*time.Minute)
	b.poll()
	b.clock.move(100 * time.Hour)
	b.open(150, 90*time.Hour)
	want := append(b.missed(), b.open(5, 71*time.Hour)...)
	b.poll()
	if got := b.missed(); !slices.Equal(got, want) {
		t.Errorf("caught %v, want %v", got, want)
	}
	if n := b.row().leftOut; n < 150 || n > 151 || b.log.count("older than RECONCILE_MAX_AGE") != 1 {
		t.Errorf("%d are left out, said %d times", n, b.log.count("older than RECONCILE_MAX_AGE"))
	}
	b.clock.move(interval)
	b.poll()
	if b.log.count("older than RECONCILE_MAX_AGE") != 1 {
		t.Error("it is said again")
	}
}

// How many they are is for the log alone. A server that fails to count them is followed all the same.
func TestTheOldAreLeftOutUncounted(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.open(1, 5*time.Minute)
	b.poll()
	b.clock.move(100 * time.Hour)
	b.open(3, 90*time.Hour)
	want := append(b.missed(), b.open(2, 71*time.Hour)...)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Operation: servicedesktest.OperationRead, Remaining: 1})
	b.poll()
	if got := b.missed(); !slices.Equal(got, want) {
		t.Errorf("caught %v, want %v", got, want)
	}
	if b.log.count("older than RECONCILE_MAX_AGE") != 1 {
		t.Errorf("said %d times", b.log.count("older than RECONCILE_MAX_AGE"))
	}
}

// A quiet tenant has no outage, and its last ticket is not enhanced again when the ledger has forgotten it.
func TestAQuietTenant(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.open(1, 5*time.Minute)
	b.poll()
	for range 100 {
		b.clock.move(time.Hour)
		b.poll()
	}
	b.exec("DELETE FROM enhancement_history")
	b.clock.move(time.Hour)
	b.poll()
	if got, row := b.missed(), b.row(); len(got) != 0 || row.leftOut != 0 || row.missed != 1 {
		t.Errorf("caught %v, %+v", got, row)
	}
}

// So many jobs wait that more would only be in the way; nothing is lost.
func TestTheBacklogIsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{}, func(c *Config) { c.Backlog = 7 })
	b.clock.move(time.Hour)
	ids := b.open(12, 10*time.Minute)
	for range 3 {
		b.poll()
		b.clock.move(interval)
	}
	if got := b.missed(); !slices.Equal(got, ids[:7]) {
		t.Fatalf("caught %v, want the first 7 of %v", got, ids)
	}
	if got := b.measured(`reconcile_polls_total{outcome="full"}`); got != "3" {
		t.Errorf("%s polls were full", got)
	}
	if _, err := b.books.Admit(t.Context(), alpha, 6, 100); err != nil {
		t.Fatal(err)
	}
	b.poll()
	if got := b.missed(); !slices.Equal(got, ids) {
		t.Errorf("caught %v, want %v", got, ids)
	}
}

// dying is a ledger whose process is killed after so many jobs.
type dying struct {
	Ledger

	left int
	kill func()
}

func (d *dying) AcceptQueued(ctx context.Context, job enhancement.Job) (bool, error) {
	if d.left--; d.left < 0 {
		d.kill()
		return false, ctx.Err()
	}
	return d.Ledger.AcceptQueued(ctx, job)
}

func TestARestartInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, stopped := range map[string]bool{"told to stop": true, "killed": false} {
		b := newBench(t, servicedesktest.Options{})
		b.clock.move(time.Hour)
		ids := b.open(150, 10*time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		doomed := b.replica(&dying{Ledger: b.books, left: 120, kill: cancel})
		b.exec("UPDATE reconcile_polls SET next_due = $1", b.clock.now())
		doomed.poll(ctx, alpha, b.clock.sleep)
		if got := b.missed(); !slices.Equal(got, ids[:120]) {
			t.Fatalf("%s: caught %d before", name, len(got))
		}
		if !stopped { // as if it had not been able to give the lease back
			b.exec("UPDATE reconcile_polls SET lease_holder = gen_random_uuid(), lease_until = $1", b.clock.now().Add(lease))
			b.poll()
			if got := b.missed(); len(got) != 120 {
				t.Errorf("another works on it, and %d are caught", len(got))
			}
			b.clock.move(lease)
		} else if row := b.row(); row.due > 0 {
			t.Errorf("what was stopped is due in %v", row.due)
		}
		b.poll()
		if got := b.missed(); !slices.Equal(got, ids) {
			t.Errorf("%s: caught %d of %d in the end", name, len(got), len(ids))
		}
		cancel()
	}
}

func TestOneReplicaAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	ids := b.open(30, 10*time.Minute)
	before := 0
	b.lists(&before)
	b.exec("UPDATE reconcile_polls SET next_due = $1", b.clock.now())
	var replicas sync.WaitGroup
	for range 6 {
		r := b.replica(b.books)
		replicas.Go(func() { r.poll(t.Context(), alpha, b.clock.sleep) })
	}
	replicas.Wait()
	if n := b.lists(&before); n != 1 || !slices.Equal(b.missed(), ids) {
		t.Errorf("%d lists, caught %v", n, b.missed())
	}
}

// failing is a ledger that fails now and then.
type failing struct {
	Ledger

	err error
}

func (f failing) Unknown(context.Context, string, []string) ([]string, error) { return nil, f.err }

func TestTheDatabaseFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	ids := b.open(3, 10*time.Minute)
	b.pollBy(b.replica(failing{b.books, errors.New("example")}))
	if row := b.row(); row.failures != 1 || !strings.Contains(row.said, "example") || len(b.missed()) != 0 {
		t.Errorf("%+v", row)
	}
	b.poll()
	if got := b.missed(); !slices.Equal(got, ids) || b.row().said != "" {
		t.Errorf("caught %v, %+v", got, b.row())
	}
}

// The row goes with its tenant, in the middle of a poll too.
func TestTheTenantIsPurgedMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	b.open(3, 10*time.Minute)
	b.pollBy(b.replica(purging{b.books, func() { b.exec("DELETE FROM tenant_configs") }}))
	var left int
	if b.scan("SELECT (SELECT count(*) FROM reconcile_polls) + (SELECT count(*) FROM enhancement_history)", &left); left != 0 {
		t.Errorf("%d rows are left", left)
	}
}

type purging struct {
	Ledger

	purge func()
}

func (p purging) Unknown(ctx context.Context, tenantID string, ids []string) ([]string, error) {
	unknown, err := p.Ledger.Unknown(ctx, tenantID, ids)
	p.purge()
	return unknown, err
}
