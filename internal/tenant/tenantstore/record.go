package tenantstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Status says what may be done with a tenant.
type Status string

// The states of a tenant.
const (
	StatusEnabled Status = "enabled"
	// StatusDisabled: webhooks are refused and nothing is done in the background; the data stays.
	StatusDisabled Status = "disabled"
	// StatusDeleted: disabled, and may be restored or purged.
	StatusDeleted Status = "deleted"
)

// Record is all that may be shown of a tenant, whatever its status.
type Record struct {
	tenant.Tenant

	Status    Status
	CreatedAt time.Time
	// DeletedAt and PurgeStartedAt are nil unless the tenant is deleted, and its purge has begun.
	DeletedAt      *time.Time
	PurgeStartedAt *time.Time

	APIKey, SigningSecret, KnowledgeAPIKey SecretState
	// PreviousSigningSecretUntil is when the signing secret before the present one ceases to be accepted; nil when there
	// is none that is.
	PreviousSigningSecretUntil *time.Time
}

// SecretState is what may be known of a secret.
type SecretState struct {
	Set bool
	// ChangedAt is when it was set, replaced or removed; nil when that is not known, because it was before this was kept.
	ChangedAt *time.Time
}

// recordColumns are what scanRecord reads.
const recordColumns = `
	tenant_id, name, servicedesk_url, servicedesk_profile, technician_id, kb_url, enhancement_prefs, version, updated_at,
	CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN enabled THEN 'enabled' ELSE 'disabled' END,
	created_at, deleted_at, purge_started_at,
	api_key_sealed <> '', api_key_changed_at, signing_secret_sealed <> '', signing_secret_changed_at,
	coalesce(kb_api_key_sealed, '') <> '', kb_api_key_changed_at, enhancer,
	CASE WHEN previous_signing_secret_until > clock_timestamp() THEN previous_signing_secret_until END`

func scanRecord(row pgx.Row) (Record, error) {
	var (
		r     Record
		prefs []byte
	)
	err := row.Scan(&r.ID, &r.Name, &r.ServiceDeskURL, &r.Profile, &r.TechnicianID, &r.KnowledgeURL, &prefs, &r.Version, &r.UpdatedAt,
		&r.Status, &r.CreatedAt, &r.DeletedAt, &r.PurgeStartedAt,
		&r.APIKey.Set, &r.APIKey.ChangedAt, &r.SigningSecret.Set, &r.SigningSecret.ChangedAt,
		&r.KnowledgeAPIKey.Set, &r.KnowledgeAPIKey.ChangedAt, &r.Enhancer, &r.PreviousSigningSecretUntil)
	if err != nil {
		return Record{}, err
	}
	if err := json.Unmarshal(prefs, &r.Preferences); err != nil {
		return Record{}, fmt.Errorf("decode the preferences of tenant %s: %w", r.ID, err)
	}
	return r, nil
}

// Read gives a tenant of any status; tenant.ErrNotFound when there is none.
func (s *Store) Read(ctx context.Context, id string) (Record, error) {
	var record Record
	err := s.asConsole(ctx, id, func(tx postgres.Tx) error {
		var err error
		record, err = scanRecord(tx.QueryRow(ctx, "SELECT "+recordColumns+" FROM tenant_configs WHERE tenant_id = $1", id))
		return err
	})
	if err != nil {
		return Record{}, fmt.Errorf("read tenant %q: %w", id, err)
	}
	return record, nil
}

// List says which tenants to list.
type List struct {
	// After is the last id of the page before; empty for the first page.
	After string
	// Limit is how many to give at most, at least 1.
	Limit int
	// Status is empty for all.
	Status Status
}

// List lists tenants in the order of their ids.
func (s *Store) List(ctx context.Context, list List) ([]Record, error) {
	switch {
	case list.After != "" && !tenant.ValidID(list.After):
		return nil, fmt.Errorf("list tenants: the place to go on from, %q, %w", list.After, ErrInvalid)
	case list.Limit < 1:
		return nil, fmt.Errorf("list tenants: the limit %d %w: ask for one at least", list.Limit, ErrInvalid)
	case list.Status != "" && !list.Status.valid():
		return nil, fmt.Errorf("list tenants: the status %q %w", list.Status, ErrInvalid)
	}
	const query = `
		SELECT ` + recordColumns + `
		FROM tenant_configs
		WHERE tenant_id > $1 AND ($2 = '' OR $2 = CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN enabled THEN 'enabled' ELSE 'disabled' END)
		ORDER BY tenant_id LIMIT $3`
	var records []Record
	err := s.asConsole(ctx, anyTenant, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, list.After, string(list.Status), list.Limit)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		records, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Record, error) { return scanRecord(row) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return records, nil
}

func (s Status) valid() bool { return s == StatusEnabled || s == StatusDisabled || s == StatusDeleted }

// anyTenant has asConsole work across tenants.
const anyTenant = ""

// asConsole runs fn in a transaction of the tenant, or of none (anyTenant). A role that sees one tenant only is refused with
// ErrNotConsole: to it, others would seem not to exist, which is no basis to say that a key is no longer needed. No rows
// are tenant.ErrNotFound.
func (s *Store) asConsole(ctx context.Context, id string, fn func(postgres.Tx) error) error {
	switch {
	case id == anyTenant:
		return ifConsole(ctx, s.db.InPlatform, fn)
	case !tenant.ValidID(id):
		return tenant.ErrNotFound
	}
	return ifConsole(ctx, func(ctx context.Context, fn func(postgres.Tx) error) error { return s.db.InTenant(ctx, id, fn) }, fn)
}

func ifConsole(ctx context.Context, in func(context.Context, func(postgres.Tx) error) error, fn func(postgres.Tx) error) error {
	err := in(ctx, func(tx postgres.Tx) error {
		var console bool
		err := tx.QueryRow(ctx, "SELECT pg_has_role(current_user, $1, 'USAGE')", postgres.RoleConsole).Scan(&console)
		if err != nil {
			return fmt.Errorf("look at the database role: %w", err)
		}
		if !console {
			return ErrNotConsole
		}
		return fn(tx)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return tenant.ErrNotFound
	}
	return err
}
