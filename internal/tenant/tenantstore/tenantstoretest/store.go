// Package tenantstoretest owns tenants for tests: a store on a database of the test's own, and valid examples
// to put into it.
package tenantstoretest

import (
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// Store is a tenant store and what lies beneath it.
type Store struct {
	*tenantstore.Store

	DB       *postgres.DB
	Database *postgrestest.Database

	sealer *tenant.Sealer
}

// New makes an empty store with a keyset of its own.
func New(t testing.TB) *Store {
	t.Helper()
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := tenant.NewSealer(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return (&Store{Database: postgrestest.New(t), sealer: sealer}).Replica(t)
}

// Replica is the same store as another process has it: with connections of its own.
func (s *Store) Replica(t testing.TB) *Store {
	t.Helper()
	db := s.Database.Open(t)
	return &Store{Store: tenantstore.New(db, s.sealer), DB: db, Database: s.Database, sealer: s.sealer}
}

// Save puts an example tenant into the store.
func (s *Store) Save(t testing.TB, id string) {
	t.Helper()
	example, credentials := Example(id)
	if err := s.Store.Save(t.Context(), example, credentials); err != nil {
		t.Fatal(err)
	}
}

// Example is a valid tenant on premises, different in every field from that of another id.
func Example(id string) (tenant.Tenant, tenant.Credentials) {
	t := tenant.Tenant{
		ID: id, Name: "Example " + id, ServiceDeskURL: "https://sdp.example.com/" + id + "/api/v3", Profile: tenant.ProfileOnPrem,
		TechnicianID: "4", KnowledgeURL: "https://kb.example.com/" + id,
		Preferences: tenant.Preferences{Format: tenant.FormatMarkdown},
	}
	return t, tenant.Credentials{
		APIKey: tenant.Secret("key-of-" + id), SigningSecret: tenant.Secret(SigningSecret(id)),
		KnowledgeAPIKey: tenant.Secret("kb-key-of-" + id),
	}
}

// SigningSecret is what the example tenant signs its webhooks with.
func SigningSecret(id string) string { return "signing-secret-of-" + id }
