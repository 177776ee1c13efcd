package tenantstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// NewKeys are set together with the settings that they belong to; an empty one stays as it is.
type NewKeys struct {
	APIKey, KnowledgeAPIKey tenant.Secret
}

// Update replaces all of a tenant but its secrets and its status. ErrStale when its version is another than the one given;
// 0 for any. ErrDeleted for a deleted one, ErrKeyNeeded for what UpdateWithKeys is for.
func (s *Store) Update(ctx context.Context, t tenant.Tenant, version int64, also Also) (Record, error) {
	return s.UpdateWithKeys(ctx, t, NewKeys{}, version, also)
}

// UpdateWithKeys is Update that sets keys in the same change. A stored key is for the server that it was stored for: who
// changes the server or the edition has to bring the key for it (KeyNeededError), or a key that cannot be read could be had
// by sending it elsewhere. A tenant without a knowledge base keeps no key of one.
func (s *Store) UpdateWithKeys(ctx context.Context, t tenant.Tenant, keys NewKeys, version int64, also Also) (Record, error) {
	if err := t.Validate(); err != nil {
		return Record{}, fmt.Errorf("tenant %q %w: %w", t.ID, ErrInvalid, err)
	}
	if err := keys.Validate(t); err != nil {
		return Record{}, fmt.Errorf("tenant %q %w: %w", t.ID, ErrInvalid, err)
	}
	prefs, known, err := storedPreferences(t.ID, t.Preferences)
	if err != nil {
		return Record{}, err
	}
	return s.change(ctx, "update", t.ID, version, also, func(_ postgres.Tx, now Record) (assignments, error) {
		if now.Status == StatusDeleted {
			return assignments{}, ErrDeleted
		}
		if err := keys.suffice(now, t); err != nil {
			return assignments{}, err
		}
		to := assignments{
			set: "name = $2, servicedesk_url = $3, servicedesk_profile = $4, technician_id = $5, kb_url = $6, " +
				"enhancement_prefs = enhancement_prefs - $7::text[] || $8::jsonb",
			args: []any{t.Name, t.ServiceDeskURL, t.Profile, t.TechnicianID, t.KnowledgeURL, known, prefs},
		}
		if keys.APIKey != "" {
			if err := s.setSecret(&to, t.ID, tenant.ColumnAPIKey, keys.APIKey); err != nil {
				return assignments{}, err
			}
		}
		if keys.KnowledgeAPIKey != "" || t.KnowledgeURL == "" && now.KnowledgeAPIKey.Set {
			if err := s.setSecret(&to, t.ID, tenant.ColumnKnowledgeAPIKey, keys.KnowledgeAPIKey); err != nil {
				return assignments{}, err
			}
		}
		return to, nil
	})
}

// setSecret adds a secret to what is set; an empty one is removed.
func (s *Store) setSecret(to *assignments, id string, column tenant.Column, secret tenant.Secret) error {
	sealed, err := s.sealer.Seal(id, column, secret)
	if err != nil {
		return err
	}
	to.args = append(to.args, sealed)
	// $1 is the tenant.
	to.set += fmt.Sprintf(", %s = $%d, %s_changed_at = clock_timestamp()", sealedName(column), len(to.args)+1, column)
	return nil
}

// Validate says what is wrong with the keys of t, field by field.
func (k NewKeys) Validate(t tenant.Tenant) error {
	var errs []error
	if k.APIKey != "" {
		errs = append(errs, tenant.ValidateAPIKey(t.Profile, k.APIKey))
	}
	if k.KnowledgeAPIKey != "" && t.KnowledgeURL == "" {
		errs = append(errs, errors.New("kb_api_key: there is no kb_url that it is for"))
	}
	return errors.Join(errs...)
}

// suffice says which keys are missing for a change from now to t.
func (k NewKeys) suffice(now Record, t tenant.Tenant) error {
	var missing []string
	if k.APIKey == "" && (now.Profile != t.Profile || !tenant.SameServer(now.ServiceDeskURL, t.ServiceDeskURL)) {
		missing = append(missing, "api_key")
	}
	if k.KnowledgeAPIKey == "" && now.KnowledgeAPIKey.Set && t.KnowledgeURL != "" && !tenant.SameServer(now.KnowledgeURL, t.KnowledgeURL) {
		missing = append(missing, "kb_api_key")
	}
	if len(missing) > 0 {
		return &KeyNeededError{Keys: missing}
	}
	return nil
}

// KeyNeededError is ErrKeyNeeded with the keys that are missing, by their names in the API: api_key, kb_api_key.
type KeyNeededError struct{ Keys []string }

func (e *KeyNeededError) Error() string {
	return fmt.Sprintf("%v: %s", ErrKeyNeeded, strings.Join(e.Keys, ", "))
}

// Unwrap makes it an ErrKeyNeeded.
func (*KeyNeededError) Unwrap() error { return ErrKeyNeeded }
