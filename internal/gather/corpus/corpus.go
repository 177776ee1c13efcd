// Package corpus owns what the tables have in common whose rows are found by their text, past tickets and
// articles: rows and search index change in one transaction, what has not changed is not written, and each row
// remembers where it came from.
package corpus

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search"
)

// Table is such a table: its name, the column that identifies a row within a tenant, and, in SQL, which of its rows
// are searched and by what.
type Table struct {
	Name, Key, Searchable, Title, Body string
	Collection                         search.Collection
}

// Row is a row as far as this package must know it.
type Row struct {
	ID string
	// Text is what it is found by.
	Text search.Document
	// Searchable is false for a row that is kept and not searched.
	Searchable bool
	// Digest is of all fields but UpdatedAt: a row with the digest it already has is not written.
	Digest    []byte
	UpdatedAt time.Time
}

// Write inserts rows or replaces them; documents holds the index's number for each, nil for one that is not
// searched. It is called in the tenant's transaction.
type Write func(ctx context.Context, tx postgres.Tx, rows []int, documents []*int32) error

// sql puts the table's names into a statement. They are constants of this repository.
func (t Table) sql(statement string) string {
	return strings.NewReplacer("{table}", t.Name, "{key}", t.Key, "{searchable}", t.Searchable,
		"{title}", t.Title, "{body}", t.Body).Replace(statement)
}

// Store keeps the rows of a Table.
type Store struct {
	table Table
	db    *postgres.DB
}

// NewStore makes a Store.
func NewStore(db *postgres.DB, table Table) Store { return Store{table: table, db: db} }

// PutRows writes the tenant's rows, all or none. Of rows with one id the last counts. A row that came from ServiceDesk Plus
// keeps that origin when it is put again from a file.
func (s Store) PutRows(ctx context.Context, tenantID string, origin gather.Origin, rows []Row, write Write) (gather.Change, error) {
	if len(rows) == 0 {
		return gather.Change{}, nil
	}
	last := make(map[string]int, len(rows))
	for i, r := range rows {
		last[r.ID] = i
	}
	var change gather.Change
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if err := s.table.Collection.Lock(ctx, tx); err != nil {
			return err
		}
		stored, err := s.table.stored(ctx, tx, slices.Sorted(maps.Keys(last)))
		if err != nil {
			return err
		}
		p := plan{table: s.table, origin: origin, rows: rows, stored: stored}
		for i, r := range rows {
			if last[r.ID] == i {
				p.add(i)
			}
		}
		change = p.change
		return p.carryOut(ctx, tx, write)
	})
	if err != nil {
		return gather.Change{}, fmt.Errorf("put %d rows into %s for tenant %s: %w", len(rows), s.table.Name, tenantID, err)
	}
	return change, nil
}

// The statements of this package look rows up one by one, by a lateral join or in a batch: of a tenant that is newer than
// the statistics, the planner believes that it has no rows, and would rather read all of them than look any up.

// storedRow is what is known of a row before it is put.
type storedRow struct {
	digest    []byte
	document  *int32
	updatedAt *time.Time
	origin    gather.Origin
}

func (t Table) stored(ctx context.Context, tx postgres.Tx, ids []string) (map[string]storedRow, error) {
	rows, err := tx.Query(ctx, t.sql(`
		SELECT w.id, t.digest, t.document, t.updated_at, t.origin
		FROM unnest($1::text[]) AS w (id)
		CROSS JOIN LATERAL (SELECT digest, document, updated_at, origin FROM {table} WHERE {key} = w.id LIMIT 1) AS t`), ids)
	if err != nil {
		return nil, fmt.Errorf("read what is there: %w", err)
	}
	stored := make(map[string]storedRow)
	for rows.Next() {
		var (
			id string
			s  storedRow
		)
		if err := rows.Scan(&id, &s.digest, &s.document, &s.updatedAt, &s.origin); err != nil {
			return nil, fmt.Errorf("read what is there: %w", err)
		}
		stored[id] = s
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what is there: %w", err)
	}
	return stored, nil
}
