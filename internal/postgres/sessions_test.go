package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestNoSessionOfAnAppHoldsOrAwaitsALockForEver(t *testing.T) {
	db := postgrestest.New(t)
	for role, open := range map[string]*postgres.DB{"app_user": db.Open(t), "console_user": db.OpenConsole(t)} {
		for setting, want := range map[string]string{"idle_in_transaction_session_timeout": "1min", "lock_timeout": "30s", "jit": "off"} {
			var got string
			err := open.InPlatform(t.Context(), func(tx postgres.Tx) error {
				return tx.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got)
			})
			if err != nil || got != want {
				t.Errorf("%s: %s is %q, want %s, %v", role, setting, got, want, err)
			}
		}
	}
}

// What is given up for a lock may be done again: it is no mistake of the one who asked.
func TestALockThatIsNotHadInTimeMeansLater(t *testing.T) {
	db := postgrestest.New(t)
	tx, err := db.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "SELECT audit_lock()"); err != nil {
		t.Fatal(err)
	}
	err = db.Open(t).InPlatform(t.Context(), func(tx postgres.Tx) error {
		if _, err := tx.Exec(t.Context(), "SET LOCAL lock_timeout = '10ms'"); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), "SELECT audit_append('tenant.create', 'ok', 'example', '', '', '', '', '{}')")
		return err
	})
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || answer.Code != pgerrcode.LockNotAvailable || !postgres.Unavailable(err) {
		t.Errorf("%v, unavailable %t", err, postgres.Unavailable(err))
	}
	if _, refused := postgres.Refused(err); refused {
		t.Error("it counts as wrong with the row")
	}
}

func TestATransactionThatWasEndedForItsIdlenessMeansLater(t *testing.T) {
	db := postgrestest.New(t).Open(t)
	err := db.InPlatform(t.Context(), func(tx postgres.Tx) error {
		if _, err := tx.Exec(t.Context(), "SET LOCAL idle_in_transaction_session_timeout = '10ms'"); err != nil {
			return err
		}
		for {
			// The statements keep it from being idle; between two of them it has to be, for longer than that.
			if _, err := tx.Exec(t.Context(), "SELECT 1"); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	if !postgres.Unavailable(err) {
		t.Errorf("%v counts as a refusal", err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("the pool does not get over it: %v", err)
	}
}
