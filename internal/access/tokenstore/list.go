package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// ErrCursor says that a list was to go on from where none ended.
var ErrCursor = errors.New("the cursor is not one that a list of tokens ended with")

// List gives the tokens, newest first, those that have ended included: limit of them, from where the page before ended
// (after; empty for the first page). Next is where the following page begins; empty at the end. It is ErrCursor when after
// is nothing that List gave.
func (s *Tokens) List(ctx context.Context, after string, limit int) (tokens []access.Token, next string, err error) {
	at, id, err := parseCursor(after)
	if err != nil {
		return nil, "", err
	}
	err = s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		// One more than asked for tells whether there is another page.
		rows, err := tx.Query(ctx, "SELECT "+columns+` FROM api_tokens
			WHERE $1::timestamptz IS NULL OR (created_at, id) < ($1, $2)
			ORDER BY created_at DESC, id DESC LIMIT $3`, at, id, limit+1)
		if err != nil {
			return err
		}
		tokens, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (access.Token, error) {
			t, _, err := scan(row)
			return t, err
		})
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list API tokens: %w", err)
	}
	if len(tokens) > limit {
		tokens = tokens[:limit]
		last := tokens[limit-1]
		next = strconv.FormatInt(last.CreatedAt.UnixMicro(), 10) + "_" + last.ID
	}
	return tokens, next, nil
}

func parseCursor(after string) (at *time.Time, id string, err error) {
	if after == "" {
		return nil, "", nil
	}
	micros, id, _ := strings.Cut(after, "_")
	n, err := strconv.ParseInt(micros, 10, 64)
	moment := time.UnixMicro(n)
	const endOfTime = 10_000 // PostgreSQL knows later years, its text form of them is another
	if err != nil || !access.ValidTokenID(id) || moment.Year() < 0 || moment.Year() >= endOfTime {
		return nil, "", ErrCursor
	}
	return &moment, id, nil
}
