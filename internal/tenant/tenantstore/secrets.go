package tenantstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// MaxOverlap is for how long a signing secret may be accepted after it was replaced.
const MaxOverlap = 7 * 24 * time.Hour

// sealedName is the name of the column in the table.
func sealedName(column tenant.Column) string { return string(column) + "_sealed" }

// openStored opens a secret of the tenant as it is stored.
func (s *Store) openStored(ctx context.Context, tx postgres.Tx, id string, column tenant.Column) (tenant.Secret, error) {
	var sealed []byte
	err := tx.QueryRow(ctx, "SELECT "+sealedName(column)+" FROM tenant_configs WHERE tenant_id = $1", id).Scan(&sealed)
	if err != nil {
		return "", err
	}
	return s.sealer.Open(id, column, sealed)
}

// RotateSigningSecret replaces the secret that webhooks are signed with. The one before is accepted for the overlap, by the
// database's clock, besides the new one; with an overlap of 0, for a secret that has leaked, it ends at once. One that was
// still accepted from an earlier rotation ends either way. ErrSameSecret for the current secret, ErrInvalid for one that is
// too short and for an overlap that is negative or above MaxOverlap.
func (s *Store) RotateSigningSecret(ctx context.Context, id string, secret tenant.Secret, overlap time.Duration,
	version int64, also Also,
) (Record, error) {
	err := tenant.ValidateSigningSecret(secret)
	if overlap < 0 || overlap > MaxOverlap {
		err = errors.Join(err, fmt.Errorf("overlap: %s is not between 0 and %s", overlap, MaxOverlap))
	}
	if err != nil {
		return Record{}, fmt.Errorf("the signing secret of tenant %q %w: %w", id, ErrInvalid, err)
	}
	return s.change(ctx, "rotate the signing secret of", id, version, also, func(tx postgres.Tx, now Record) (assignments, error) {
		if now.Status == StatusDeleted {
			return assignments{}, ErrDeleted
		}
		current, err := s.openStored(ctx, tx, id, tenant.ColumnSigningSecret)
		switch {
		case err != nil && overlap > 0:
			return assignments{}, fmt.Errorf("the current secret cannot be kept for an overlap, rotate without one: %w", err)
		case err == nil && current == secret:
			// One that cannot be opened is replaced all the same: that is how to get out of it.
			return assignments{}, ErrSameSecret
		}
		sealed, err := s.sealer.Seal(id, tenant.ColumnSigningSecret, secret)
		if err != nil || overlap == 0 {
			return assignments{
				set: "signing_secret_sealed = $2, signing_secret_changed_at = clock_timestamp(), " +
					"previous_signing_secret_sealed = NULL, previous_signing_secret_until = NULL",
				args: []any{sealed},
			}, err
		}
		previous, err := s.sealer.Seal(id, tenant.ColumnPreviousSigningSecret, current)
		return assignments{
			set: "signing_secret_sealed = $2, signing_secret_changed_at = clock_timestamp(), " +
				"previous_signing_secret_sealed = $3, previous_signing_secret_until = clock_timestamp() + $4::interval",
			args: []any{sealed, previous, overlap},
		}, err
	})
}

// ReplaceAPIKey replaces the key of the tenant's ServiceDesk Plus; ErrInvalid when it does not suit the edition.
func (s *Store) ReplaceAPIKey(ctx context.Context, id string, key tenant.Secret, version int64, also Also) (Record, error) {
	return s.replace(ctx, id, tenant.ColumnAPIKey, key, version, also, func(now Record) error {
		return tenant.ValidateAPIKey(now.Profile, key)
	})
}

// ReplaceKnowledgeKey replaces the key of the tenant's knowledge base; an empty one removes it.
func (s *Store) ReplaceKnowledgeKey(ctx context.Context, id string, key tenant.Secret, version int64, also Also) (Record, error) {
	return s.replace(ctx, id, tenant.ColumnKnowledgeAPIKey, key, version, also, func(Record) error { return nil })
}

func (s *Store) replace(ctx context.Context, id string, column tenant.Column, secret tenant.Secret, version int64, also Also,
	validate func(Record) error,
) (Record, error) {
	return s.change(ctx, "replace the "+string(column)+" of", id, version, also, func(_ postgres.Tx, now Record) (assignments, error) {
		if now.Status == StatusDeleted {
			return assignments{}, ErrDeleted
		}
		if err := validate(now); err != nil {
			return assignments{}, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		sealed, err := s.sealer.Seal(id, column, secret)
		return assignments{
			set:  sealedName(column) + " = $2, " + string(column) + "_changed_at = clock_timestamp()",
			args: []any{sealed},
		}, err
	})
}
