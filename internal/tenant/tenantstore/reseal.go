package tenantstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// sealedValues are all sealed values of all tenants, one a row. What a key seals begins with five bytes that name it.
const sealedValues = `
	tenant_configs CROSS JOIN LATERAL (VALUES
		('` + string(tenant.ColumnAPIKey) + `', api_key_sealed),
		('` + string(tenant.ColumnSigningSecret) + `', signing_secret_sealed),
		('` + string(tenant.ColumnKnowledgeAPIKey) + `', kb_api_key_sealed),
		('` + string(tenant.ColumnPreviousSigningSecret) + `', previous_signing_secret_sealed)
	) AS v (sealed_column, sealed)`

const keyOf = `substring(sealed FROM 1 FOR 5)`

// sealedValue is a row of sealedValues.
type sealedValue struct {
	tenantID string
	column   tenant.Column
	sealed   []byte
}

// Reseal seals values anew that are sealed with other keys than the primary one, at most limit of them, and says how many it
// did and how many are left that a key of the keyset has sealed. It changes neither version nor time, and where a value is
// replaced at the same moment, the replacement stands. It removes the previous signing secrets whose time is over, too.
//
// Values whose key is not in the keyset are passed over; SealedWith counts them. One that has a key and does not open all
// the same, because it was changed or moved, stays, and is named in the error, after all others were done.
func (s *Store) Reseal(ctx context.Context, limit int) (resealed int, left int64, err error) {
	if err := s.forgetPrevious(ctx); err != nil {
		return 0, 0, err
	}
	others := s.otherKeys()
	var unopened []error
	for after := (sealedValue{}); resealed < limit; {
		page, err := s.sealedWithOthers(ctx, others, after, limit-resealed)
		if err != nil {
			return resealed, 0, fmt.Errorf("reseal: %w", err)
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1]
		for _, value := range page {
			again, err := s.sealAgain(value)
			if err != nil {
				unopened = append(unopened, err)
				continue
			}
			done, err := s.exchange(ctx, value, again)
			if err != nil {
				return resealed, 0, fmt.Errorf("reseal: %w", err)
			}
			resealed += done
		}
	}
	err = s.asConsole(ctx, anyTenant, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM "+sealedValues+" WHERE "+keyOf+" = ANY ($1)", others).Scan(&left)
	})
	return resealed, left, errors.Join(append(unopened, err)...)
}

// forgetPrevious removes signing secrets that are no longer accepted, so that nothing old is kept.
func (s *Store) forgetPrevious(ctx context.Context) error {
	err := s.asConsole(ctx, anyTenant, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE tenant_configs SET previous_signing_secret_sealed = NULL, previous_signing_secret_until = NULL
			WHERE previous_signing_secret_until <= clock_timestamp()`)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove the previous signing secrets: %w", err)
	}
	return nil
}

// otherKeys are the prefixes of what is to be sealed anew.
func (s *Store) otherKeys() [][]byte {
	others := [][]byte{} // not nil, which would be NULL
	for _, key := range s.sealer.Keys() {
		if !key.Primary {
			others = append(others, tenant.SealPrefix(key.ID))
		}
	}
	return others
}

func (s *Store) sealedWithOthers(ctx context.Context, others [][]byte, after sealedValue, limit int) ([]sealedValue, error) {
	const maxPage = 500
	var page []sealedValue
	err := s.asConsole(ctx, anyTenant, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT tenant_id, sealed_column, sealed FROM "+sealedValues+`
			WHERE `+keyOf+` = ANY ($1) AND (tenant_id, sealed_column) > ($2, $3) ORDER BY tenant_id, sealed_column LIMIT $4`,
			others, after.tenantID, string(after.column), min(limit, maxPage))
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (sealedValue, error) {
			var v sealedValue
			return v, row.Scan(&v.tenantID, &v.column, &v.sealed)
		})
		return err
	})
	return page, err
}

func (s *Store) sealAgain(v sealedValue) ([]byte, error) {
	secret, err := s.sealer.Open(v.tenantID, v.column, v.sealed)
	if err != nil {
		return nil, err
	}
	return s.sealer.Seal(v.tenantID, v.column, secret)
}

// exchange puts the value in place of the one that was read, if that is still there: 1, else 0.
func (s *Store) exchange(ctx context.Context, was sealedValue, now []byte) (int, error) {
	var done int64
	err := s.asConsole(ctx, was.tenantID, func(tx postgres.Tx) error {
		name := sealedName(was.column)
		tag, err := tx.Exec(ctx, "UPDATE tenant_configs SET "+name+" = $3 WHERE tenant_id = $1 AND "+name+" = $2", was.tenantID, was.sealed, now)
		done = tag.RowsAffected()
		return err
	})
	return int(done), err
}

// SealedWith counts the stored values by the key of the keyset that sealed them, all keys included, and those that none of
// them did, which nobody can open. A key that is not the primary one and has none left may be retired.
func (s *Store) SealedWith(ctx context.Context) (byKey map[uint32]int64, unreadable int64, err error) {
	byKey = map[uint32]int64{}
	for _, key := range s.sealer.Keys() {
		byKey[key.ID] = 0
	}
	err = s.asConsole(ctx, anyTenant, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT "+keyOf+", count(*) FROM "+sealedValues+" WHERE sealed IS NOT NULL GROUP BY 1")
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		var (
			prefix []byte
			n      int64
		)
		_, err = pgx.ForEachRow(rows, []any{&prefix, &n}, func() error {
			if id, ok := s.keyID(prefix); ok {
				byKey[id] += n
			} else {
				unreadable += n
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("count the sealed values: %w", err)
	}
	return byKey, unreadable, nil
}

// keyID is the key of the keyset that the prefix names.
func (s *Store) keyID(prefix []byte) (uint32, bool) {
	known := slices.ContainsFunc(s.sealer.Keys(), func(k tenant.KeyInfo) bool { return bytes.Equal(prefix, tenant.SealPrefix(k.ID)) })
	if !known {
		return 0, false
	}
	return binary.BigEndian.Uint32(prefix[1:]), true
}
