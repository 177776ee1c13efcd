// Package tenantstore owns the table tenant_configs: tenants and their sealed credentials, from their creation to the purge
// of everything that was theirs.
//
// Gateway and enhancer read: Get, Load, Enabled, EnabledOf. All else takes the console's role, and says so when it is given another.
// A change is one transaction, with whatever the caller adds to it (Also), and grows the tenant's version, to one that no
// tenant ever had; every change goes through Store.change, which is why that is done in its statement and not in a trigger: a trigger would have to be told
// that re-sealing a secret is no change.
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
	decoy  func() (Sealed, error)
	// batch is how many rows of a table a purge removes in one transaction.
	batch int64
}

// New makes a Store.
func New(db *postgres.DB, sealer *tenant.Sealer) *Store {
	const batch = 10_000 // well below a second
	s := &Store{db: db, sealer: sealer, batch: batch}
	s.decoy = sync.OnceValues(func() (Sealed, error) {
		random := tenant.Secret(rand.Text())
		row, err := seal(sealer, noTenant, tenant.Credentials{APIKey: random, SigningSecret: random, KnowledgeAPIKey: random})
		if err != nil {
			return Sealed{}, err
		}
		sealed := Sealed{Tenant: tenant.Tenant{ID: noTenant}, secrets: row}
		return sealed, sealed.vouch(sealer)
	})
	return s
}

// Get loads an enabled tenant and opens its credentials; tenant.ErrNotFound when there is none, which takes the
// same steps, so that the time it took does not tell.
func (s *Store) Get(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, error) {
	sealed, err := s.load(ctx, id, onlyEnabled)
	if errors.Is(err, tenant.ErrNotFound) {
		if decoy, err := s.decoy(); err == nil {
			_, _ = decoy.secrets.open(s.sealer, noTenant)
		}
	}
	return s.opened(sealed, err)
}

// GetAny is Get for a tenant of whatever status: for looking at a tenant's settings, and not for working for it.
func (s *Store) GetAny(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, error) {
	return s.opened(s.load(ctx, id, ""))
}

func (s *Store) opened(sealed Sealed, err error) (tenant.Tenant, tenant.Credentials, error) {
	if err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, err
	}
	id := sealed.ID
	credentials, err := sealed.secrets.open(s.sealer, id)
	if err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("load tenant %s: %w", id, err)
	}
	return sealed.Tenant, credentials, nil
}

// Load is Get for a cache: it leaves the credentials sealed. tenant.ErrNotFound when there is no such tenant that is
// enabled, which takes as long as to load one and to open it.
func (s *Store) Load(ctx context.Context, id string) (Sealed, error) {
	sealed, err := s.load(ctx, id, onlyEnabled)
	if errors.Is(err, tenant.ErrNotFound) {
		s.OpenDecoy()
	}
	if err != nil {
		return Sealed{}, err
	}
	return sealed, sealed.vouch(s.sealer)
}

// OpenDecoy takes as long as Sealed.Open, to no end: for a cache that knows already that there is no such tenant.
func (s *Store) OpenDecoy() {
	if decoy, err := s.decoy(); err == nil {
		_, _, _ = decoy.Open(s.sealer)
	}
}

// onlyEnabled is a condition of load.
const onlyEnabled = " AND enabled"

func (s *Store) load(ctx context.Context, id, condition string) (Sealed, error) {
	if !tenant.ValidID(id) {
		return Sealed{}, fmt.Errorf("tenant %q: %w", id, tenant.ErrNotFound)
	}
	const query = `
		SELECT tenant_id, name, servicedesk_url, servicedesk_profile, technician_id, kb_url, enhancement_prefs, version, updated_at,
		       api_key_sealed, signing_secret_sealed, kb_api_key_sealed, previous_signing_secret_sealed, previous_signing_secret_until, enhancer
		FROM tenant_configs WHERE tenant_id = $1`
	var (
		loaded Sealed
		prefs  []byte
	)
	t, row := &loaded.Tenant, &loaded.secrets
	err := s.db.InTenant(ctx, id, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query+condition, id).Scan(&t.ID, &t.Name, &t.ServiceDeskURL, &t.Profile, &t.TechnicianID, &t.KnowledgeURL,
			&prefs, &t.Version, &t.UpdatedAt, &row.apiKey, &row.signingSecret, &row.kbAPIKey, &row.previous, &row.previousUntil, &t.Enhancer)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Sealed{}, fmt.Errorf("tenant %s: %w", id, tenant.ErrNotFound)
	}
	if err != nil {
		return Sealed{}, fmt.Errorf("load tenant %s: %w", id, err)
	}
	if err := json.Unmarshal(prefs, &t.Preferences); err != nil {
		return Sealed{}, fmt.Errorf("decode the preferences of tenant %s: %w", id, err)
	}
	return loaded, nil
}

// noTenant is an id that no tenant has: ids do not begin with a hyphen.
const noTenant = "-"

// Enabled lists the ids of all enabled tenants, sorted: what there is to do in the background. Nothing but the
// ids can be had across tenants.
func (s *Store) Enabled(ctx context.Context) ([]string, error) {
	var ids []string
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
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

// EnabledOf is Enabled for those that are assigned to the enhancer of that name.
func (s *Store) EnabledOf(ctx context.Context, enhancer string) ([]string, error) {
	var ids []string
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT enabled_tenants($1)", enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the enabled tenants of enhancer %q: %w", enhancer, err)
	}
	return ids, nil
}
