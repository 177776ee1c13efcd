package tenantstore_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestASavedTenantIsLoaded(t *testing.T) {
	store := tenantstoretest.New(t)
	for _, id := range []string{"alpha", "beta"} {
		want, secrets := tenantstoretest.Example(id)
		if err := store.Console.Save(t.Context(), want, secrets); err != nil {
			t.Fatal(err)
		}
		got, gotSecrets, err := store.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(tenant.Tenant{}, "UpdatedAt", "Version")); diff != "" {
			t.Error(diff)
		}
		if gotSecrets != secrets {
			t.Error("the secrets come back changed")
		}
	}
	var stored []byte
	err := store.Database.Admin.QueryRow(t.Context(),
		"SELECT string_agg(t::text, '')::bytea FROM tenant_configs t").Scan(&stored)
	if err != nil || bytes.Contains(stored, []byte("key-of-")) || bytes.Contains(stored, []byte("secret-of-")) {
		t.Errorf("the table holds a secret in clear, or cannot be read: %v", err)
	}
}

func TestSavingAgainReplaces(t *testing.T) {
	store := tenantstoretest.New(t)
	saved, secrets := tenantstoretest.Example("alpha")
	if err := store.Console.Save(t.Context(), saved, secrets); err != nil {
		t.Fatal(err)
	}
	before, _, err := store.Get(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	saved.Name, secrets.KnowledgeAPIKey = "Renamed", ""
	if err := store.Console.Save(t.Context(), saved, secrets); err != nil {
		t.Fatal(err)
	}
	after, afterSecrets, err := store.Get(t.Context(), "alpha")
	if err != nil || after.Name != "Renamed" || afterSecrets.KnowledgeAPIKey != "" {
		t.Errorf("after saving again: %+v, %v", after, err)
	}
	if !after.UpdatedAt.After(before.UpdatedAt) {
		t.Error("updated_at stands still, so nobody notices the change")
	}
}

func TestSaveRefusesWhatIsNotValid(t *testing.T) {
	store := tenantstoretest.New(t)
	if err := store.Console.Save(t.Context(), tenant.Tenant{ID: "alpha"}, tenant.Credentials{}); err == nil {
		t.Error("a tenant without anything is saved")
	}
}

func TestSavingChangesTheEditionWithItsKey(t *testing.T) {
	store := tenantstoretest.New(t)
	onPrem, bare := tenantstoretest.Example("alpha")
	cloud, grant := onPrem, bare
	cloud.Profile, grant.APIKey = tenant.ProfileCloud, `{"client_id":"a"}`
	for range 2 {
		for _, save := range []struct {
			tenant.Tenant
			tenant.Credentials
		}{{onPrem, bare}, {cloud, grant}} {
			if err := store.Console.Save(t.Context(), save.Tenant, save.Credentials); err != nil {
				t.Fatalf("%s: %v", save.Profile, err)
			}
			got, credentials, err := store.Get(t.Context(), "alpha")
			if err != nil || got.Profile != save.Profile || credentials != save.Credentials {
				t.Errorf("saved for %s, loaded for %s, %v", save.Profile, got.Profile, err)
			}
		}
	}
}

func TestSavingDoesNotBringADeletedTenantBack(t *testing.T) {
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	if _, err := store.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDeleted, 0, nil); err != nil {
		t.Fatal(err)
	}
	example, credentials := tenantstoretest.Example("alpha")
	if err := store.Console.Save(t.Context(), example, credentials); !errors.Is(err, tenantstore.ErrDeleted) {
		t.Errorf("saved a deleted tenant: %v", err)
	}
}
