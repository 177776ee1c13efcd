package tokenstore

import (
	"context"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Bootstrap exchanges the bootstrap token for an API token with all permissions. stored is the present value in the secret
// store and shown what the client has. It is access.ErrUnauthenticated when they differ or there is none, and
// access.ErrBootstrapUsed when that value was exchanged before: of several at once, one gets a token.
func (s *Tokens) Bootstrap(ctx context.Context, stored tenant.Secret, shown string, also Also) (access.Token, tenant.Secret, error) {
	used, err := access.MatchBootstrap(stored, shown)
	if err != nil {
		return access.Token{}, "", err
	}
	wanted, by := access.BootstrapToken()
	token, secret, hash := s.issue(by, wanted)
	err = s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		// Another transaction with the same value is waited for: if it commits, it was first.
		tag, err := tx.Exec(ctx, `
			INSERT INTO console_bootstraps (hash, used_at, token_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			used[:], token.CreatedAt, token.ID)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return access.ErrBootstrapUsed
		}
		if err := insert(ctx, tx, token, hash); err != nil {
			return err
		}
		return after(ctx, tx, token, also)
	})
	if err != nil {
		return access.Token{}, "", fmt.Errorf("exchange the bootstrap token: %w", err)
	}
	return token, secret, nil
}
