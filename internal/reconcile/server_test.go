package reconcile

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// What a server does for a while costs time, and no ticket.
func TestFaultsPass(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault servicedesktest.Fault
		said  string
	}{
		"500":                   {servicedesktest.Fault{Kind: servicedesktest.FaultAlways500}, "code 4004"},
		"a proxy's page":        {servicedesktest.Fault{Kind: servicedesktest.FaultHTMLErrorPage}, "HTTP 502"},
		"a success that failed": {servicedesktest.Fault{Kind: servicedesktest.FaultSuccessThatFailed}, "HTTP 200"},
		"no connection":         {servicedesktest.Fault{Kind: servicedesktest.FaultResetConnection}, "connection failed"},
		"no answer":             {servicedesktest.Fault{Kind: servicedesktest.FaultHang}, "timed out"},
		"credentials not taken": {servicedesktest.Fault{Kind: servicedesktest.FaultUnauthorized}, "agentctl tenant set-api-key"},
		"refuses the criterion": {servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Status: 400, Code: 4001, Remaining: 1000}, "refuses to list requests by the time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, servicedesktest.Options{})
			b.clock.move(time.Hour)
			ids := b.open(3, 10*time.Minute)
			b.faults(c.fault)
			b.poll()
			row := b.row()
			if row.failures != 1 || !strings.Contains(row.said, c.said) || strings.Contains(row.said, apiKey) || row.due <= 0 || row.due > 20*time.Second {
				t.Errorf("%+v", row)
			}
			if got := b.measured(`reconcile_polls_total{outcome="failed"}`); got != "1" {
				t.Errorf("%s polls failed", got)
			}
			b.faults()
			b.poll()
			if got, row := b.missed(), b.row(); !slices.Equal(got, ids) || row.failures != 0 || row.said != "" || b.log.count("works again") != 1 {
				t.Errorf("afterwards it caught %v, %+v", got, row)
			}
		})
	}
}

// Servers differ in what they may be asked for.
func TestServersOfEveryKind(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		var want []string
		for _, kind := range []servicedesktest.FaultKind{
			servicedesktest.FaultDateCriteriaStrict, servicedesktest.FaultRefuseFields, servicedesktest.FaultSparseLists,
			servicedesktest.FaultNoUpdatedTime, servicedesktest.FaultRefuseUpdatedTime, servicedesktest.FaultNoTrash,
		} {
			b.clock.move(time.Hour)
			want = append(want, b.open(2, 10*time.Minute)...)
			b.faults(servicedesktest.Fault{Kind: kind})
			b.poll()
			if got, row := b.missed(), b.row(); !slices.Equal(got, want) || row.said != "" {
				t.Errorf("%s: caught %v, want %v; %+v", kind, got, want, row)
			}
		}
	})
}

// A dead server is asked less and less often, and never so seldom that its tickets would wait for long once it is back.
func TestTheBackoff(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500})
	var last time.Duration
	for failures := 1; failures <= 8; failures++ {
		b.poll()
		row := b.row()
		if row.failures != failures || row.due > 4*time.Minute || failures > 1 && failures < 4 && row.due < last {
			t.Errorf("after %d failures: %+v", failures, row)
		}
		last = row.due
	}
	if last < 2*time.Minute {
		t.Errorf("after 8 failures it is asked again in %v", last)
	}
}

