package breaker_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/breaker"
)

var (
	errDead    = errors.New("example: no answer")
	errRefused = errors.New("example: refused")
)

// world is a breaker, and how often what stands behind it was called.
type world struct {
	*breaker.Breaker[int]

	t        *testing.T
	calls    int
	switches []bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	w.Breaker = breaker.New[int](breaker.Options{
		Dead: func(err error) bool { return !errors.Is(err, errRefused) }, Switched: func(open bool) { w.switches = append(w.switches, open) },
	})
	return w
}

// do calls what answers with err, and says whether it was called.
func (w *world) do(err error) (called bool) {
	w.t.Helper()
	before := w.calls
	_, got := w.Do(func() (int, error) { w.calls++; return 0, err })
	if called = w.calls > before; called != errors.Is(got, err) {
		w.t.Errorf("got %v", got)
	}
	return called
}

func (w *world) open() {
	w.t.Helper()
	for range breaker.DefaultFailures {
		if !w.do(errDead) {
			w.t.Fatal("it opened too early")
		}
	}
}

func TestABreakerOpensAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.open()
		_, err := w.Do(func() (int, error) { t.Error("it was called"); return 0, nil })
		if open, ok := errors.AsType[*breaker.OpenError](err); !ok || open.In != breaker.DefaultPause || open.Error() != "it has failed again and again; the next try is in 15s" {
			t.Errorf("got %v", err)
		}
		// One call finds out; the others do not wait for it.
		time.Sleep(breaker.DefaultPause + time.Second)
		probing, ended := make(chan struct{}), make(chan error)
		go func() {
			_, err := w.Do(func() (int, error) { <-probing; return 0, errDead })
			ended <- err
		}()
		synctest.Wait()
		if _, err := w.Do(func() (int, error) { return 0, nil }); err == nil || err.Error() != "it has failed again and again; it is being tried right now" {
			t.Errorf("beside the one that tries: %v", err)
		}
		close(probing)
		if err := <-ended; !errors.Is(err, errDead) {
			t.Errorf("the one that tries: %v", err)
		}
		if w.do(nil) {
			t.Error("it was called after the try failed")
		}
		time.Sleep(breaker.DefaultPause + time.Second)
		for range 2 {
			if !w.do(nil) {
				t.Error("it was not called after the pause")
			}
		}
		if want := []bool{true, false}; !slices.Equal(w.switches, want) {
			t.Errorf("told %v, want %v", w.switches, want)
		}
	})
}

func TestWhatDoesNotOpenABreaker(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]error{"an answer": nil, "a refusal": errRefused} {
		w := newWorld(t)
		for range 3 {
			for range breaker.DefaultFailures - 1 {
				w.do(errDead)
			}
			if !w.do(between) {
				t.Errorf("%s: it opened", name)
			}
		}
	}
	w := newWorld(t)
	for range 3 * breaker.DefaultFailures {
		if !w.do(context.Canceled) {
			t.Fatal("it opened because callers left")
		}
	}
}
