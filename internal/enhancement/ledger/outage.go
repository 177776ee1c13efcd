package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

const (
	// deadAfter is how many failures in a row, with no success in between, make a dependency count as dead.
	deadAfter = 3
	// firstProbe is the pause before a dead dependency is tried again; it doubles up to longestProbe, so that work goes on
	// soon after it is back.
	firstProbe, longestProbe = 5 * time.Second, 20 * time.Second
	// probeLease is for how long the job that tries a dead dependency is the only one to. It is renewed when it gets to the call.
	probeLease = 30 * time.Second
)

// Outage is what is known of a dependency when it is to be called.
type Outage struct {
	// Standing says that it counts as dead, and Probe that the run that asks is the one to try it nevertheless.
	Standing, Probe bool
	// Step is the one that found it dead last, and Reason is why.
	Step   enhancement.Step
	Reason string
	// Next is when the next job may try it.
	Next time.Time
	// Opened says that it counts as dead from now on.
	Opened bool
}

// Outage tells a run whether it may call the dependency.
func (l *Ledger) Outage(ctx context.Context, tenantID string, d enhancement.Dependency, jobID string, run int) (Outage, error) {
	const (
		look = `
			SELECT coalesce(probe_job = $3 AND probe_run = $4, false), last_step, last_error, probe_after
			FROM dependency_outages WHERE tenant_id = $1 AND dependency = $2 AND since IS NOT NULL`
		renew = `
			UPDATE dependency_outages SET probe_after = greatest(probe_after, now() + $5::interval)
			WHERE tenant_id = $1 AND dependency = $2 AND probe_job = $3 AND probe_run = $4`
	)
	o := Outage{Standing: true}
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if err := tx.QueryRow(ctx, look, tenantID, d, jobID, run).Scan(&o.Probe, &o.Step, &o.Reason, &o.Next); err != nil || !o.Probe {
			return err
		}
		_, err := tx.Exec(ctx, renew, tenantID, d, jobID, run, probeLease)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Outage{}, nil
	}
	if err != nil {
		return Outage{}, explain(err, "look for what holds", jobID)
	}
	return o, nil
}

// Failure is one of a dependency.
type Failure struct {
	Dependency enhancement.Dependency
	JobID      string
	Run        int
	Step       enhancement.Step
	Reason     string
	// Plea says that the dependency itself asked not to be called for now. It counts as dead at once, then.
	Plea bool
}

// DependencyFailed accounts for a failure, and says what is to be thought of the dependency now. Of the run that tries one that
// counts as dead, it ends the turn, and has the next wait for twice as long.
func (l *Ledger) DependencyFailed(ctx context.Context, tenantID string, f Failure) (Outage, error) {
	const (
		enter = `INSERT INTO dependency_outages (tenant_id, dependency) VALUES ($1, $2) ON CONFLICT DO NOTHING`
		look  = `
			SELECT failures, jobs + (last_job IS DISTINCT FROM $3)::integer, since IS NOT NULL,
				coalesce(probe_job = $3 AND probe_run = $4, false), pause, coalesce(probe_after, now())
			FROM dependency_outages WHERE tenant_id = $1 AND dependency = $2 FOR UPDATE`
		count = `
			UPDATE dependency_outages SET failures = $3, jobs = $4, last_job = $5, last_step = $6, last_error = $7
			WHERE tenant_id = $1 AND dependency = $2`
		shut = `
			UPDATE dependency_outages
			SET since = coalesce(since, now()), opened_by = CASE WHEN since IS NULL THEN $3 ELSE opened_by END,
				pause = $4, probe_after = now() + $5::interval, probe_job = NULL, probe_run = NULL
			WHERE tenant_id = $1 AND dependency = $2 RETURNING probe_after`
	)
	o := Outage{Step: f.Step, Reason: told(f.Reason)}
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, enter, tenantID, f.Dependency); err != nil {
			return fmt.Errorf("enter: %w", err)
		}
		var (
			failures, jobs int
			pause          time.Duration
		)
		err := tx.QueryRow(ctx, look, tenantID, f.Dependency, f.JobID, f.Run).Scan(&failures, &jobs, &o.Standing, &o.Probe, &pause, &o.Next)
		if err != nil {
			return fmt.Errorf("look: %w", err)
		}
		failures++
		if _, err := tx.Exec(ctx, count, tenantID, f.Dependency, failures, jobs, f.JobID, f.Step, o.Reason); err != nil {
			return fmt.Errorf("count: %w", err)
		}
		switch {
		case o.Probe:
			pause = min(2*pause, longestProbe)
		case !o.Standing && (f.Plea || failures >= deadAfter):
			o.Standing, o.Opened, pause = true, true, firstProbe
		default:
			return nil
		}
		var opener *string // several jobs found it dead, or it said so itself: then it is not one ticket's doing
		if jobs == 1 && !f.Plea {
			opener = &f.JobID
		}
		return tx.QueryRow(ctx, shut, tenantID, f.Dependency, opener, pause, sooner(pause)).Scan(&o.Next)
	})
	if err != nil {
		return Outage{}, explain(err, "account for what failed of", f.JobID)
	}
	return o, nil
}

