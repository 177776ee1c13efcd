package tenantstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// tones are those of the tenant's versions, the newest first.
func tones(t *testing.T, s *tenantstoretest.Store, id string) (all []tenant.Tone, last tenantstore.PreferencesVersion) {
	t.Helper()
	versions, err := s.Console.PreferencesHistory(t.Context(), id, 0, 100)
	if err != nil || len(versions) == 0 {
		t.Fatalf("%d versions, %v", len(versions), err)
	}
	for _, v := range versions {
		all = append(all, v.Preferences.Tone)
	}
	return all, versions[0]
}

// Whatever changes preferences makes a version, once, in the same transaction; what leaves them makes none.
func TestEveryChangeOfPreferencesIsAVersion(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	s.Save(t, "beta")
	created := read(t, s, "alpha")
	if all, last := tones(t, s, "alpha"); len(all) != 1 || last.Version != created.Version || !last.ChangedAt.Equal(created.UpdatedAt) {
		t.Fatalf("after it was made: %+v", last)
	}
	ctx := tenantstore.ChangedBy(t.Context(), "token:example")
	formal := tenant.Preferences{Tone: tenant.ToneFormal}
	first, err := s.Console.UpdatePreferences(ctx, "alpha", formal, created.Version, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, last := tones(t, s, "alpha"); last.Version != first.Version || last.ChangedBy != "token:example" {
		t.Errorf("kept %+v", last)
	}
	if again, err := s.Console.UpdatePreferences(ctx, "alpha", formal, 0, nil); err != nil || again.Version != first.Version {
		t.Errorf("the same once more: %+v, %v", again, err)
	}
	if _, err := s.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDisabled, 0, nil); err != nil {
		t.Fatal(err)
	}
	changed, _ := tenantstoretest.Example("alpha")
	changed.Preferences.Tone = tenant.ToneConcise
	second, err := s.Console.Update(t.Context(), changed, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("example: the entry cannot be written")
	_, err = s.Console.UpdatePreferences(ctx, "alpha", tenant.Preferences{}, 0, func(context.Context, postgres.Tx) error { return failure })
	if !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	if all, last := tones(t, s, "alpha"); len(all) != 3 || all[0] != tenant.ToneConcise || all[1] != tenant.ToneFormal || last.Version != second.Version {
		t.Errorf("versions %q, the last %+v", all, last)
	}
	if all, _ := tones(t, s, "beta"); len(all) != 1 {
		t.Errorf("the neighbour has %q", all)
	}
}

func TestPreferencesOfAVersion(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	s.Save(t, "beta")
	created := read(t, s, "alpha")
	formal, err := s.Console.UpdatePreferences(t.Context(), "alpha", tenant.Preferences{Tone: tenant.ToneFormal}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	disabled, err := s.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDisabled, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[int64]tenant.Tone{created.Version: created.Preferences.Tone, formal.Version: tenant.ToneFormal, disabled.Version: tenant.ToneFormal} {
		if v, err := s.Console.PreferencesAt(t.Context(), "alpha", version); err != nil || v.Preferences.Tone != want {
			t.Errorf("version %d: %+v, %v", version, v, err)
		}
	}
	for _, none := range []int64{created.Version - 1, disabled.Version + 1} {
		if v, err := s.Console.PreferencesAt(t.Context(), "alpha", none); !errors.Is(err, tenantstore.ErrNoPreferences) {
			t.Errorf("version %d: %+v, %v", none, v, err)
		}
	}
	if _, err := s.Console.UpdatePreferences(t.Context(), "alpha", tenant.Preferences{Language: "xx"}, 0, nil); !errors.Is(err, tenantstore.ErrInvalid) {
		t.Errorf("a language that there is not: %v", err)
	}
	if _, err := s.Console.UpdatePreferences(t.Context(), "alpha", tenant.Preferences{}, created.Version, nil); !errors.Is(err, tenantstore.ErrStale) {
		t.Errorf("of an older version: %v", err)
	}
	if _, err := s.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDeleted, 0, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Console.UpdatePreferences(t.Context(), "alpha", tenant.Preferences{}, 0, nil); !errors.Is(err, tenantstore.ErrDeleted) {
		t.Errorf("of a deleted tenant: %v", err)
	}
}

// A version is what was: nobody changes one, and an app adds none.
func TestVersionsOfPreferencesStay(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	for role, c := range map[string]struct {
		db         *postgres.DB
		statements []string
	}{
		"app": {s.DB, []string{
			"UPDATE tenant_preferences SET prefs = '{}'", "DELETE FROM tenant_preferences",
			"INSERT INTO tenant_preferences (tenant_id, version, prefs, changed_at) VALUES ('alpha', 1, '{}', now())",
		}},
		"console": {s.ConsoleDB, []string{"UPDATE tenant_preferences SET prefs = '{}'"}},
	} {
		for _, statement := range c.statements {
			err := c.db.InTenant(t.Context(), "alpha", func(tx postgres.Tx) error {
				_, err := tx.Exec(t.Context(), statement)
				return err
			})
			if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "42501" {
				t.Errorf("%s, %s: %v", role, statement, err)
			}
		}
	}
}

// admin does what an older console, or a newer one, has done to alpha.
func admin(t *testing.T, s *tenantstoretest.Store, statement string) {
	t.Helper()
	if _, err := s.Database.Admin.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// While two releases run side by side, the older one's console takes nothing from a tenant that only the newer one knows: it may be
// what keeps its notes from being posted.
func TestPreferencesOfANewerReleaseStay(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	admin(t, s, `UPDATE tenant_configs SET enhancement_prefs = '{"tone": "formal", "hold_back": ["notes"], "approval": {"by": "example"}}'`)
	stored := func() (kept map[string]any) {
		t.Helper()
		if err := s.Database.Admin.QueryRow(t.Context(), "SELECT enhancement_prefs FROM tenant_configs").Scan(&kept); err != nil {
			t.Fatal(err)
		}
		return kept
	}
	newer := map[string]any{"hold_back": []any{"notes"}, "approval": map[string]any{"by": "example"}}
	if _, err := s.Console.UpdatePreferences(t.Context(), "alpha", tenant.Preferences{Language: "de"}, 0, nil); err != nil {
		t.Fatal(err)
	}
	newer["language"] = "de" // and no tone any more
	if diff := cmp.Diff(newer, stored()); diff != "" {
		t.Error(diff)
	}
	changed, _ := tenantstoretest.Example("alpha")
	changed.Preferences = tenant.Preferences{Mode: tenant.ModeShadow}
	if _, err := s.Console.Update(t.Context(), changed, 0, nil); err != nil {
		t.Fatal(err)
	}
	delete(newer, "language")
	newer["mode"] = "shadow"
	if diff := cmp.Diff(newer, stored()); diff != "" {
		t.Error(diff)
	}
}

// What a console that keeps no versions has made or changed is a version of nobody, and not of whoever comes next.
func TestPreferencesThatNobodyKeptAreAVersion(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	created := read(t, s, "alpha")
	admin(t, s, "DELETE FROM tenant_preferences") // as if the older console had made the tenant
	ctx := tenantstore.ChangedBy(t.Context(), "token:example")
	if _, err := s.Console.UpdatePreferences(ctx, "alpha", tenant.Preferences{Tone: tenant.ToneFormal}, 0, nil); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Console.PreferencesAt(t.Context(), "alpha", created.Version); err != nil || v.ChangedBy != "" || !v.ChangedAt.Equal(created.UpdatedAt) ||
		len(tenant.ChangedKeys(v.Preferences, created.Preferences)) != 0 {
		t.Errorf("what it was made with: %+v, %v", v, err)
	}
	admin(t, s, `UPDATE tenant_configs SET enhancement_prefs = '{"tone": "concise"}', version = nextval('tenant_versions'), updated_at = now()`)
	edited := read(t, s, "alpha")
	disabled, err := s.Console.SetStatus(ctx, "alpha", tenantstore.StatusDisabled, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, last := tones(t, s, "alpha"); last.Version != edited.Version || last.ChangedBy != "" || last.Preferences.Tone != tenant.ToneConcise {
		t.Errorf("the edit between is %+v", last)
	}
	next, err := s.Console.UpdatePreferences(ctx, "alpha", tenant.Preferences{Tone: tenant.ToneFriendly}, disabled.Version, nil)
	if err != nil {
		t.Fatal(err)
	}
	if all, last := tones(t, s, "alpha"); len(all) != 4 || last.Version != next.Version || last.ChangedBy != "token:example" {
		t.Errorf("versions %q, the last %+v", all, last)
	}
	// By hand, without a new version of the tenant: nothing stands in the way of the next change.
	admin(t, s, `UPDATE tenant_configs SET enhancement_prefs = '{"tone": "formal"}'`)
	if _, err := s.Console.UpdatePreferences(ctx, "alpha", tenant.Preferences{Tone: tenant.ToneConcise}, 0, nil); err != nil {
		t.Error(err)
	}
}
