package meter_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/importfile/meter"
)

// clock is set by the test.
type clock struct{ now time.Time }

func (c *clock) after(d time.Duration) { c.now = c.now.Add(d) }

func newMeter(mode meter.Mode) (*meter.Meter, *clock, *bytes.Buffer) {
	c := &clock{now: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)}
	var out bytes.Buffer
	return meter.New(meter.Options{Mode: mode, Out: &out, What: "tickets", Now: func() time.Time { return c.now }}), c, &out
}

func TestLines(t *testing.T) {
	t.Parallel()
	m, c, out := newMeter(meter.Lines)
	m.Show(meter.Reading{Waiting: 5 * time.Minute, Reason: "rate limit"})
	c.after(9 * time.Second)
	m.Show(meter.Reading{Rows: 10_000, Done: 1, Total: 10})
	c.after(time.Second)
	m.Show(meter.Reading{Rows: 20_000, Done: 2, Total: 10})
	c.after(5 * time.Second)
	m.Show(meter.Reading{Rows: 30_000, Done: 3, Total: 10})
	m.Show(meter.Reading{Rows: 30_000, Done: 3, Total: 10, Waiting: 90 * time.Second, Reason: "rate limit"})
	m.Show(meter.Reading{Rows: 30_000, Done: 3, Total: 10, Waiting: 90 * time.Second, Reason: "rate limit"})
	c.after(15 * time.Second)
	m.Show(meter.Reading{Rows: 1_234_567})
	c.after(10 * time.Second)
	m.Show(meter.Reading{Rows: 999, Done: 10, Total: 10})
	m.Close()
	want := []string{
		"tickets: 0 rows, waiting 5m0s: rate limit",
		"tickets: 20,000 rows, 2,000/s, about 40s left (20%)",
		"tickets: 30,000 rows, 2,000/s, about 35s left, waiting 1m30s: rate limit (30%)",
		"tickets: 1,234,567 rows, 41,152/s",
		"tickets: 999 rows, 24/s (100%)",
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	for _, total := range []int64{100, 0} {
		m, c, out := newMeter(meter.Bar)
		for done := range int64(10) {
			c.after(time.Second)
			m.Show(meter.Reading{Rows: int(done+1) * 1000, Done: done * 10, Total: total})
		}
		m.Close()
		if text := out.String(); !strings.Contains(text, "1,000 rows, 1,000/s") || !strings.HasSuffix(text, "\n") {
			t.Errorf("total %d: %q", total, text)
		}
		if strings.Contains(out.String(), "%") != (total > 0) || strings.Contains(out.String(), "left") != (total > 0) {
			t.Errorf("total %d: %q", total, out.String())
		}
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	m, c, out := newMeter(meter.Quiet)
	c.after(time.Hour)
	m.Show(meter.Reading{Rows: 1, Done: 1, Total: 2, Waiting: time.Second})
	m.Close()
	if out.Len() > 0 {
		t.Errorf("%q", out)
	}
}

type closedLog struct{}

func (closedLog) Write([]byte) (int, error) { return 0, errors.New("example: nobody reads") }

func TestAClosedLogStopsNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []meter.Mode{meter.Bar, meter.Lines} {
		m := meter.New(meter.Options{Mode: mode, Out: closedLog{}, What: "tickets"})
		m.Show(meter.Reading{Rows: 1, Done: 1, Total: 2})
		m.Close()
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 100_000: "100,000", 1_234_567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := meter.Thousands(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    int
		took time.Duration
		want string
	}{{28, 54 * time.Second, "31/min"}, {100_000, 16 * time.Second, "6,250/s"}, {2, time.Second, "2/s"}, {0, time.Second, "0/min"}} {
		if got := meter.Rate(c.n, c.took); got != c.want {
			t.Errorf("%d in %s: %s, want %s", c.n, c.took, got, c.want)
		}
	}
}
