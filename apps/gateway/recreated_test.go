package main

import (
	"net/http"
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// The message about the purge may be lost, and then the copy of the old tenant is what a webhook is held against.
func TestTheSecretOfAPurgedTenantIsNotGoodForTheNextOfItsID(t *testing.T) {
	f := newFixture(t)
	const later = "the-signing-secret-of-the-second"
	old := tenantstoretest.SigningSecret("alpha")
	if code := f.signed(t, old, "1"); code != http.StatusAccepted || len(f.copies.Values()) != 1 {
		t.Fatalf("%d, and %d copies: this test proves nothing", code, len(f.copies.Values()))
	}
	f.recreate(t, "alpha", later)
	if len(f.copies.Values()) != 1 {
		t.Fatal("the copy of the old tenant is gone: this test proves nothing")
	}
	for _, ticketID := range []string{"1", "2"} { // one that the old tenant had, and a new one
		if code := f.signed(t, old, ticketID); code != http.StatusUnauthorized {
			t.Errorf("ticket %s, signed with the old secret: %d", ticketID, code)
		}
	}
	if code := f.signed(t, later, "3"); code != http.StatusAccepted {
		t.Errorf("signed with the present secret: %d", code)
	}
}

// recreate purges the tenant and makes another one of its id, with as many changes, and nobody told.
func (f *fixture) recreate(t *testing.T, id, secret string) {
	t.Helper()
	before, err := f.store.Console.Read(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.Console.SetStatus(t.Context(), id, tenantstore.StatusDeleted, 0, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.Console.Purge(t.Context(), id, 0, nil); err != nil {
		t.Fatal(err)
	}
	example, credentials := tenantstoretest.Example(id)
	example.ServiceDeskURL, credentials.APIKey, credentials.SigningSecret = "https://sdp.example.com/second/api/v3", "second-key", tenant.Secret(secret)
	after, err := f.store.Console.Create(t.Context(), example, credentials, nil)
	if err != nil || after.Version <= before.Version {
		t.Fatalf("version %d after %d, %v", after.Version, before.Version, err)
	}
}
