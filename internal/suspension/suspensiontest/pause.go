// Package suspensiontest pauses, for the tests of those who have to obey.
package suspensiontest

import (
	"context"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/suspension"
)

func nothingElse(context.Context, postgres.Tx, suspension.Pause) error { return nil }

// Pause pauses the scope of a tenant, or of all (suspension.Everybody), until Resume. console is connected as console_user.
func Pause(t testing.TB, console *postgres.DB, tenantID string, scope suspension.Scope) {
	t.Helper()
	r := suspension.Request{TenantID: tenantID, Scope: scope, Reason: "example", By: "system:test"}
	if _, err := suspension.New(console).Pause(t.Context(), r, nothingElse); err != nil {
		t.Fatal(err)
	}
}

// Resume ends it.
func Resume(t testing.TB, console *postgres.DB, tenantID string, scope suspension.Scope) {
	t.Helper()
	if _, err := suspension.New(console).Resume(t.Context(), tenantID, scope, nothingElse); err != nil {
		t.Fatal(err)
	}
}
