package embedding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// errWait says that the model asks for a longer wait than a run has patience for.
var errWait = errors.New("the model asks to wait longer than a run waits: run again later")

// embed has rows embedded and stores what came of it, with further attempts at those whose turn did not
// come.
func (r *run) embed(ctx context.Context, c collection, rows []row) error {
	var blank []verdict
	var pending []row
	for _, one := range rows {
		if one.text == "" {
			blank = append(blank, verdict{row: one, reason: "the text is empty"})
		} else {
			pending = append(pending, one)
		}
	}
	if err := r.store(ctx, c, blank); err != nil {
		return err
	}
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		pending, last = r.attempt(ctx, c, pending)
		return struct{}{}, r.retryable(last)
	},
		backoff.WithBackOff(r.backOff()),
		backoff.WithMaxTries(uint(r.opts.MaxAttempts)),
		backoff.WithMaxElapsedTime(0), // ctx bounds it
	)
	if err != nil && ctx.Err() != nil && !errors.Is(last, context.Cause(ctx)) {
		return fmt.Errorf("%w; last: %w", context.Cause(ctx), last)
	}
	return err
}

func (r *run) backOff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = r.opts.Backoff
	b.Multiplier = 2
	b.MaxInterval = r.longestWait()
	return b
}

// longestWait leaves the lease time for a request, which has half of it, and for storing what it brought.
func (r *run) longestWait() time.Duration { return r.opts.Lease / 4 } //nolint:mnd // see above

// retryable tells backoff which failures it need not try again.
func (r *run) retryable(err error) error {
	if err == nil {
		return nil
	}
	var (
		permanent *gather.PermanentError
		wait      *backoff.RetryAfterError
		ours      *ownError
	)
	switch {
	case errors.As(err, &permanent), errors.As(err, &ours):
		return backoff.Permanent(err)
	case errors.As(err, &wait) && wait.Duration > r.longestWait():
		return backoff.Permanent(fmt.Errorf("%w: %w", errWait, err))
	default:
		return err
	}
}

// ownError is a failure on our side, that of the database, which the model's back-off has nothing to do with.
type ownError struct{ error }

func (e *ownError) Unwrap() error { return e.error }

// attempt asks once and stores the results. It gives back the rows whose turn did not come.
func (r *run) attempt(ctx context.Context, c collection, rows []row) ([]row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	if err := r.holding(ctx, func(postgres.Tx) error { return nil }); err != nil {
		return rows, &ownError{err}
	}
	texts := make([]string, len(rows))
	for i, one := range rows {
		texts[i] = one.text
	}
	asked, cancel := context.WithTimeout(ctx, r.opts.Lease/2)
	defer cancel()
	results, err := r.embedder.Embed(asked, texts)
	if err == nil && len(results) != len(rows) {
		return rows, fmt.Errorf("%d results for %d texts", len(results), len(rows))
	}
	verdicts, left := r.judge(ctx, c, rows, results)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("no results for %d of %d texts", len(left), len(rows))
	}
	if failed := r.store(ctx, c, verdicts); failed != nil {
		return rows, &ownError{failed}
	}
	return left, err
}

// judge tells results to store from rows whose turn did not come. What failed by itself is in neither, but counted.
func (r *run) judge(ctx context.Context, c collection, rows []row, results []Result) ([]verdict, []row) {
	const longestReason = 200
	var (
		verdicts []verdict
		left     []row
	)
	for i, one := range rows {
		var result Result
		if i < len(results) {
			result = results[i]
		}
		switch {
		case errors.Is(result.Err, ErrRefused):
			verdicts = append(verdicts, verdict{row: one, reason: gather.Excerpt(result.Err.Error(), longestReason)})
		case result.Err != nil:
			r.done.Failed++
			r.opts.Logger.WarnContext(ctx, "text not embedded", "tenant_id", r.tenantID,
				"kind", c.kind, "id", one.place.id, "error", result.Err)
		case result.Vector != nil:
			verdicts = append(verdicts, verdict{row: one, vector: result.Vector})
		default:
			left = append(left, one)
		}
	}
	return verdicts, left
}

// store writes what was paid for, also when ctx has just ended.
func (r *run) store(ctx context.Context, c collection, verdicts []verdict) error {
	if len(verdicts) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	defer cancel()
	return r.holding(ctx, func(tx postgres.Tx) error {
		vectors, refusals, err := c.write(ctx, tx, spaceOf(r.embedder), verdicts)
		r.done.Embedded += vectors
		r.done.Refused += refusals
		return err
	})
}
