// Package suspension owns what operators have paused, of one tenant or of all: its rows, who may know what of them, and the one
// question that everybody asks who takes work in or begins it. The answer is read where the work is, in the transaction that takes it:
// there is no copy that could be out of date.
package suspension

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Scope is what is paused.
type Scope = enhancement.PauseScope

// The scopes.
const (
	Intake     = enhancement.PauseIntake
	Processing = enhancement.PauseProcessing
)

// Everybody is the tenant of a pause of all: no tenant has that id.
const Everybody = ""

// Pause is one that stands.
type Pause struct {
	TenantID string // Everybody for all
	Scope    Scope
	Reason   string
	// By is who paused, as the audit log names them.
	By    string
	Since time.Time
	// Until is when it ends by itself; zero for never.
	Until time.Time
}

// Standing is what those learn of a pause who have to obey it.
type Standing struct {
	// Everybody says that it is of all tenants.
	Everybody bool
	Until     time.Time // zero when it does not end by itself
}

// In asks, in a tenant's transaction, whether the scope is paused for that tenant; nil when it is not. What is read is what was
// committed when the statement began.
func In(ctx context.Context, tx postgres.Tx, scope Scope) (*Standing, error) {
	var (
		s     Standing
		until *time.Time
	)
	err := tx.QueryRow(ctx, "SELECT everybody, ends_at FROM pause_of($1)", scope).Scan(&s.Everybody, &until)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("look whether %s is paused: %w", scope, err)
	}
	if until != nil {
		s.Until = *until
	}
	return &s, nil
}
