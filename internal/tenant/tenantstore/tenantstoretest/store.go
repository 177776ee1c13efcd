// Package tenantstoretest owns tenants for tests: a store on a database of the test's own, and valid examples
// to put into it.
package tenantstoretest

import (
	"errors"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// Store is a tenant store and what lies beneath it.
type Store struct {
	// Store is as gateway and enhancer have it: it reads.
	*tenantstore.Store

	// Console is as the console has it: it changes.
	Console *tenantstore.Store
	// DB connects as app_user, ConsoleDB as console_user.
	DB, ConsoleDB *postgres.DB
	Database      *postgrestest.Database
	Sealer        *tenant.Sealer
}

// New makes an empty store with a keyset of its own.
func New(t testing.TB) *Store {
	t.Helper()
	return (&Store{Database: postgrestest.New(t), Sealer: NewSealer(t)}).Replica(t)
}

// NewSealer makes a sealer with a keyset of its own.
func NewSealer(t testing.TB) *tenant.Sealer {
	t.Helper()
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := tenant.NewSealer(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// Replica is the same store as other processes have it: with connections of their own.
func (s *Store) Replica(t testing.TB) *Store {
	t.Helper()
	return s.WithSealer(t, s.Sealer)
}

// WithSealer is the same store as processes have it that were given another keyset.
func (s *Store) WithSealer(t testing.TB, sealer *tenant.Sealer) *Store {
	t.Helper()
	app, console := s.Database.Open(t), s.Database.OpenConsole(t)
	return &Store{
		Store: tenantstore.New(app, sealer), DB: app, Console: tenantstore.New(console, sealer), ConsoleDB: console,
		Database: s.Database, Sealer: sealer,
	}
}

// Save puts an example tenant into the store, enabled; again, to change it without changing anything of it but its version.
func (s *Store) Save(t testing.TB, id string) {
	t.Helper()
	example, credentials := Example(id)
	s.Put(t, example, credentials)
}

// Put creates a tenant, or replaces all of it.
func (s *Store) Put(t testing.TB, put tenant.Tenant, credentials tenant.Credentials) {
	t.Helper()
	_, err := s.Console.Create(t.Context(), put, credentials, nil)
	if err == nil {
		return
	}
	if !errors.Is(err, tenantstore.ErrExists) {
		t.Fatal(err)
	}
	for _, change := range []func() error{
		func() error {
			_, err := s.Console.ReplaceKnowledgeKey(t.Context(), put.ID, "", 0, nil)
			return err
		},
		func() error {
			keys := tenantstore.NewKeys{APIKey: credentials.APIKey, KnowledgeAPIKey: credentials.KnowledgeAPIKey}
			_, err := s.Console.UpdateWithKeys(t.Context(), put, keys, 0, nil)
			return err
		},
		func() error {
			_, err := s.Console.RotateSigningSecret(t.Context(), put.ID, credentials.SigningSecret, 0, 0, nil)
			if errors.Is(err, tenantstore.ErrSameSecret) {
				return nil
			}
			return err
		},
		func() error {
			_, err := s.Console.SetStatus(t.Context(), put.ID, tenantstore.StatusEnabled, 0, nil)
			return err
		},
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
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
