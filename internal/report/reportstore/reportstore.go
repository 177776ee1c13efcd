// Package reportstore owns what reports are made of in Postgres: the week's facts, and the table report_settings with each tenant's inputs and
// baseline.
package reportstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/report"
)

// Store reads and writes what reports are made of. It is for console_user.
type Store struct{ db *postgres.DB }

// New makes a Store.
func New(db *postgres.DB) *Store { return &Store{db: db} }

// Settings are a tenant's own. An input that is nil has its default.
type Settings struct {
	ResearchMinutes, TicketMinutes, ArticleMinutes, SystemMinutes *float64
	// BaselineFrom and BaselineUntil are zero when no baseline was captured.
	BaselineFrom, BaselineUntil time.Time
}

// Inputs are what holds.
func (s Settings) Inputs() report.Inputs {
	in := report.Defaults()
	for _, own := range []struct {
		set  *float64
		into *float64
	}{
		{s.ResearchMinutes, &in.ResearchMinutes}, {s.TicketMinutes, &in.TicketMinutes}, {s.ArticleMinutes, &in.ArticleMinutes}, {s.SystemMinutes, &in.SystemMinutes},
	} {
		if own.set != nil {
			*own.into = *own.set
		}
	}
	return in
}

// Also is what belongs into the transaction of a change. Its error undoes both.
type Also func(ctx context.Context, tx postgres.Tx) error

// Settings gives the tenant's; the zero Settings when it has set none.
func (s *Store) Settings(ctx context.Context, tenantID string) (settings Settings, err error) {
	err = s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		settings, _, err = readSettings(ctx, tx, tenantID)
		return err
	})
	if err != nil {
		return Settings{}, fmt.Errorf("read the report settings of tenant %s: %w", tenantID, err)
	}
	return settings, nil
}

// Set replaces the tenant's settings. With another window, what was found of the baseline before is found again.
func (s *Store) Set(ctx context.Context, tenantID string, in Settings, also Also) error {
	const query = `
		INSERT INTO report_settings AS r (tenant_id, research_minutes, ticket_minutes, article_minutes, system_minutes, baseline_from, baseline_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (tenant_id) DO UPDATE SET
			research_minutes = excluded.research_minutes, ticket_minutes = excluded.ticket_minutes, article_minutes = excluded.article_minutes,
			system_minutes = excluded.system_minutes, baseline_from = excluded.baseline_from, baseline_until = excluded.baseline_until, changed_at = now(),
			baseline_tickets = CASE WHEN (r.baseline_from, r.baseline_until) IS NOT DISTINCT FROM (excluded.baseline_from, excluded.baseline_until)
				THEN r.baseline_tickets END,
			baseline_seconds = CASE WHEN (r.baseline_from, r.baseline_until) IS NOT DISTINCT FROM (excluded.baseline_from, excluded.baseline_until)
				THEN r.baseline_seconds END`
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, query, tenantID, in.ResearchMinutes, in.TicketMinutes, in.ArticleMinutes, in.SystemMinutes,
			postgres.TimeOrNull(in.BaselineFrom), postgres.TimeOrNull(in.BaselineUntil))
		if err != nil {
			return err
		}
		return also(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("change the report settings of tenant %s: %w", tenantID, err)
	}
	return nil
}

// Report makes the tenant's report of the week, as it stands now, of one state of the database. A baseline whose window is over is kept as it
// is found then.
func (s *Store) Report(ctx context.Context, tenantID string, week report.Week, now time.Time) (r report.Report, err error) {
	err = s.db.InTenantSnapshot(ctx, tenantID, func(tx postgres.Tx) error {
		settings, baseline, err := readSettings(ctx, tx, tenantID)
		if err != nil {
			return err
		}
		facts, err := readFacts(ctx, tx, tenantID, week)
		if err != nil {
			return err
		}
		if baseline != nil && !baseline.Final {
			if baseline.Resolution, err = resolutions(ctx, tx, tenantID, baseline.From, baseline.Until, false); err != nil {
				return err
			}
		}
		r = report.New(tenantID, week, now, facts, settings.Inputs(), baseline)
		return nil
	})
	if err == nil && r.Baseline != nil && !r.Baseline.Final && !now.Before(r.Baseline.Until) {
		err = s.keepBaseline(ctx, tenantID, r.Baseline)
	}
	if err != nil {
		return report.Report{}, fmt.Errorf("report on tenant %s in %s: %w", tenantID, week, err)
	}
	return r, nil
}