// A limit holds the poll up as it does the mirror, and is no failure of the tenant's.
func TestThrottling(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.clock.move(time.Hour)
		ids := b.open(3, 10*time.Minute)
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultThrottle})
		b.poll()
		row := b.row()
		if row.failures != 0 || row.due < 4*time.Minute || row.due > 7*time.Minute || !strings.Contains(row.said, "limits the calls") {
			t.Errorf("%+v", row)
		}
		desk, err := b.desks.Polled(t.Context(), alpha)
		if err != nil {
			t.Fatal(err)
		}
		place, err := b.pace.Reserve(t.Context(), alpha, desk.Host(), 30)
		if err != nil || place.Blocked < 4*time.Minute {
			t.Errorf("the mirror may call: %+v, %v", place, err)
		}
		before := 0
		b.lists(&before)
		b.poll()
		if n := b.lists(&before); n != 0 {
			t.Errorf("%d calls of a server that has had enough", n)
		}
		b.faults()
		b.clock.move(7 * time.Minute)
		b.poll()
		if got := b.missed(); !slices.Equal(got, ids) {
			t.Errorf("caught %v, want %v", got, ids)
		}
		if place, err := b.pace.Reserve(t.Context(), alpha, desk.Host(), 30); err != nil || place.Strikes != 0 {
			t.Errorf("a server that answers is not forgiven: %+v, %v", place, err)
		}
	})
}

// The poll keeps to the pace that it shares with the mirror.
func TestThePaceIsShared(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{}, func(c *Config) { c.CallsPerMinute = func(servicedesk.Profile) int { return 30 } })
	desk, err := b.desks.Polled(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.move(time.Hour)
	for range 9 { // the mirror's
		if _, err := b.pace.Reserve(t.Context(), alpha, desk.Host(), 30); err != nil {
			t.Fatal(err)
		}
	}
	if b.poll(); b.clock.slept != 12*time.Second {
		t.Errorf("it waited for %v behind nine calls, four of them at once; want 12s", b.clock.slept)
	}
}

// What is young and what is old is told by the server's clock.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": 5 * time.Hour, "a little ahead": 90 * time.Second, "behind": -5 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b *bench
			b = newBench(t, servicedesktest.Options{Clock: func() time.Time {
				if b == nil {
					return began().Add(ahead)
				}
				return b.clock.now().Add(ahead)
			}})
			b.poll()
			b.clock.move(time.Hour)
			old := b.open(1, grace+time.Second-ahead)
			young := b.open(1, grace-2*time.Second-ahead)
			b.poll()
			if got := b.missed(); !slices.Equal(got, old) {
				t.Fatalf("caught %v, want %v", got, old)
			}
			b.clock.move(interval)
			b.poll()
			if got := b.missed(); !slices.Equal(got, slices.Concat(old, young)) {
				t.Errorf("caught %v, want %v", got, slices.Concat(old, young))
			}
		})
	}
}

// mute is a server that does not say what time it is.
type mute struct{ Desk }

func (d mute) ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	page, err := d.Desk.ListRequests(ctx, q)
	page.At = time.Time{}
	return page, err
}

// Without its time, the age of its requests is not known well. They are taken too soon at worst, which a webhook survives.
func TestAServerThatDoesNotTellItsTime(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": 20 * time.Minute, "behind": -20 * time.Minute, "right": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, servicedesktest.Options{})
			desk, err := b.desks.Polled(t.Context(), alpha)
			if err != nil {
				t.Fatal(err)
			}
			b.desks.set(alpha, mute{desk})
			b.clock.move(time.Hour)
			var want []string
			for range 10 {
				want = append(want, b.open(1, 0-ahead)...)
				b.clock.move(interval)
				b.poll()
			}
			b.clock.move(grace)
			b.poll()
			if got := b.missed(); !slices.Equal(got, want) {
				t.Errorf("caught %v, want %v", got, want)
			}
		})
	}
}

// A clock that is set back does not hide what comes then.
func TestAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(24 * time.Hour)
	b.open(1, 5*time.Minute)
	b.poll()
	b.clock.move(-6 * time.Hour)
	b.exec("DELETE FROM mirror_pace") // or it would keep its turns until then
	b.poll()
	b.clock.move(interval)
	ids := b.open(1, 0)
	b.clock.move(grace)
	b.poll()
	if got := b.missed(); len(got) != 2 || got[1] != ids[0] || b.log.count("into the future") != 1 {
		t.Errorf("caught %v, want %s behind the first; said %d times", got, ids[0], b.log.count("into the future"))
	}
}
