package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

func TestWhatIsWrongWithARow(t *testing.T) {
	t.Parallel()
	for code, about := range map[string]bool{
		"22001": true, "22021": true, "23505": true, "23514": true, "54000": true, // too long, no text, there twice, a check, too large
		"23503": false, "53100": false, "57P01": false, "42501": false, // the tenant is gone, the disk is full, the server ends, no right
	} {
		err := fmt.Errorf("put: %w", &pgconn.PgError{Code: code, Message: "example"})
		reason, is := postgres.Refused(err)
		if is != about || is && reason != "example (SQLSTATE "+code+")" {
			t.Errorf("%s: %q, %v", code, reason, is)
		}
	}
	if _, is := postgres.Refused(errors.New("example")); is {
		t.Error("an error that is not the database's")
	}
}
