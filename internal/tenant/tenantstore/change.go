package tenantstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Also is done in the transaction of a change, as its last step: with its error, nothing is changed. It is where the change
// is entered into the audit log. Nil for nothing.
type Also = func(ctx context.Context, tx postgres.Tx) error

// Create adds a tenant, enabled. ErrExists when there is one of that id, a deleted one too; ErrInvalid names every field.
func (s *Store) Create(ctx context.Context, t tenant.Tenant, c tenant.Credentials, also Also) (Record, error) {
	if err := errors.Join(t.Validate(), c.Validate(t)); err != nil {
		return Record{}, fmt.Errorf("tenant %q %w: %w", t.ID, ErrInvalid, err)
	}
	row, err := seal(s.sealer, t.ID, c)
	if err != nil {
		return Record{}, fmt.Errorf("create tenant %s: %w", t.ID, err)
	}
	prefs, err := json.Marshal(t.Preferences)
	if err != nil {
		return Record{}, fmt.Errorf("encode the preferences of tenant %s: %w", t.ID, err)
	}
	const insert = `
		INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, technician_id, kb_url, enhancement_prefs,
		                            api_key_sealed, api_key_changed_at, signing_secret_sealed, signing_secret_changed_at,
		                            kb_api_key_sealed, kb_api_key_changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), $9, now(), $10, CASE WHEN $10::bytea IS NOT NULL THEN now() END)
		ON CONFLICT DO NOTHING
		RETURNING ` + recordColumns
	var record Record
	err = s.asConsole(ctx, t.ID, func(tx postgres.Tx) error {
		var err error
		record, err = scanRecord(tx.QueryRow(ctx, insert, t.ID, t.Name, t.ServiceDeskURL, t.Profile, t.TechnicianID, t.KnowledgeURL,
			prefs, row.apiKey, row.signingSecret, row.kbAPIKey))
		if errors.Is(err, pgx.ErrNoRows) {
			return existing(ctx, tx, t.ID)
		}
		if err != nil {
			return err
		}
		if err := keepPreferences(ctx, tx, t.ID, author(ctx)); err != nil {
			return err
		}
		return run(ctx, tx, also)
	})
	if err != nil {
		return Record{}, fmt.Errorf("create tenant %s: %w", t.ID, err)
	}
	return record, nil
}

// existing says what stands in the way of a new tenant.
func existing(ctx context.Context, tx postgres.Tx, id string) error {
	var deleted bool
	err := tx.QueryRow(ctx, "SELECT deleted_at IS NOT NULL FROM tenant_configs WHERE tenant_id = $1", id).Scan(&deleted)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("look at the existing one: %w", err)
	}
	if deleted {
		return fmt.Errorf("%w: it is deleted; restore it, or purge it first", ErrExists)
	}
	return ErrExists
}

func run(ctx context.Context, tx postgres.Tx, also Also) error {
	if also == nil {
		return nil
	}
	return also(ctx, tx)
}

// assignments are the SET part of an UPDATE, whose parameters begin with $2; empty for a change that is none.
type assignments struct {
	set  string
	args []any
}

// nextVersion is above every version that any tenant has had, a purged one of the same id too: else a copy, a client or an
// If-Match of that one would pass for the new one's. The column's default is the same.
const nextVersion = "nextval('tenant_versions')"

// change is the way of every change: it locks the row, compares versions, has decide say what to set, and does that and also
// in one transaction. A change that sets nothing does not grow the version. A version of 0 is any.
func (s *Store) change(ctx context.Context, what, id string, version int64, also Also,
	decide func(tx postgres.Tx, now Record) (assignments, error),
) (Record, error) {
	var record Record
	err := s.asConsole(ctx, id, func(tx postgres.Tx) error {
		now, err := lock(ctx, tx, id, version)
		if err != nil {
			return err
		}
		to, err := decide(tx, now)
		if err != nil {
			return err
		}
		record = now
		if to.set != "" {
			record, err = set(ctx, tx, id, to)
		}
		if err != nil {
			return err
		}
		return run(ctx, tx, also)
	})
	if err != nil {
		return Record{}, fmt.Errorf("%s tenant %q: %w", what, id, err)
	}
	return record, nil
}

// set makes the assignments, and keeps a version of the preferences that they make; and of those that were there, if none was kept:
// else what another changed before would bear this one's name.
func set(ctx context.Context, tx postgres.Tx, id string, to assignments) (Record, error) {
	if err := keepPreferences(ctx, tx, id, nobody); err != nil {
		return Record{}, err
	}
	// The time is that of the statement: with that of the transaction's begin, which may have waited for the lock,
	// a later change could bear an earlier time.
	record, err := scanRecord(tx.QueryRow(ctx, "UPDATE tenant_configs SET "+to.set+
		", version = "+nextVersion+", updated_at = clock_timestamp() WHERE tenant_id = $1 RETURNING "+recordColumns,
		append([]any{id}, to.args...)...))
	if err != nil {
		return Record{}, err
	}
	return record, keepPreferences(ctx, tx, id, author(ctx))
}

// lock keeps others from changing the tenant until the transaction ends, but not from adding rows that refer to it.
func lock(ctx context.Context, tx postgres.Tx, id string, version int64) (Record, error) {
	now, err := scanRecord(tx.QueryRow(ctx, "SELECT "+recordColumns+" FROM tenant_configs WHERE tenant_id = $1 FOR NO KEY UPDATE", id))
	if err != nil {
		return Record{}, err
	}
	if version != 0 && version != now.Version {
		return Record{}, &StaleError{TenantID: id, Version: now.Version}
	}
	return now, nil
}

// SetStatus enables, disables or deletes a tenant; to delete is to mark, nothing goes before Purge. A tenant that has the
// status already stays as it is. A deleted one is not brought back by this but by Restore (ErrDeleted), because not everyone
// who may disable a tenant may do that.
func (s *Store) SetStatus(ctx context.Context, id string, status Status, version int64, also Also) (Record, error) {
	if !status.valid() {
		return Record{}, fmt.Errorf("change the status of tenant %q: the status %q %w", id, status, ErrInvalid)
	}
	return s.change(ctx, "change the status of", id, version, also, func(_ postgres.Tx, now Record) (assignments, error) {
		switch {
		case now.Status == status:
			return assignments{}, nil
		case now.Status == StatusDeleted:
			return assignments{}, ErrDeleted
		case status == StatusDeleted:
			return assignments{set: "enabled = false, deleted_at = clock_timestamp()"}, nil
		default:
			return assignments{set: "enabled = $2", args: []any{status == StatusEnabled}}, nil
		}
	})
}

// Restore brings a deleted tenant back, disabled. ErrNotDeleted when it is not deleted, ErrPurging when it is too late.
func (s *Store) Restore(ctx context.Context, id string, version int64, also Also) (Record, error) {
	return s.change(ctx, "restore", id, version, also, func(_ postgres.Tx, now Record) (assignments, error) {
		switch {
		case now.Status != StatusDeleted:
			return assignments{}, ErrNotDeleted
		case now.PurgeStartedAt != nil:
			return assignments{}, ErrPurging
		}
		return assignments{set: "deleted_at = NULL"}, nil
	})
}
