package audit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ai-agents/ai-agents/internal/audit"
)

// gate is a log that takes an entry each time it is opened.
type gate struct {
	open chan error

	mu    sync.Mutex
	taken []audit.Event
}

func (g *gate) Append(_ context.Context, e audit.Event) error {
	if err := <-g.open; err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taken = append(g.taken, e)
	return nil
}

func TestATrailAppendsInOrderAndLosesNothingAtTheEnd(t *testing.T) {
	t.Parallel()
	g := &gate{open: make(chan error)}
	var dropped atomic.Int32
	trail := audit.NewTrail(t.Context(), g, func() { dropped.Add(1) }, slog.New(slog.DiscardHandler))
	for n := range 50 {
		trail.Add(event(n)) // returns, although nothing is taken yet
	}
	close(g.open)
	if err := trail.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(g.taken) != 50 || g.taken[0].Target != "0" || g.taken[49].Target != "49" || dropped.Load() != 0 {
		t.Errorf("%d entries taken, %d dropped", len(g.taken), dropped.Load())
	}
	trail.Add(event(50))
	if err := trail.Close(t.Context()); err != nil || len(g.taken) != 50 || dropped.Load() != 1 {
		t.Errorf("after the end: %v, %d taken, %d dropped", err, len(g.taken), dropped.Load())
	}
}

func TestATrailIsBounded(t *testing.T) {
	t.Parallel()
	g := &gate{open: make(chan error)}
	var (
		dropped atomic.Int32
		log     bytes.Buffer
	)
	trail := audit.NewTrail(t.Context(), g, func() { dropped.Add(1) }, slog.New(slog.NewTextHandler(&log, nil)))
	const added, waiting = 1_500, 1_000
	for n := range added {
		trail.Add(event(n))
	}
	if n := dropped.Load(); n != added-waiting && n != added-waiting-1 { // one may be under way
		t.Errorf("%d of %d were dropped, want those beyond %d", n, added, waiting)
	}
	if strings.Count(log.String(), "missing in the audit log") != int(dropped.Load()) {
		t.Error("what was dropped is not logged")
	}
	cut, cancel := context.WithCancel(t.Context())
	cancel()
	if err := trail.Close(cut); err == nil {
		t.Error("closed with entries waiting")
	}
	close(g.open)
	if err := trail.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnEntryThatTheLogRefusesIsCounted(t *testing.T) {
	t.Parallel()
	g := &gate{open: make(chan error, 2)}
	g.open <- errors.New("example: the database is down")
	g.open <- nil
	var dropped atomic.Int32
	trail := audit.NewTrail(t.Context(), g, func() { dropped.Add(1) }, slog.New(slog.DiscardHandler))
	trail.Add(event(1))
	trail.Add(event(2))
	if err := trail.Close(t.Context()); err != nil || dropped.Load() != 1 || len(g.taken) != 1 || g.taken[0].Target != "2" {
		t.Errorf("%v: %d dropped, taken %+v", err, dropped.Load(), g.taken)
	}
}

// Those that add while another closes must not write to what is closed.
func TestATrailIsClosedWhileOthersAdd(t *testing.T) {
	t.Parallel()
	g := &gate{open: make(chan error)}
	close(g.open)
	var dropped atomic.Int32
	trail := audit.NewTrail(t.Context(), g, func() { dropped.Add(1) }, slog.New(slog.DiscardHandler))
	var wg sync.WaitGroup
	const writers, each = 8, 100
	for range writers {
		wg.Go(func() {
			for n := range each {
				trail.Add(event(n))
			}
		})
	}
	if err := trail.Close(t.Context()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if n := len(g.taken) + int(dropped.Load()); n != writers*each {
		t.Errorf("%d of %d entries are accounted for", n, writers*each)
	}
}