// sooner is d less up to a quarter, so that tenants of one server that went down together do not try it together.
func sooner(d time.Duration) time.Duration {
	const least = 0.75
	return time.Duration(float64(d) * (least + (1-least)*rand.Float64())) //nolint:gosec // not a secret
}

// Recovery is the end of an outage.
type Recovery struct {
	// Ended says that there was one.
	Ended bool
	// Lasted is for how long it stood, and Held how many jobs wait for its end.
	Lasted time.Duration
	Held   int
}

// DependencyWorks notes that a call was answered: what failed before is forgotten, and what was held goes on. It writes only
// when there is something to forget.
func (l *Ledger) DependencyWorks(ctx context.Context, tenantID string, d enhancement.Dependency) (Recovery, error) {
	const (
		forget = `
			DELETE FROM dependency_outages WHERE tenant_id = $1 AND dependency = $2
			RETURNING since IS NOT NULL, coalesce(extract(epoch FROM now() - since), 0)::float8`
		held = `SELECT count(*) FROM enhancement_history WHERE tenant_id = $1 AND held_for = $2 AND held_for <> ''`
	)
	var (
		r      Recovery
		lasted float64
	)
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if err := tx.QueryRow(ctx, forget, tenantID, d).Scan(&r.Ended, &lasted); err != nil {
			return err
		}
		return tx.QueryRow(ctx, held, tenantID, d).Scan(&r.Held)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Recovery{}, nil
	}
	if err != nil {
		return Recovery{}, fmt.Errorf("note that %s of tenant %s works: %w", d, tenantID, err)
	}
	r.Lasted = seconds(lasted)
	return r, nil
}

// ProbeOver ends the turn of a run that was to try the dependency, and ended without a word about it: the next one may try at once.
func (l *Ledger) ProbeOver(ctx context.Context, tenantID string, d enhancement.Dependency, jobID string, run int) error {
	const query = `
		UPDATE dependency_outages SET probe_after = now(), probe_job = NULL, probe_run = NULL
		WHERE tenant_id = $1 AND dependency = $2 AND probe_job = $3 AND probe_run = $4`
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, query, tenantID, d, jobID, run)
		return err
	})
	if err != nil {
		return explain(err, "end the try of", jobID)
	}
	return nil
}

// StandingOutage is a dependency that counts as dead.
type StandingOutage struct {
	TenantID   string
	Dependency enhancement.Dependency
	For        time.Duration
}

// StandingOutages lists what counts as dead, of all tenants; an enhancer of a tenant's own is told of that one alone.
func (l *Ledger) StandingOutages(ctx context.Context) ([]StandingOutage, error) {
	var outages []StandingOutage
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT tenant, dependency, seconds FROM standing_outages() WHERE $1 IN ('', tenant)", l.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		outages, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (StandingOutage, error) {
			var (
				o     StandingOutage
				stood float64
			)
			err := row.Scan(&o.TenantID, &o.Dependency, &stood)
			o.For = seconds(stood)
			return o, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what counts as dead: %w", err)
	}
	return outages, nil
}
