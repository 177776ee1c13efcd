package embedding

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// stub is an Embedder that does what it is told to.
type stub struct {
	calls  atomic.Int64
	answer atomic.Pointer[func(ctx context.Context) (Result, error)]
}

func newStub(answer func(ctx context.Context) (Result, error)) *stub {
	s := &stub{}
	s.answer.Store(&answer)
	return s
}

// recover makes it work from now on.
func (s *stub) recover() {
	answer := works
	s.answer.Store(&answer)
}

func (s *stub) Model() string { return "stub" }

func (s *stub) Embed(ctx context.Context, texts []string) ([]Result, error) {
	s.calls.Add(1)
	result, err := (*s.answer.Load())(ctx)
	return []Result{result}[:len(texts)], err
}

// newReranker gives a Reranker for which every candidate has a vector.
func newReranker(t *testing.T, s *stub) *Reranker {
	t.Helper()
	r, err := NewReranker(nil, s, RerankOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.load = func(_ context.Context, _ string, _ gather.Kind, ids []string) (map[string]quantised, error) {
		found := make(map[string]quantised)
		for _, id := range ids {
			found[id] = quantised{127, 0}
		}
		return found, nil
	}
	return r
}

func (r *Reranker) ask(ctx context.Context, query string) error {
	_, err := r.Rerank(ctx, asking("north", query), gather.KindTicket, []gather.Candidate{{ID: "1", Relevance: 0.5}, {ID: "2", Relevance: 0.4}})
	return err
}

func works(context.Context) (Result, error) { return Result{Vector: Vector{1, 0}}, nil }

func hangs(ctx context.Context) (Result, error) {
	<-ctx.Done()
	return Result{}, ctx.Err()
}

func TestFailuresTurnRerankingOffForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStub(hangs)
		r := newReranker(t, s)
		for i := range 3 {
			began := time.Now()
			if err := r.ask(t.Context(), strconv.Itoa(i)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("call %d: %v", i, err)
			}
			if took := time.Since(began); took != 2*time.Second {
				t.Errorf("call %d took %s", i, took)
			}
		}
		began := time.Now()
		if err := r.ask(t.Context(), "q"); !errors.Is(err, ErrOff) || time.Since(began) != 0 || s.calls.Load() != 3 {
			t.Errorf("after three failures: %v after %s, %d calls", err, time.Since(began), s.calls.Load())
		}

		// A single call tries whether it works again; the others do not wait for it.
		time.Sleep(31 * time.Second)
		probe := make(chan error)
		go func() { probe <- r.ask(t.Context(), "q") }()
		synctest.Wait()
		if err := r.ask(t.Context(), "q"); !errors.Is(err, ErrOff) || s.calls.Load() != 4 {
			t.Errorf("beside the one that tries: %v, %d calls", err, s.calls.Load())
		}
		if err := <-probe; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the one that tries: %v", err)
		}
		if err := r.ask(t.Context(), "q"); !errors.Is(err, ErrOff) {
			t.Errorf("after it failed: %v", err)
		}

		time.Sleep(31 * time.Second)
		synctest.Wait()
		s.recover()
		for i := range 2 {
			if err := r.ask(t.Context(), "q"); err != nil {
				t.Errorf("call %d after the recovery: %v", i, err)
			}
		}
	})
}

func TestSomeErrorsSayNothingAboutTheModel(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx   context.Context
		embed func(context.Context) (Result, error)
		want  error
	}{
		"a refused text":         {t.Context(), func(context.Context) (Result, error) { return Result{Err: ErrRefused}, nil }, ErrRefused},
		"a caller that went off": {cancelled, hangs, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStub(tc.embed)
				r := newReranker(t, s)
				for range 10 {
					if err := r.ask(tc.ctx, "q"); !errors.Is(err, tc.want) {
						t.Errorf("got %v", err)
					}
				}
				time.Sleep(3 * time.Second) // shared requests end by their own timeout
				s.recover()
				if err := r.ask(t.Context(), "another"); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

func TestAQueryIsEmbeddedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStub(func(ctx context.Context) (Result, error) {
			select {
			case <-ctx.Done():
				return hangs(ctx)
			case <-time.After(time.Second):
				return works(ctx)
			}
		})
		r := newReranker(t, s)
		done := make(chan error)
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		go func() { done <- r.ask(impatient, "q") }()
		synctest.Wait()
		for range 5 {
			go func() { done <- r.ask(t.Context(), "q") }()
		}
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the first, who was in a hurry: %v", err)
		}
		for range 5 {
			if err := <-done; err != nil {
				t.Errorf("one of those who shared its request: %v", err)
			}
		}
		if err := r.ask(t.Context(), "q"); err != nil || s.calls.Load() != 1 {
			t.Errorf("from memory: %v, %d calls", err, s.calls.Load())
		}
		if _, err := r.Rerank(t.Context(), asking("south", "q"), gather.KindTicket, []gather.Candidate{{ID: "1", Relevance: 1}}); err != nil || s.calls.Load() != 2 {
			t.Errorf("for another tenant: %v, %d calls, want one more", err, s.calls.Load())
		}
		r.queries.Purge()
		if err := r.ask(t.Context(), "q"); err != nil || s.calls.Load() != 3 {
			t.Errorf("when forgotten: %v, %d calls, want one more", err, s.calls.Load())
		}
	})
}

func TestOddEmbedders(t *testing.T) {
	t.Parallel()
	for name, embed := range map[string]func(context.Context) (Result, error){
		"fails":                    func(context.Context) (Result, error) { return Result{}, errors.New("oops") },
		"neither vector nor error": func(context.Context) (Result, error) { return Result{}, nil },
	} {
		if err := newReranker(t, newStub(embed)).ask(t.Context(), "q"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func asking(tenantID, text string) gather.Query {
	return gather.Query{TenantID: tenantID, Ticket: ticket.Ticket{Subject: text}}
}
