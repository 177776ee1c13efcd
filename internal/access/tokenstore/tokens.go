// Package tokenstore owns the tables api_tokens and console_bootstraps: making, finding, listing and revoking API tokens,
// and the exchange of a bootstrap token, which happens once.
package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// KeepEnded is how long a token is listed after it has expired or was revoked.
const KeepEnded = 90 * 24 * time.Hour

// Also is done in the same transaction, with the token that was made or revoked: the entry of the audit log. When it
// fails, nothing has happened.
type Also = func(ctx context.Context, tx postgres.Tx, t access.Token) error

// Tokens reads and writes API tokens.
type Tokens struct {
	db  *postgres.DB
	now func() time.Time
}

// New makes Tokens on a database that is opened as console_user.
func New(db *postgres.DB, now func() time.Time) *Tokens { return &Tokens{db: db, now: now} }

// Create makes a token on behalf of by, and gives its secret, which cannot be had again. It is access.ErrInvalid for one
// that there cannot be and access.ErrExceeds for one that may more than by. Whether by may make tokens at all is for the
// caller to ask.
func (s *Tokens) Create(ctx context.Context, by *access.Principal, n access.NewToken, also Also) (access.Token, tenant.Secret, error) {
	checked, err := n.Checked(by, s.now())
	if err != nil {
		return access.Token{}, "", err
	}
	token, secret, hash := s.issue(by, checked)
	err = s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		if err := insert(ctx, tx, token, hash); err != nil {
			return err
		}
		return after(ctx, tx, token, also)
	})
	if err != nil {
		return access.Token{}, "", fmt.Errorf("create an API token: %w", err)
	}
	return token, secret, nil
}

// issue makes up the token. Its times are in the database's resolution.
func (s *Tokens) issue(by *access.Principal, n access.NewToken) (access.Token, tenant.Secret, access.Hash) {
	id, secret, hash := access.NewSecret()
	now := s.now().UTC().Truncate(time.Microsecond)
	return access.Token{
		ID: id, Name: n.Name, Permissions: n.Permissions, Tenants: n.Tenants, CreatedBy: by.Subject,
		CreatedAt: now, ExpiresAt: now.Add(n.Valid).Truncate(time.Microsecond),
	}, secret, hash
}

func insert(ctx context.Context, tx postgres.Tx, t access.Token, hash access.Hash) error {
	tenants := t.Tenants
	if tenants == nil {
		tenants = []string{} // NULL is not the same as none
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO api_tokens (id, hash, name, permissions, tenants, created_by, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.ID, hash[:], t.Name, t.Permissions, tenants, t.CreatedBy, t.CreatedAt, t.ExpiresAt)
	return err
}

func after(ctx context.Context, tx postgres.Tx, t access.Token, also Also) error {
	if also == nil {
		return nil
	}
	return also(ctx, tx, t)
}

// Revoke ends a token at once, for good. A token that was revoked before stays as it is, and also is not done;
// access.ErrNoToken when there is none.
func (s *Tokens) Revoke(ctx context.Context, id string, also Also) (access.Token, error) {
	if !access.ValidTokenID(id) {
		return access.Token{}, fmt.Errorf("revoke API token %q: %w", id, access.ErrNoToken)
	}
	var token access.Token
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		var err error
		token, _, err = scan(tx.QueryRow(ctx, "SELECT "+columns+" FROM api_tokens WHERE id = $1 FOR UPDATE", id))
		if err != nil || token.RevokedAt != nil {
			return err
		}
		now := s.now().UTC().Truncate(time.Microsecond)
		token.RevokedAt = &now
		if _, err := tx.Exec(ctx, "UPDATE api_tokens SET revoked_at = $2 WHERE id = $1", id, now); err != nil {
			return err
		}
		return after(ctx, tx, token, also)
	})
	if err != nil {
		return access.Token{}, fmt.Errorf("revoke API token %s: %w", id, err)
	}
	return token, nil
}

// Find gives a token and the hash of its secret, whether it is still good or not; access.ErrNoToken when there is none.
func (s *Tokens) Find(ctx context.Context, id string) (access.Token, access.Hash, error) {
	var (
		token access.Token
		hash  access.Hash
	)
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		var err error
		token, hash, err = scan(tx.QueryRow(ctx, "SELECT "+columns+" FROM api_tokens WHERE id = $1", id))
		return err
	})
	if err != nil {
		return access.Token{}, access.Hash{}, fmt.Errorf("find API token %q: %w", id, err)
	}
	return token, hash, nil
}

// Used writes down when a token was last used, unless that was done less than every ago. It does not wait for others who
// work on the token.
func (s *Tokens) Used(ctx context.Context, id string, at time.Time, every time.Duration) error {
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE api_tokens SET last_used_at = $2 WHERE id = (
				SELECT id FROM api_tokens WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)
				FOR NO KEY UPDATE SKIP LOCKED)`, id, at, at.Add(-every))
		return err
	})
	if err != nil {
		return fmt.Errorf("record the use of API token %s: %w", id, err)
	}
	return nil
}

// Prune removes the tokens that expired or were revoked longer than keep ago, and says how many there were.
func (s *Tokens) Prune(ctx context.Context, keep time.Duration) (int64, error) {
	var removed int64
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, "DELETE FROM api_tokens WHERE least(expires_at, revoked_at) < $1", s.now().Add(-keep))
		removed = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("remove API tokens that have ended: %w", err)
	}
	return removed, nil
}

// lasting is how long a token is made for at least whose end somebody has to be told of: one for a day's work is meant to end.
const lasting = 14 * 24 * time.Hour

// NextEnd is when the next token ends, of those that have not ended yet and were made to last for two weeks at least; the zero time when
// none will.
func (s *Tokens) NextEnd(ctx context.Context) (time.Time, error) {
	const query = "SELECT min(expires_at) FROM api_tokens WHERE revoked_at IS NULL AND expires_at > $1 AND expires_at >= created_at + $2::interval"
	var next *time.Time
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, s.now(), lasting).Scan(&next)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("look which API token ends next: %w", err)
	}
	if next == nil {
		return time.Time{}, nil
	}
	return *next, nil
}

// columns are what scan reads.
const columns = "id, hash, name, permissions, tenants, created_by, created_at, expires_at, last_used_at, revoked_at"

func scan(row pgx.Row) (access.Token, access.Hash, error) {
	var (
		t    access.Token
		hash []byte
	)
	err := row.Scan(&t.ID, &hash, &t.Name, &t.Permissions, &t.Tenants, &t.CreatedBy, &t.CreatedAt, &t.ExpiresAt, &t.LastUsedAt, &t.RevokedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return access.Token{}, access.Hash{}, access.ErrNoToken
	}
	if err != nil {
		return access.Token{}, access.Hash{}, err
	}
	return t, access.Hash(hash), nil
}
