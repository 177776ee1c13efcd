package tenantstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// ErrNoPreferences says that the tenant has no such version of its preferences.
var ErrNoPreferences = errors.New("the tenant has no preferences of this version")

// PreferencesVersion is what a tenant's preferences were from one change to the next.
type PreferencesVersion struct {
	// Version is that of the tenant from which on they held.
	Version   int64
	ChangedAt time.Time
	// ChangedBy is who made the change, as the audit log names them; empty when that is not known.
	ChangedBy   string
	Preferences tenant.Preferences
}

type changedBy struct{}

// ChangedBy says in whose name changes are made. It is kept with versions of preferences, and decides nothing.
func ChangedBy(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, changedBy{}, who)
}

// UpdatePreferences replaces a tenant's preferences and nothing else. ErrStale when its version is another than the one given; 0 for
// any. ErrDeleted for a deleted one, ErrInvalid names every key. What it has already is no change.
func (s *Store) UpdatePreferences(ctx context.Context, id string, p tenant.Preferences, version int64, also Also) (Record, error) {
	if err := p.Validate(); err != nil {
		return Record{}, fmt.Errorf("the preferences of tenant %q %w: %w", id, ErrInvalid, err)
	}
	prefs, known, err := storedPreferences(id, p)
	if err != nil {
		return Record{}, err
	}
	return s.change(ctx, "change the preferences of", id, version, also, func(_ postgres.Tx, now Record) (assignments, error) {
		switch {
		case now.Status == StatusDeleted:
			return assignments{}, ErrDeleted
		case len(tenant.ChangedKeys(now.Preferences, p)) == 0:
			return assignments{}, nil
		}
		return assignments{set: "enhancement_prefs = enhancement_prefs - $2::text[] || $3::jsonb", args: []any{known, prefs}}, nil
	})
}

// storedPreferences are preferences as they are stored, and the keys that they take the place of: all that this release knows. Those
// that a newer one has set stay, for one of them may be what keeps a tenant's notes from being posted.
func storedPreferences(id string, p tenant.Preferences) (prefs []byte, known []string, err error) {
	if prefs, err = json.Marshal(p); err != nil {
		return nil, nil, fmt.Errorf("encode the preferences of tenant %s: %w", id, err)
	}
	if known, err = tenant.PreferenceKeys(); err != nil {
		return nil, nil, fmt.Errorf("replace the preferences of tenant %s: %w", id, err)
	}
	return prefs, known, nil
}

// keepPreferences adds a version in the name of who when the preferences are others than those of the latest one.
func keepPreferences(ctx context.Context, tx postgres.Tx, tenantID, who string) error {
	// Of a change by hand that left the tenant's version as it was, there is a version already.
	const query = `
		INSERT INTO tenant_preferences (tenant_id, version, prefs, changed_at, changed_by)
		SELECT tenant_id, version, enhancement_prefs, updated_at, $2 FROM tenant_configs
		WHERE tenant_id = $1 AND enhancement_prefs IS DISTINCT FROM (
			SELECT prefs FROM tenant_preferences WHERE tenant_id = $1 ORDER BY version DESC LIMIT 1)
		ON CONFLICT DO NOTHING`
	if _, err := tx.Exec(ctx, query, tenantID, who); err != nil {
		return fmt.Errorf("keep the version of the preferences: %w", err)
	}
	return nil
}

// nobody is the author of what is found to have changed: by a release that kept no versions, or by hand.
const nobody = ""

// author is whom ctx says that a change is made by.
func author(ctx context.Context) string {
	who, _ := ctx.Value(changedBy{}).(string)
	return who
}

// PreferencesHistory gives at most limit versions of the tenant's preferences below a version, the newest first; 0 for all.
func (s *Store) PreferencesHistory(ctx context.Context, tenantID string, below int64, limit int) ([]PreferencesVersion, error) {
	const query = `
		SELECT version, changed_at, changed_by, prefs FROM tenant_preferences
		WHERE tenant_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3`
	if below == 0 {
		below = math.MaxInt64
	}
	var versions []PreferencesVersion
	err := s.asConsole(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, tenantID, below, limit)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		versions, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (PreferencesVersion, error) { return scanPreferences(row) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the preferences of tenant %q: %w", tenantID, err)
	}
	return versions, nil
}

// PreferencesAt gives the preferences that held in a version of the tenant. ErrNoPreferences when there are none so old, or
// the tenant has not got so far.
func (s *Store) PreferencesAt(ctx context.Context, tenantID string, version int64) (PreferencesVersion, error) {
	const query = `
		SELECT p.version, p.changed_at, p.changed_by, p.prefs FROM tenant_preferences p
		JOIN tenant_configs t ON t.tenant_id = p.tenant_id AND t.version >= $2
		WHERE p.tenant_id = $1 AND p.version <= $2 ORDER BY p.version DESC LIMIT 1`
	var found PreferencesVersion
	err := s.asConsole(ctx, tenantID, func(tx postgres.Tx) (err error) {
		found, err = scanPreferences(tx.QueryRow(ctx, query, tenantID, version))
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrNoPreferences
		}
		return err
	})
	if err != nil {
		return PreferencesVersion{}, fmt.Errorf("read version %d of the preferences of tenant %q: %w", version, tenantID, err)
	}
	return found, nil
}

func scanPreferences(row pgx.Row) (PreferencesVersion, error) {
	var (
		v     PreferencesVersion
		prefs []byte
	)
	if err := row.Scan(&v.Version, &v.ChangedAt, &v.ChangedBy, &prefs); err != nil {
		return PreferencesVersion{}, err
	}
	if err := json.Unmarshal(prefs, &v.Preferences); err != nil {
		return PreferencesVersion{}, fmt.Errorf("decode version %d: %w", v.Version, err)
	}
	return v, nil
}
