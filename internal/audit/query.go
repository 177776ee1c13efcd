package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

const (
	// defaultPage and longestPage of List, in records; longestPage is also what is read at a time.
	defaultPage, longestPage = 50, 500
)

// ErrPrunedMeanwhile says that old entries were removed while the log was read, so that what was read has a hole.
var ErrPrunedMeanwhile = errors.New("entries of the audit log were removed while it was read: read it again")

// Query selects records. Zero fields select nothing out.
type Query struct {
	TenantID  string
	Operation Operation
	Actor     string
	// Since and Until are by the database's clock; Until is not included.
	Since, Until time.Time
	// Before is the number that all records are below: the last one of the page before.
	Before int64
	// Limit is the most records: of List 50 unless given and 500 at most, of Each all unless given.
	Limit int
}

// filtered says whether the records have holes between them.
func (q Query) filtered() bool {
	return q.TenantID != "" || q.Operation != "" || q.Actor != "" || !q.Since.IsZero() || !q.Until.IsZero()
}

// List gives the newest records that q selects, newest first. It needs a log as console_user.
func (l *Log) List(ctx context.Context, q Query) ([]Record, error) {
	if q.Limit <= 0 {
		q.Limit = defaultPage
	}
	where, args := q.where()
	var records []Record
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) (err error) {
		records, err = read(ctx, tx, where+" ORDER BY seq DESC LIMIT "+strconv.Itoa(min(q.Limit, longestPage)), args)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the audit log: %w", err)
	}
	return records, nil
}

// Each calls fn for the records that q selects, oldest first, until fn fails. It reads page by page and holds no
// transaction while fn works, so a slow receiver is no burden on the database. It needs a log as console_user.
func (l *Log) Each(ctx context.Context, q Query, fn func(Record) error) error {
	after, done := int64(0), 0
	for q.Limit <= 0 || done < q.Limit {
		page, err := l.page(ctx, q, after, done)
		if err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		if after != 0 && len(page) > 0 && page[0].Seq != after+1 && !q.filtered() {
			return ErrPrunedMeanwhile
		}
		for i := range page {
			if err := fn(page[i]); err != nil {
				return err
			}
			after = page[i].Seq
		}
		done += len(page)
		if len(page) < longestPage {
			return nil
		}
	}
	return nil
}

func (l *Log) page(ctx context.Context, q Query, after int64, done int) (page []Record, err error) {
	size := longestPage
	if q.Limit > 0 {
		size = min(size, q.Limit-done)
	}
	where, args := q.where()
	args = append(args, after)
	where += fmt.Sprintf(" AND seq > $%d ORDER BY seq LIMIT %d", len(args), size)
	err = l.db.InPlatform(ctx, func(tx postgres.Tx) (err error) {
		page, err = read(ctx, tx, where, args)
		return err
	})
	return page, err
}

func (q Query) where() (string, []any) {
	conditions, args := []string{"WHERE true"}, []any(nil)
	add := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, condition+" $"+strconv.Itoa(len(args)))
	}
	if q.TenantID != "" {
		add("tenant_id =", q.TenantID)
	}
	if q.Operation != "" {
		add("operation =", string(q.Operation))
	}
	if q.Actor != "" {
		add("actor =", q.Actor)
	}
	if !q.Since.IsZero() {
		add("at >=", q.Since)
	}
	if !q.Until.IsZero() {
		add("at <", q.Until)
	}
	if q.Before > 0 {
		add("seq <", q.Before)
	}
	return strings.Join(conditions, " AND "), args
}

func read(ctx context.Context, tx postgres.Tx, where string, args []any) ([]Record, error) {
	rows, err := tx.Query(ctx, `
		SELECT seq, at, operation, status, actor, tenant_id, target, address, correlation_id, detail, written_by, previous_hash, hash
		FROM audit_log `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("query the audit log: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

func scan(row pgx.CollectableRow) (Record, error) {
	var (
		r              Record
		previous, hash []byte
	)
	err := row.Scan(&r.Seq, &r.At, &r.Operation, &r.Status, &r.Actor, &r.TenantID, &r.Target, &r.Address, &r.CorrelationID,
		&r.Detail, &r.WrittenBy, &previous, &hash)
	if err != nil {
		return Record{}, fmt.Errorf("read an entry of the audit log: %w", err)
	}
	r.At = r.At.UTC()
	copy(r.PreviousHash[:], previous)
	copy(r.Hash[:], hash)
	return r, nil
}
