// Package tenantstore owns the table tenant_configs: saving and loading tenants and their sealed
// credentials.
package tenantstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Store reads and writes tenants.
type Store struct {
	db     *postgres.DB
	sealer *tenant.Sealer
	decoy  func() (sealed, error)
}

// New makes a Store.
func New(db *postgres.DB, sealer *tenant.Sealer) *Store {
	s := &Store{db: db, sealer: sealer}
	s.decoy = sync.OnceValues(func() (sealed, error) {
		random := tenant.Secret(rand.Text())
		return s.seal(tenant.Tenant{ID: noTenant}, tenant.Credentials{APIKey: random, SigningSecret: random, KnowledgeAPIKey: random})
	})
	return s
}

// Save creates or replaces a tenant. Errors of validation name every field at once.
func (s *Store) Save(ctx context.Context, t tenant.Tenant, c tenant.Credentials) error {
	if err := errors.Join(t.Validate(), c.Validate(t)); err != nil {
		return fmt.Errorf("tenant %q is not valid: %w", t.ID, err)
	}
	row, err := s.seal(t, c)
	if err != nil {
		return err
	}
	prefs, err := json.Marshal(t.Preferences)
	if err != nil {
		return fmt.Errorf("encode the preferences of tenant %s: %w", t.ID, err)
	}
	const upsert = `
		INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, technician_id, kb_url,
		                            api_key_sealed, signing_secret_sealed, kb_api_key_sealed, enhancement_prefs)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (tenant_id) DO UPDATE SET
			name = excluded.name, enabled = true, servicedesk_url = excluded.servicedesk_url,
			servicedesk_profile = excluded.servicedesk_profile, technician_id = excluded.technician_id,
			kb_url = excluded.kb_url, api_key_sealed = excluded.api_key_sealed,
			signing_secret_sealed = excluded.signing_secret_sealed, kb_api_key_sealed = excluded.kb_api_key_sealed,
			enhancement_prefs = excluded.enhancement_prefs, updated_at = now()`
	err = s.db.InTenant(ctx, t.ID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, upsert, t.ID, t.Name, t.ServiceDeskURL, t.Profile, t.TechnicianID, t.KnowledgeURL,
			row.apiKey, row.signingSecret, row.kbAPIKey, prefs)
		return err
	})
	if err != nil {
		return fmt.Errorf("save tenant %s: %w", t.ID, err)
	}
	return nil
}

// Get loads an enabled tenant and opens its credentials; tenant.ErrNotFound when there is none, which takes the
// same steps, so that the time it took does not tell.
func (s *Store) Get(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, error) {
	if !tenant.ValidID(id) {
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("tenant %q: %w", id, tenant.ErrNotFound)
	}
	const query = `
		SELECT tenant_id, name, servicedesk_url, servicedesk_profile, technician_id, kb_url, enhancement_prefs, updated_at,
		       api_key_sealed, signing_secret_sealed, kb_api_key_sealed
		FROM tenant_configs WHERE tenant_id = $1 AND enabled`
	var (
		t     tenant.Tenant
		row   sealed
		prefs []byte
	)
	err := s.db.InTenant(ctx, id, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, id).Scan(&t.ID, &t.Name, &t.ServiceDeskURL, &t.Profile, &t.TechnicianID,
			&t.KnowledgeURL, &prefs, &t.UpdatedAt, &row.apiKey, &row.signingSecret, &row.kbAPIKey)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		s.openDecoy()
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("tenant %s: %w", id, tenant.ErrNotFound)
	}
	if err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("load tenant %s: %w", id, err)
	}
	if err := json.Unmarshal(prefs, &t.Preferences); err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("decode the preferences of tenant %s: %w", id, err)
	}
	c, err := s.open(t.ID, row)
	if err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, err
	}
	return t, c, nil
}

// noTenant is what a transaction belongs to that sees no tenant's rows: ids do not begin with a hyphen.
const noTenant = "-"

// Enabled lists the ids of all enabled tenants, sorted: what there is to do in the background. Nothing but the
// ids can be had across tenants.
func (s *Store) Enabled(ctx context.Context) ([]string, error) {
	var ids []string
	err := s.db.InTenant(ctx, noTenant, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT enabled_tenants()")
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the enabled tenants: %w", err)
	}
	return ids, nil
}

type sealed struct {
	apiKey, signingSecret, kbAPIKey []byte
}

func (s *Store) seal(t tenant.Tenant, c tenant.Credentials) (sealed, error) {
	var (
		row sealed
		err error
	)
	for _, f := range []struct {
		column tenant.Column
		from   tenant.Secret
		to     *[]byte
	}{
		{tenant.ColumnAPIKey, c.APIKey, &row.apiKey},
		{tenant.ColumnSigningSecret, c.SigningSecret, &row.signingSecret},
		{tenant.ColumnKnowledgeAPIKey, c.KnowledgeAPIKey, &row.kbAPIKey},
	} {
		if *f.to, err = s.sealer.Seal(t.ID, f.column, f.from); err != nil {
			return sealed{}, fmt.Errorf("save tenant %s: %w", t.ID, err)
		}
	}
	return row, nil
}

// openDecoy does what open does, to no end.
func (s *Store) openDecoy() {
	if row, err := s.decoy(); err == nil {
		_, _ = s.open(noTenant, row)
	}
}

func (s *Store) open(id string, row sealed) (tenant.Credentials, error) {
	var (
		c   tenant.Credentials
		err error
	)
	for _, f := range []struct {
		column tenant.Column
		from   []byte
		to     *tenant.Secret
	}{
		{tenant.ColumnAPIKey, row.apiKey, &c.APIKey},
		{tenant.ColumnSigningSecret, row.signingSecret, &c.SigningSecret},
		{tenant.ColumnKnowledgeAPIKey, row.kbAPIKey, &c.KnowledgeAPIKey},
	} {
		if *f.to, err = s.sealer.Open(id, f.column, f.from); err != nil {
			return tenant.Credentials{}, fmt.Errorf("load tenant %s: %w", id, err)
		}
	}
	return c, nil
}
