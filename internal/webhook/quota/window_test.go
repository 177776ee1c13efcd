package quota_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// taken is what webhook_rate_take says at a time of the test's choice.
func (f *fixture) taken(t *testing.T, allowed int, at time.Time) (ok bool, wait time.Duration) {
	t.Helper()
	var (
		counted *int64
		seconds *float64
	)
	err := f.DB.InTenant(t.Context(), "alpha", func(tx postgres.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT counted, wait FROM webhook_rate_take('alpha', $1, $2)", allowed, at).Scan(&counted, &seconds)
	})
	if err != nil {
		t.Fatal(err)
	}
	if (counted == nil) == (seconds == nil) {
		t.Fatalf("neither accepted nor refused, or both: %v, %v", counted, seconds)
	}
	if seconds != nil {
		wait = time.Duration(*seconds * float64(time.Second)).Round(time.Microsecond)
	}
	return counted != nil, wait
}

// However the webhooks come, no 60 seconds hold more than the limit, and no 61 less when more were wanted.
func TestAnyMinuteHoldsTheLimit(t *testing.T) {
	f := newFixture(t)
	const limit = 7
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var accepted []time.Time
	within := func(span time.Duration) int {
		n := 0
		for _, a := range accepted {
			if at.Sub(a) < span {
				n++
			}
		}
		return n
	}
	for range 1_500 {
		step := time.Duration(random.IntN(4_000)) * time.Millisecond
		if random.IntN(40) == 0 {
			step = time.Duration(random.IntN(90)) * time.Second
		}
		at = at.Add(step)
		ok, _ := f.taken(t, limit, at)
		switch {
		case ok && within(time.Minute) >= limit:
			t.Fatalf("%s: one more than %d in 60 s: %v", at, limit, accepted[len(accepted)-limit:])
		case !ok && within(61*time.Second) < limit:
			t.Fatalf("%s: refused with %d in 61 s", at, within(61*time.Second))
		case ok:
			accepted = append(accepted, at)
		}
	}
	if len(accepted) < 100 || len(accepted) > 1_400 {
		t.Errorf("%d of 1500 were accepted: this test shows little", len(accepted))
	}
}

func TestTheWaitIsRight(t *testing.T) {
	f := newFixture(t)
	begin := time.Date(2026, 1, 2, 3, 4, 5, 250e6, time.UTC)
	for n := range 6 {
		if ok, _ := f.taken(t, 6, begin.Add(time.Duration(n)*5*time.Second)); !ok {
			t.Fatalf("webhook %d refused", n)
		}
	}
	now := begin.Add(40 * time.Second)
	for _, c := range []struct {
		limit int
		want  time.Duration // from begin, whose second is over 750 ms later
	}{{6, 61*time.Second - 250*time.Millisecond}, {3, 76*time.Second - 250*time.Millisecond}, {1, 86*time.Second - 250*time.Millisecond}} {
		ok, wait := f.taken(t, c.limit, now)
		if want := c.want - 40*time.Second; ok || wait != want {
			t.Errorf("limit %d: accepted %t, wait %s; want %s", c.limit, ok, wait, want)
		}
	}
	_, wait := f.taken(t, 6, now)
	if ok, left := f.taken(t, 6, now.Add(wait-time.Millisecond)); ok || left != time.Millisecond {
		t.Errorf("a millisecond early: accepted %t, wait %s", ok, left)
	}
	if ok, _ := f.taken(t, 6, now.Add(wait)); !ok {
		t.Error("refused after the wait it was told")
	}
}

func TestAClockThatIsPutBack(t *testing.T) {
	f := newFixture(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if ok, _ := f.taken(t, 1, at); !ok {
		t.Fatal("the first is refused")
	}
	for _, back := range []time.Duration{time.Second, 30 * time.Second, 61 * time.Second} {
		if ok, _ := f.taken(t, 1, at.Add(-back)); ok {
			t.Errorf("a clock put back by %s makes room", back)
		}
	}
	// It had been wrong by an hour: the tenant must not wait for an hour.
	if ok, _ := f.taken(t, 1, at.Add(-time.Hour)); !ok {
		t.Error("refused because of a time in the far future")
	}
}
