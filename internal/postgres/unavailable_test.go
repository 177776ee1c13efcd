package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestUnavailable(t *testing.T) {
	db := postgrestest.New(t).Open(t)
	refused := db.InPlatform(t.Context(), func(tx postgres.Tx) error { _, err := tx.Exec(t.Context(), "SELECT 1/0"); return err })
	db.Close()
	closed := db.InPlatform(t.Context(), func(postgres.Tx) error { return nil })
	_, unreachable := pgconn.Connect(t.Context(), "postgres://u@127.0.0.1:1/d")
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"a refusal": {refused, false}, "a closed pool": {closed, true}, "nobody listens": {fmt.Errorf("open: %w", unreachable), true},
		"too many connections": {&pgconn.PgError{Code: "53300"}, true}, "shutting down": {&pgconn.PgError{Code: "57P01"}, true},
		"a statement that took too long": {&pgconn.PgError{Code: "57014"}, false}, "a cancelled request": {context.Canceled, false},
		"something else": {errors.New("example"), false}, "nothing": {nil, false},
	} {
		if got := postgres.Unavailable(c.err); got != c.want {
			t.Errorf("%s (%v): %t", name, c.err, got)
		}
	}
}
