package embedding

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// ErrBusy says that another process embeds the tenant's texts. A process that died holds on until its lease
// ends, BackfillOptions.Lease later.
var ErrBusy = errors.New("another process embeds this tenant's texts")

// Backfill embeds what has no current vector. It may be used concurrently, for different tenants.
type Backfill struct {
	db       Tenants
	embedder Embedder
	opts     BackfillOptions
}

// BackfillOptions are the limits of a Backfill. Zero fields get the defaults in brackets.
type BackfillOptions struct {
	// Batch is how many texts are read, embedded and stored together [64].
	Batch int
	// Lease is how long a tenant is held at a time [2 min]; one request has half of it.
	Lease time.Duration
	// MaxAttempts is how often a batch is tried [5], the first time included.
	MaxAttempts int
	// Backoff is the wait before the second attempt, on average [1 s]; it doubles from there.
	Backoff time.Duration
	// Progress is told what the run has done so far, after each batch.
	Progress func(tenantID string, done Progress)
	Logger   *slog.Logger // none
}

// Progress counts the texts that a run was done with.
type Progress struct {
	// Embedded have a vector now.
	Embedded int
	// Refused will have none until model or text change. That is remembered.
	Refused int
	// Failed are left for the next run, though the model answers others.
	Failed int
}

// NewBackfill makes a Backfill.
func NewBackfill(db Tenants, embedder Embedder, opts BackfillOptions) *Backfill {
	return &Backfill{db: db, embedder: embedder, opts: opts.withDefaults()}
}

func (o BackfillOptions) withDefaults() BackfillOptions {
	const batch, attempts = 64, 5
	if o.Batch <= 0 {
		o.Batch = batch
	}
	if o.Lease <= 0 {
		o.Lease = 2 * time.Minute
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = attempts
	}
	if o.Backoff <= 0 {
		o.Backoff = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Run embeds the tenant's resolved tickets, the newest first, and articles that lack a vector of the present
// model and text, and stores the vectors batch by batch: stopped at any point, the next run does the rest.
// Progress is right also beside an error: ErrBusy, a gather.PermanentError when the model refuses to work
// for us at all, or one that may pass.
func (b *Backfill) Run(ctx context.Context, tenantID string) (Progress, error) {
	r := &run{Backfill: b, tenantID: tenantID, holder: uuid.New()}
	err := r.everything(ctx)
	r.release(ctx)
	if err != nil {
		return r.done, fmt.Errorf("embed the texts of tenant %s: %w", tenantID, err)
	}
	return r.done, nil
}

// run is one Run.
type run struct {
	*Backfill

	tenantID string
	holder   uuid.UUID
	done     Progress
}

func (r *run) everything(ctx context.Context) error {
	for _, c := range []collection{tickets(), articles()} {
		for place := c.start; ; {
			var rows []row
			err := r.holding(ctx, func(tx postgres.Tx) error {
				var err error
				rows, err = c.readNext(ctx, tx, spaceOf(r.embedder), place, r.opts.Batch)
				return err
			})
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			for i := range rows { // not while a connection is held
				rows[i].text = textOf(rows[i].raw, rows[i].people)
			}
			if err := r.embed(ctx, c, rows); err != nil {
				return err
			}
			place = rows[len(rows)-1].place
			if r.opts.Progress != nil {
				r.opts.Progress(r.tenantID, r.done)
			}
		}
	}
	return nil
}

// holding runs fn in a transaction, with the lease prolonged. Who lost the lease must not go on: the
// other one does the same work.
func (r *run) holding(ctx context.Context, fn func(postgres.Tx) error) error {
	return r.db.InTenant(ctx, r.tenantID, func(tx postgres.Tx) error {
		held, err := hold(ctx, tx, r.tenantID, r.holder, r.opts.Lease)
		if err != nil {
			return err
		}
		if !held {
			return ErrBusy
		}
		return fn(tx)
	})
}

// lastWrites bounds what is written after the run's own time is over.
const lastWrites = 5 * time.Second

// release is a courtesy to the next run, which would otherwise wait for the lease to end.
func (r *run) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	defer cancel()
	err := r.db.InTenant(ctx, r.tenantID, func(tx postgres.Tx) error { return release(ctx, tx, r.holder) })
	if err != nil {
		r.opts.Logger.WarnContext(ctx, "embedding lease not given back", "tenant_id", r.tenantID, "error", err)
	}
}
