package tenantstore_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestASealedSecretMovedToAnotherTenantDoesNotOpen(t *testing.T) {
	store := tenantstoretest.New(t)
	for _, id := range []string{"alpha", "beta"} {
		store.Save(t, id)
	}
	_, err := store.Database.Admin.Exec(t.Context(), `
		UPDATE tenant_configs SET signing_secret_sealed = (SELECT signing_secret_sealed FROM tenant_configs WHERE tenant_id = 'alpha')
		WHERE tenant_id = 'beta'`)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Get(t.Context(), "beta"); err == nil {
		t.Error("beta now signs with alpha's secret")
	}
}

func TestGetNotFound(t *testing.T) {
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	if _, err := store.Database.Admin.Exec(t.Context(), "UPDATE tenant_configs SET enabled = false"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"alpha", "unknown", "", "' OR '1'='1"} {
		if _, _, err := store.Get(t.Context(), id); !errors.Is(err, tenant.ErrNotFound) {
			t.Errorf("Get(%q): %v, want ErrNotFound", id, err)
		}
	}
}

func TestEnabled(t *testing.T) {
	store := tenantstoretest.New(t)
	if ids, err := store.Enabled(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("without tenants: %v, %v", ids, err)
	}
	for _, id := range []string{"gamma", "alpha", "beta"} {
		store.Save(t, id)
	}
	if _, err := store.Database.Admin.Exec(t.Context(), "UPDATE tenant_configs SET enabled = false WHERE tenant_id = 'beta'"); err != nil {
		t.Fatal(err)
	}
	ids, err := store.Enabled(t.Context())
	if diff := cmp.Diff([]string{"alpha", "gamma"}, ids); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// The function sees across tenants, so it must not be another's tool: neither for other roles nor by way of a table
// that stands in for the real one.
func TestTheFunctionBehindEnabledIsConfined(t *testing.T) {
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	var owner string
	var definer, anybody bool
	err := store.Database.Admin.QueryRow(t.Context(), `
		SELECT proowner::regrole::text, prosecdef, has_function_privilege('public', oid, 'EXECUTE')
		FROM pg_proc WHERE proname = 'enabled_tenants'`).Scan(&owner, &definer, &anybody)
	if err != nil || owner != postgres.RoleAdmin || !definer || anybody {
		t.Errorf("owner %s, definer %t, anybody %t, %v", owner, definer, anybody, err)
	}
	conn, err := store.Database.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `
		CREATE TEMP TABLE tenant_configs (tenant_id text, enabled boolean);
		INSERT INTO tenant_configs VALUES ('forged', true);
		SET search_path = pg_temp, public`)
	if err != nil {
		t.Fatal(err)
	}
	var id string
	if err := conn.QueryRow(t.Context(), "SELECT public.enabled_tenants()").Scan(&id); err != nil || id != "alpha" {
		t.Errorf("behind a temporary table: %q, %v", id, err)
	}
}

func TestGetAnyGivesATenantOfWhateverStatus(t *testing.T) {
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	_, want := tenantstoretest.Example("alpha")
	for _, status := range []tenantstore.Status{tenantstore.StatusDisabled, tenantstore.StatusDeleted} {
		if _, err := store.Console.SetStatus(t.Context(), "alpha", status, 0, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := store.Console.Get(t.Context(), "alpha"); !errors.Is(err, tenant.ErrNotFound) {
			t.Errorf("Get: %v", err)
		}
		got, credentials, err := store.Console.GetAny(t.Context(), "alpha")
		if err != nil || got.ID != "alpha" || credentials.APIKey != want.APIKey {
			t.Errorf("%s: %+v, %v", status, got, err)
		}
	}
	if _, _, err := store.Console.GetAny(t.Context(), "unknown"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("an unknown tenant: %v", err)
	}
}