// keepBaseline stores what was found of a window that is over, unless somebody has set another one meanwhile.
func (s *Store) keepBaseline(ctx context.Context, tenantID string, b *report.Baseline) error {
	const query = `
		UPDATE report_settings SET baseline_tickets = $4, baseline_seconds = $5
		WHERE tenant_id = $1 AND baseline_from = $2 AND baseline_until = $3 AND baseline_tickets IS NULL`
	b.Final = true
	return s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, query, tenantID, b.From, b.Until, b.Tickets, b.MedianSeconds)
		return err
	})
}

// First is when the tenant's first job was received that is still known; the zero time when it has none.
func (s *Store) First(ctx context.Context, tenantID string) (time.Time, error) {
	var first *time.Time
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, "SELECT min(received_at) FROM enhancement_history WHERE tenant_id = $1", tenantID).Scan(&first)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("look for the first job of tenant %s: %w", tenantID, err)
	}
	if first == nil {
		return time.Time{}, nil
	}
	return *first, nil
}

func readSettings(ctx context.Context, tx postgres.Tx, tenantID string) (s Settings, b *report.Baseline, err error) {
	const query = `
		SELECT research_minutes, ticket_minutes, article_minutes, system_minutes, baseline_from, baseline_until, baseline_tickets, baseline_seconds
		FROM report_settings WHERE tenant_id = $1`
	var (
		from, until *time.Time
		tickets     *int
		median      *float64
	)
	err = tx.QueryRow(ctx, query, tenantID).Scan(&s.ResearchMinutes, &s.TicketMinutes, &s.ArticleMinutes, &s.SystemMinutes, &from, &until, &tickets, &median)
	if errors.Is(err, pgx.ErrNoRows) {
		return Settings{}, nil, nil
	}
	if err != nil || from == nil || until == nil {
		return s, nil, err
	}
	s.BaselineFrom, s.BaselineUntil = from.UTC(), until.UTC()
	b = &report.Baseline{From: s.BaselineFrom, Until: s.BaselineUntil}
	if tickets != nil && median != nil {
		b.Final, b.Tickets, b.MedianSeconds = true, *tickets, *median
	}
	return s, b, nil
}

// posted is the condition of a job whose note stands, or stood, on its ticket.
const posted = "h.status = 'completed' AND h.withheld = '' AND h.note_id <> ''"

