package tenantstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func read(t *testing.T, s *tenantstoretest.Store, id string) tenantstore.Record {
	t.Helper()
	record, err := s.Console.Read(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func setStatus(t *testing.T, s *tenantstoretest.Store, id string, status tenantstore.Status) tenantstore.Record {
	t.Helper()
	record, err := s.Console.SetStatus(t.Context(), id, status, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func exec(t *testing.T, s *tenantstoretest.Store, sql string, args ...any) {
	t.Helper()
	if _, err := s.Database.Admin.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestCreateGivesWhatReadFinds(t *testing.T) {
	s := tenantstoretest.New(t)
	example, credentials := tenantstoretest.Example("alpha")
	credentials.KnowledgeAPIKey = ""
	created, err := s.Console.Create(t.Context(), example, credentials, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(created, read(t, s, "alpha")); diff != "" {
		t.Error(diff)
	}
	want := example
	want.Version = 1
	if diff := cmp.Diff(want, created.Tenant, cmpopts.IgnoreFields(tenant.Tenant{}, "UpdatedAt")); diff != "" {
		t.Error(diff)
	}
	if created.Status != tenantstore.StatusEnabled || created.CreatedAt.IsZero() || created.DeletedAt != nil || created.PreviousSigningSecretUntil != nil {
		t.Errorf("created %+v", created)
	}
	if k := created.KnowledgeAPIKey; k.Set || k.ChangedAt != nil {
		t.Errorf("without a key for the knowledge base: %+v", k)
	}
	if !created.APIKey.Set || created.APIKey.ChangedAt == nil || !created.SigningSecret.Set || created.SigningSecret.ChangedAt == nil {
		t.Errorf("secrets %+v, %+v", created.APIKey, created.SigningSecret)
	}
}

func TestCreateRefuses(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	example, credentials := tenantstoretest.Example("alpha")
	if _, err := s.Console.Create(t.Context(), example, credentials, nil); !errors.Is(err, tenantstore.ErrExists) || strings.Contains(err.Error(), "deleted") {
		t.Errorf("an id that is taken: %v", err)
	}
	setStatus(t, s, "alpha", tenantstore.StatusDeleted)
	if _, err := s.Console.Create(t.Context(), example, credentials, nil); !errors.Is(err, tenantstore.ErrExists) || !strings.Contains(err.Error(), "deleted") {
		t.Errorf("the id of a deleted tenant: %v, want ErrExists that says so", err)
	}
	_, err := s.Console.Create(t.Context(), tenant.Tenant{ID: "beta"}, tenant.Credentials{}, nil)
	if !errors.Is(err, tenantstore.ErrInvalid) || !strings.Contains(err.Error(), "name:") || !strings.Contains(err.Error(), "signing_secret:") {
		t.Errorf("a tenant without anything: %v", err)
	}
}

func TestAChangeAndWhatBelongsToItAreOne(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	before := read(t, s, "alpha")
	failure := errors.New("the audit log is full")
	also := func(ctx context.Context, tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT 1"); err != nil {
			t.Error(err)
		}
		return failure
	}
	beta, credentials := tenantstoretest.Example("beta")
	changed := before.Tenant
	changed.Name = "Changed"
	for name, change := range map[string]func() error{
		"create": func() error { _, err := s.Console.Create(t.Context(), beta, credentials, also); return err },
		"update": func() error { _, err := s.Console.Update(t.Context(), changed, 0, also); return err },
		"status": func() error {
			_, err := s.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDisabled, 0, also)
			return err
		},
		"no change": func() error {
			_, err := s.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusEnabled, 0, also)
			return err
		},
		"rotate": func() error {
			_, err := s.Console.RotateSigningSecret(t.Context(), "alpha", "another-signing-secret", 0, 0, also)
			return err
		},
		"key": func() error { _, err := s.Console.ReplaceAPIKey(t.Context(), "alpha", "another", 0, also); return err },
		"kb":  func() error { _, err := s.Console.ReplaceKnowledgeKey(t.Context(), "alpha", "", 0, also); return err },
	} {
		if err := change(); !errors.Is(err, failure) {
			t.Errorf("%s: %v, want the failure", name, err)
		}
	}
	if diff := cmp.Diff(before, read(t, s, "alpha")); diff != "" {
		t.Errorf("changed all the same: %s", diff)
	}
	if _, err := s.Console.Read(t.Context(), "beta"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("created all the same: %v", err)
	}
}

func TestEveryChangeNeedsTheVersionThatIsThere(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	example, _ := tenantstoretest.Example("alpha")
	for name, change := range map[string]func(version int64) (tenantstore.Record, error){
		"update": func(v int64) (tenantstore.Record, error) { return s.Console.Update(t.Context(), example, v, nil) },
		"disable": func(v int64) (tenantstore.Record, error) {
			return s.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDisabled, v, nil)
		},
		"rotate": func(v int64) (tenantstore.Record, error) {
			return s.Console.RotateSigningSecret(t.Context(), "alpha", "another-signing-secret", 0, v, nil)
		},
		"key": func(v int64) (tenantstore.Record, error) {
			return s.Console.ReplaceAPIKey(t.Context(), "alpha", "another", v, nil)
		},
		"kb": func(v int64) (tenantstore.Record, error) {
			return s.Console.ReplaceKnowledgeKey(t.Context(), "alpha", "another", v, nil)
		},
	} {
		before := read(t, s, "alpha")
		_, err := change(before.Version + 1)
		stale, ok := errors.AsType[*tenantstore.StaleError](err)
		if !ok || !errors.Is(err, tenantstore.ErrStale) || stale.Version != before.Version || stale.TenantID != "alpha" {
			t.Errorf("%s with another version: %v, want ErrStale that says %d", name, err, before.Version)
		}
		after, err := change(before.Version)
		if err != nil || after.Version != before.Version+1 || !after.UpdatedAt.After(before.UpdatedAt) {
			t.Errorf("%s: version %d after %d, time %s after %s, %v", name, after.Version, before.Version, after.UpdatedAt, before.UpdatedAt, err)
		}
		if diff := cmp.Diff(after, read(t, s, "alpha")); diff != "" {
			t.Errorf("%s gives another tenant than is stored: %s", name, diff)
		}
	}
}

func TestOfTwoChangesAtOnceNoneIsLost(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	version := read(t, s, "alpha").Version
	const editors = 6
	errs := make([]error, editors)
	var wg sync.WaitGroup
	for i := range editors {
		wg.Go(func() {
			changed, _ := tenantstoretest.Example("alpha")
			changed.Name = strings.Repeat("x", i+1)
			_, errs[i] = s.Console.Update(t.Context(), changed, version, nil)
		})
	}
	wg.Wait()
	name := read(t, s, "alpha").Name
	for i, err := range errs {
		won := len(name) == i+1
		if won != (err == nil) || (!won && !errors.Is(err, tenantstore.ErrStale)) {
			t.Errorf("%q is stored, and editor %d was told: %v", name, i, err)
		}
	}
}

func TestAKeyThatDoesNotSuitTheEditionKeepsTheEdition(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	cloud, _ := tenantstoretest.Example("alpha")
	cloud.Profile = tenant.ProfileCloud
	if _, err := s.Console.Update(t.Context(), cloud, 0, nil); !errors.Is(err, tenantstore.ErrInvalid) || !strings.Contains(err.Error(), "api_key") {
		t.Errorf("a cloud tenant with a bare key: %v", err)
	}
	if _, err := s.Console.ReplaceAPIKey(t.Context(), "alpha", `{"client_id":"a"}`, 0, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Console.Update(t.Context(), cloud, 0, nil); err != nil {
		t.Errorf("with the grant in place: %v", err)
	}
	if _, err := s.Console.ReplaceAPIKey(t.Context(), "alpha", "bare", 0, nil); !errors.Is(err, tenantstore.ErrInvalid) {
		t.Errorf("a bare key in the cloud: %v", err)
	}
}

func TestStatus(t *testing.T) {
	s := tenantstoretest.New(t)
	const none = tenantstore.Status("")
	for _, c := range []struct {
		from, to tenantstore.Status
		want     error
	}{
		{tenantstore.StatusEnabled, tenantstore.StatusDisabled, nil},
		{tenantstore.StatusEnabled, tenantstore.StatusDeleted, nil},
		{tenantstore.StatusDisabled, tenantstore.StatusEnabled, nil},
		{tenantstore.StatusDisabled, tenantstore.StatusDeleted, nil},
		{tenantstore.StatusDeleted, tenantstore.StatusEnabled, tenantstore.ErrDeleted},
		{tenantstore.StatusDeleted, tenantstore.StatusDisabled, tenantstore.ErrDeleted},
		{tenantstore.StatusEnabled, "gone", tenantstore.ErrInvalid},
		{tenantstore.StatusEnabled, none, tenantstore.ErrInvalid},
	} {
		id := string(c.from + "-" + c.to)
		id = strings.TrimSuffix(id, "-") + "-1"
		s.Save(t, id)
		before := setStatus(t, s, id, c.from)
		after, err := s.Console.SetStatus(t.Context(), id, c.to, before.Version, nil)
		if !errors.Is(err, c.want) {
			t.Errorf("from %s to %q: %v, want %v", c.from, c.to, err, c.want)
			continue
		}
		want := c.to
		if c.want != nil {
			after, want = read(t, s, id), c.from
		}
		if after.Status != want || (after.DeletedAt != nil) != (want == tenantstore.StatusDeleted) {
			t.Errorf("from %s to %q: %s, deleted at %v", c.from, c.to, after.Status, after.DeletedAt)
		}
		if _, _, err := s.Get(t.Context(), id); (err == nil) != (want == tenantstore.StatusEnabled) {
			t.Errorf("%s, and loaded: %v", want, err)
		}
		again, err := s.Console.SetStatus(t.Context(), id, after.Status, after.Version, nil)
		if diff := cmp.Diff(after, again); err != nil || diff != "" {
			t.Errorf("%s again changes something: %s, %v", after.Status, diff, err)
		}
	}
}

func TestRestore(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	if _, err := s.Console.Restore(t.Context(), "alpha", 0, nil); !errors.Is(err, tenantstore.ErrNotDeleted) {
		t.Errorf("what is not deleted: %v", err)
	}
	deleted := setStatus(t, s, "alpha", tenantstore.StatusDeleted)
	if _, err := s.Console.Restore(t.Context(), "alpha", deleted.Version-1, nil); !errors.Is(err, tenantstore.ErrStale) {
		t.Errorf("another version: %v", err)
	}
	restored, err := s.Console.Restore(t.Context(), "alpha", deleted.Version, nil)
	if err != nil || restored.Status != tenantstore.StatusDisabled || restored.DeletedAt != nil || restored.Version != deleted.Version+1 {
		t.Errorf("restored %+v, %v", restored, err)
	}
}

func TestADeletedTenantIsNotChanged(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	setStatus(t, s, "alpha", tenantstore.StatusDeleted)
	example, _ := tenantstoretest.Example("alpha")
	for name, change := range map[string]func() error{
		"update": func() error { _, err := s.Console.Update(t.Context(), example, 0, nil); return err },
		"rotate": func() error {
			_, err := s.Console.RotateSigningSecret(t.Context(), "alpha", "another-signing-secret", 0, 0, nil)
			return err
		},
		"key": func() error { _, err := s.Console.ReplaceAPIKey(t.Context(), "alpha", "another", 0, nil); return err },
		"kb": func() error {
			_, err := s.Console.ReplaceKnowledgeKey(t.Context(), "alpha", "another", 0, nil)
			return err
		},
	} {
		if err := change(); !errors.Is(err, tenantstore.ErrDeleted) {
			t.Errorf("%s: %v, want ErrDeleted", name, err)
		}
	}
}

func TestAnUnknownTenantIsNotFound(t *testing.T) {
	s := tenantstoretest.New(t)
	for _, id := range []string{"nobody", "", "' OR '1'='1", "-"} {
		unknown, _ := tenantstoretest.Example("nobody")
		for name, err := range map[string]error{
			"read":    second(s.Console.Read(t.Context(), id)),
			"update":  second(s.Console.Update(t.Context(), unknown, 0, nil)),
			"status":  second(s.Console.SetStatus(t.Context(), id, tenantstore.StatusEnabled, 0, nil)),
			"restore": second(s.Console.Restore(t.Context(), id, 0, nil)),
			"rotate":  second(s.Console.RotateSigningSecret(t.Context(), id, "another-signing-secret", 0, 0, nil)),
			"key":     second(s.Console.ReplaceAPIKey(t.Context(), id, "another", 0, nil)),
			"count":   second(s.Console.Count(t.Context(), id)),
			"purge":   second(s.Console.Purge(t.Context(), id, 0, nil)),
		} {
			if !errors.Is(err, tenant.ErrNotFound) {
				t.Errorf("%s of %q: %v, want ErrNotFound", name, id, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// To a role that sees one tenant, the others seem not to exist: it would list none, and find every key unused.
func TestWithoutTheConsolesRoleNothingIsSaidOfAllTenants(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	example, credentials := tenantstoretest.Example("beta")
	_, _, resealErr := s.Reseal(t.Context(), 1)
	_, _, sealedErr := s.SealedWith(t.Context())
	for name, err := range map[string]error{
		"list": second(s.List(t.Context(), tenantstore.List{Limit: 1})), "read": second(s.Read(t.Context(), "alpha")),
		"create": second(s.Create(t.Context(), example, credentials, nil)), "count": second(s.Count(t.Context(), "alpha")),
		"purge": second(s.Purge(t.Context(), "alpha", 0, nil)), "reseal": resealErr, "sealed with": sealedErr,
	} {
		if !errors.Is(err, tenantstore.ErrNotConsole) {
			t.Errorf("%s: %v, want ErrNotConsole", name, err)
		}
	}
}

func TestListGoesByPages(t *testing.T) {
	s := tenantstoretest.New(t)
	for _, id := range []string{"gamma", "alpha", "beta", "delta", "epsilon"} {
		s.Save(t, id)
	}
	setStatus(t, s, "beta", tenantstore.StatusDisabled)
	setStatus(t, s, "delta", tenantstore.StatusDeleted)
	for name, c := range map[string]struct {
		list tenantstore.List
		want []string
	}{
		"first page":     {tenantstore.List{Limit: 2}, []string{"alpha", "beta"}},
		"second page":    {tenantstore.List{Limit: 2, After: "beta"}, []string{"delta", "epsilon"}},
		"last page":      {tenantstore.List{Limit: 2, After: "epsilon"}, []string{"gamma"}},
		"beyond it":      {tenantstore.List{Limit: 2, After: "gamma"}, nil},
		"after one gone": {tenantstore.List{Limit: 1, After: "b"}, []string{"beta"}},
		"enabled":        {tenantstore.List{Limit: 9, Status: tenantstore.StatusEnabled}, []string{"alpha", "epsilon", "gamma"}},
		"disabled":       {tenantstore.List{Limit: 9, Status: tenantstore.StatusDisabled}, []string{"beta"}},
		"deleted":        {tenantstore.List{Limit: 9, Status: tenantstore.StatusDeleted}, []string{"delta"}},
	} {
		records, err := s.Console.List(t.Context(), c.list)
		var ids []string
		for _, r := range records {
			ids = append(ids, r.ID)
		}
		if diff := cmp.Diff(c.want, ids); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", name, err, diff)
		}
	}
	for _, list := range []tenantstore.List{{Limit: 0}, {Limit: 1, After: "a\x00"}, {Limit: 1, Status: "gone"}} {
		if _, err := s.Console.List(t.Context(), list); !errors.Is(err, tenantstore.ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", list, err)
		}
	}
}
