package embedding_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

func TestAFailingModel(t *testing.T) {
	t.Parallel()
	busy := errors.New("status 429")
	for name, tc := range map[string]struct {
		// fail answers the n-th call, counted from 1; nothing leaves it to the model.
		fail     func(n int, texts []string) ([]embedding.Result, error)
		calls    int
		embedded int
		want     string // part of the error; empty for none
	}{
		"recovers": {func(n int, _ []string) ([]embedding.Result, error) {
			if n < 3 {
				return nil, busy
			}
			return nil, nil
		}, 3 + 1, 5, ""},
		"asks to wait": {func(n int, _ []string) ([]embedding.Result, error) {
			if n == 1 {
				return nil, fmt.Errorf("%w: %w", busy, &backoff.RetryAfterError{Duration: time.Millisecond})
			}
			return nil, nil
		}, 2 + 1, 5, ""},
		"asks to wait too long": {func(int, []string) ([]embedding.Result, error) {
			return nil, fmt.Errorf("%w: %w", busy, &backoff.RetryAfterError{Duration: time.Hour})
		}, 1, 0, "run again later"},
		"stays busy": {func(int, []string) ([]embedding.Result, error) { return nil, busy }, 3, 0, "status 429"},
		"refuses us": {func(int, []string) ([]embedding.Result, error) {
			return nil, &gather.PermanentError{Err: errors.New("status 401: check the API key")}
		}, 1, 0, "check the API key"},
		"fails in the middle": {func(n int, texts []string) ([]embedding.Result, error) {
			switch n {
			case 1:
				return append(vectors("first", texts[:1]), embedding.Result{}, embedding.Result{}), busy
			case 2:
				if len(texts) != 2 {
					return nil, errors.New("the first text was asked for again")
				}
			}
			return nil, nil
		}, 2 + 1, 5, ""},
		"forgets a text": {func(_ int, texts []string) ([]embedding.Result, error) {
			return vectors("first", texts[1:]), nil
		}, 3, 0, "results for 3 texts"},
		"says nothing of a text": {func(_ int, texts []string) ([]embedding.Result, error) {
			return append(vectors("first", texts[:len(texts)-1]), embedding.Result{}), nil
		}, 3, 2, "no results for 1 of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := gathertest.NewDatabase(t)
			seed(t, d, gathertest.Tenant, 5)
			m := &model{name: "first"}
			m.before = func(_ context.Context, texts []string) ([]embedding.Result, error) { return tc.fail(m.calls, texts) }
			b := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{
				Batch: 3, MaxAttempts: 3, Backoff: time.Millisecond, Lease: time.Minute,
			})
			done, err := b.Run(t.Context(), gathertest.Tenant)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error is %v", err)
			}
			if done.Embedded != tc.embedded || len(stored(t, d, gathertest.Tenant)) != tc.embedded {
				t.Errorf("progress is %+v", done)
			}
			if m.calls != tc.calls {
				t.Errorf("%d calls, want %d", m.calls, tc.calls)
			}
			var permanent *gather.PermanentError
			if errors.As(err, &permanent) != (name == "refuses us") {
				t.Errorf("permanent: %v", err)
			}
		})
	}
}

func TestStoppedWhileItWaits(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	seed(t, d, gathertest.Tenant, 1)
	ctx, cancel := context.WithCancel(t.Context())
	m := &model{name: "first", before: func(context.Context, []string) ([]embedding.Result, error) {
		cancel()
		return nil, errors.New("status 503")
	}}
	_, err := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{Backoff: time.Hour}).Run(ctx, gathertest.Tenant)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "status 503") {
		t.Errorf("error is %v", err)
	}
}

// A request that hangs must end before the lease does.
func TestARequestEndsWithinTheLease(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	seed(t, d, gathertest.Tenant, 1)
	const lease = time.Minute
	m := &model{name: "first", before: func(ctx context.Context, _ []string) ([]embedding.Result, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > lease/2 {
			return nil, &gather.PermanentError{Err: fmt.Errorf("deadline %v, %t", deadline, ok)}
		}
		return nil, nil
	}}
	if _, err := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{Lease: lease}).Run(t.Context(), gathertest.Tenant); err != nil {
		t.Error(err)
	}
}

type brokenDatabase struct{ err error }

func (b brokenDatabase) InTenant(context.Context, string, func(postgres.Tx) error) error {
	return b.err
}

func TestRunTellsWhatFailed(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	_, err := embedding.NewBackfill(brokenDatabase{down}, &model{}, embedding.BackfillOptions{}).Run(t.Context(), gathertest.Tenant)
	if !errors.Is(err, down) || !strings.Contains(err.Error(), gathertest.Tenant) {
		t.Errorf("error is %v", err)
	}
	d := gathertest.NewDatabase(t)
	if _, err := embedding.NewBackfill(d.DB, &model{}, embedding.BackfillOptions{}).Run(t.Context(), "nobody"); err == nil {
		t.Error("a tenant that does not exist has no error")
	}
}