func readFacts(ctx context.Context, tx postgres.Tx, tenantID string, week report.Week) (f report.Facts, err error) {
	const (
		jobs = `
			SELECT count(*), count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'failed' AND cancelled_run <> run),
				count(*) FILTER (WHERE status = 'failed' AND cancelled_run = run), count(*) FILTER (WHERE status IN ('pending', 'running')),
				count(*) FILTER (WHERE status = 'completed' AND withheld <> ''), count(*) FILTER (WHERE status = 'completed' AND degraded <> '{}'),
				percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FILTER (WHERE posted), percentile_cont(0.95) WITHIN GROUP (ORDER BY took) FILTER (WHERE posted),
				percentile_cont(0.99) WITHIN GROUP (ORDER BY took) FILTER (WHERE posted)
			FROM (SELECT h.status, h.cancelled_run, h.run, h.withheld, h.degraded, ` + posted + ` AS posted, extract(epoch FROM h.finished_at
					- CASE h.first_run WHEN 1 THEN h.received_at ELSE greatest(h.received_at, h.queued_at) END)::float8 AS took
				FROM enhancement_history h WHERE h.tenant_id = $1 AND h.received_at >= $2 AND h.received_at < $3) jobs`
		notes = `
			SELECT count(*) FILTER (WHERE vote = 'up'), count(*) FILTER (WHERE vote = 'down'), count(*) FILTER (WHERE posted),
				count(*) FILTER (WHERE posted AND tickets), count(*) FILTER (WHERE posted AND articles), count(*) FILTER (WHERE posted AND systems),
				count(*) FILTER (WHERE posted AND tickets AND helped), count(*) FILTER (WHERE posted AND articles AND helped),
				count(*) FILTER (WHERE posted AND systems AND helped)
			FROM (SELECT f.vote, f.vote IS DISTINCT FROM 'down' AS helped, ` + posted + ` AS posted,
					s.result @? '$.sections[*].items[*].sources[*] ? (@.kind == "ticket")' AS tickets,
					s.result @? '$.sections[*].items[*].sources[*] ? (@.kind == "article")' AS articles,
					s.result @? '$.sections[*].items[*].sources[*] ? (@.kind == "system")' AS systems
				FROM enhancement_history h
				LEFT JOIN enhancement_steps s ON s.tenant_id = h.tenant_id AND s.job_id = h.job_id AND s.step = 'synthesize'
				LEFT JOIN note_feedback f ON f.tenant_id = h.tenant_id AND f.job_id = h.job_id
				WHERE h.tenant_id = $1 AND h.received_at >= $2 AND h.received_at < $3) notes`
		cost = `
			SELECT coalesce(sum(cost_usd), 0)::float8, coalesce(sum(unpriced), 0)::bigint FROM llm_usage
			WHERE tenant_id = $1 AND day >= ($2::timestamptz AT TIME ZONE 'UTC')::date AND day < ($3::timestamptz AT TIME ZONE 'UTC')::date`
	)
	var p50, p95, p99 *float64
	err = tx.QueryRow(ctx, jobs, tenantID, week.Begins(), week.Ends()).Scan(&f.Received, &f.Completed, &f.Failed, &f.Cancelled, &f.Unfinished, &f.Withheld,
		&f.Degraded, &p50, &p95, &p99)
	if err != nil {
		return f, fmt.Errorf("count the jobs: %w", err)
	}
	f.P50Seconds, f.P95Seconds, f.P99Seconds = orZero(p50), orZero(p95), orZero(p99)
	err = tx.QueryRow(ctx, notes, tenantID, week.Begins(), week.Ends()).Scan(&f.Up, &f.Down, &f.Notes, &f.Named.Tickets, &f.Named.Articles, &f.Named.Systems,
		&f.Helpful.Tickets, &f.Helpful.Articles, &f.Helpful.Systems)
	if err != nil {
		return f, fmt.Errorf("count the notes: %w", err)
	}
	if err := tx.QueryRow(ctx, cost, tenantID, week.Begins(), week.Ends()).Scan(&f.CostUSD, &f.Unpriced); err != nil {
		return f, fmt.Errorf("sum up the cost: %w", err)
	}
	f.Enhanced, err = resolutions(ctx, tx, tenantID, week.Begins(), week.Ends(), true)
	return f, err
}

// resolutions looks at the tickets that were resolved from one time to the other: those that had a note of ours by then, or those that had none.
func resolutions(ctx context.Context, tx postgres.Tx, tenantID string, from, until time.Time, enhanced bool) (report.Resolution, error) {
	const query = `
		SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.resolved_at - t.created_at))
		FROM ticket_history t
		WHERE t.tenant_id = $1 AND t.resolved_at >= $2 AND t.resolved_at < $3 AND t.created_at <= t.resolved_at
			AND $4 = EXISTS (SELECT FROM enhancement_history h
				WHERE h.tenant_id = $1 AND h.ticket_id = t.ticket_id AND ` + posted + ` AND h.finished_at <= t.resolved_at)`
	var (
		r      report.Resolution
		median *float64
	)
	if err := tx.QueryRow(ctx, query, tenantID, from, until, enhanced).Scan(&r.Tickets, &median); err != nil {
		return r, fmt.Errorf("look at resolved tickets: %w", err)
	}
	r.MedianSeconds = orZero(median)
	return r, nil
}

func orZero(s *float64) float64 {
	if s == nil {
		return 0
	}
	return *s
}
