package tenantstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Save creates a tenant, or replaces all of it: settings, secrets and status, whatever its version. It is for those who set
// a platform up; who changes one uses the methods that say what they change. A deleted tenant is refused (ErrDeleted).
func (s *Store) Save(ctx context.Context, t tenant.Tenant, c tenant.Credentials) error {
	_, err := s.Create(ctx, t, c, nil)
	if !errors.Is(err, ErrExists) {
		return err
	}
	if err := errors.Join(t.Validate(), c.Validate(t)); err != nil {
		return fmt.Errorf("tenant %q %w: %w", t.ID, ErrInvalid, err)
	}
	if c.KnowledgeAPIKey == "" {
		// Before the settings: a key that stays would have to suit the knowledge base that they name.
		if _, err := s.ReplaceKnowledgeKey(ctx, t.ID, "", 0, nil); err != nil {
			return err
		}
	}
	if _, err := s.UpdateWithKeys(ctx, t, NewKeys{APIKey: c.APIKey, KnowledgeAPIKey: c.KnowledgeAPIKey}, 0, nil); err != nil {
		return err
	}
	if _, err := s.RotateSigningSecret(ctx, t.ID, c.SigningSecret, 0, 0, nil); err != nil && !errors.Is(err, ErrSameSecret) {
		return err
	}
	_, err = s.SetStatus(ctx, t.ID, StatusEnabled, 0, nil)
	return err
}
