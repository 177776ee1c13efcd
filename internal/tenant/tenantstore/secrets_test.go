package tenantstore_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

const (
	secondSecret = tenant.Secret("the-second-signing-secret")
	thirdSecret  = tenant.Secret("the-third-signing-secret")
)

func rotateTo(t *testing.T, s *tenantstoretest.Store, secret tenant.Secret, overlap time.Duration) tenantstore.Record {
	t.Helper()
	record, err := s.Console.RotateSigningSecret(t.Context(), "alpha", secret, overlap, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func wantSecrets(t *testing.T, s *tenantstoretest.Store, at time.Time, want ...tenant.Secret) {
	t.Helper()
	_, credentials, err := s.Get(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	if got := credentials.SigningSecrets(at); !slices.Equal(got, want) {
		t.Errorf("%d secrets are accepted, want %d, or in another order", len(got), len(want))
	}
}

func databaseTime(t *testing.T, s *tenantstoretest.Store) (now time.Time) {
	t.Helper()
	if err := s.Database.Admin.QueryRow(t.Context(), "SELECT clock_timestamp()").Scan(&now); err != nil {
		t.Fatal(err)
	}
	return now
}

func TestARotationOverlapsByTheDatabasesClock(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	first := tenant.Secret(tenantstoretest.SigningSecret("alpha"))
	before := databaseTime(t, s)
	record := rotateTo(t, s, secondSecret, time.Hour)
	until := record.PreviousSigningSecretUntil
	if until == nil || until.Before(before.Add(time.Hour)) || until.After(databaseTime(t, s).Add(time.Hour)) {
		t.Fatalf("the previous secret is accepted until %v, an hour from %s", until, before)
	}
	wantSecrets(t, s, until.Add(-time.Second), secondSecret, first)
	wantSecrets(t, s, *until, secondSecret)
	if record.SigningSecret.ChangedAt.Before(before) {
		t.Errorf("the secret was changed at %s, before %s", record.SigningSecret.ChangedAt, before)
	}
}

func TestARotationInAnOverlapDropsTheOldest(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	rotateTo(t, s, secondSecret, time.Hour)
	rotateTo(t, s, thirdSecret, time.Minute)
	wantSecrets(t, s, databaseTime(t, s), thirdSecret, secondSecret)
}

func TestALeakedSecretEndsAtOnce(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	rotateTo(t, s, secondSecret, time.Hour)
	if record := rotateTo(t, s, thirdSecret, 0); record.PreviousSigningSecretUntil != nil {
		t.Errorf("a previous secret is accepted until %s", record.PreviousSigningSecretUntil)
	}
	wantSecrets(t, s, time.Time{}, thirdSecret)
	var kept bool
	err := s.Database.Admin.QueryRow(t.Context(), "SELECT previous_signing_secret_sealed IS NOT NULL FROM tenant_configs").Scan(&kept)
	if err != nil || kept {
		t.Errorf("the old secret is still stored: %t, %v", kept, err)
	}
}

func TestRotateRefuses(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	for name, c := range map[string]struct {
		secret  tenant.Secret
		overlap time.Duration
		want    error
	}{
		"the current secret": {tenant.Secret(tenantstoretest.SigningSecret("alpha")), time.Hour, tenantstore.ErrSameSecret},
		"a short one":        {"short", time.Hour, tenantstore.ErrInvalid},
		"a long overlap":     {secondSecret, tenantstore.MaxOverlap + 1, tenantstore.ErrInvalid},
		"a negative overlap": {secondSecret, -1, tenantstore.ErrInvalid},
	} {
		if _, err := s.Console.RotateSigningSecret(t.Context(), "alpha", c.secret, c.overlap, 0, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	rotateTo(t, s, secondSecret, tenantstore.MaxOverlap)
}

func TestReplacingKeys(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	if _, err := s.Console.ReplaceAPIKey(t.Context(), "alpha", "another-key", 0, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Console.ReplaceKnowledgeKey(t.Context(), "alpha", "another-kb-key", 0, nil); err != nil {
		t.Fatal(err)
	}
	_, credentials, err := s.Get(t.Context(), "alpha")
	if err != nil || credentials.APIKey != "another-key" || credentials.KnowledgeAPIKey != "another-kb-key" {
		t.Errorf("the keys are not the new ones, %v", err)
	}
	if _, err := s.Console.ReplaceAPIKey(t.Context(), "alpha", "", 0, nil); !errors.Is(err, tenantstore.ErrInvalid) {
		t.Errorf("no key for ServiceDesk Plus: %v", err)
	}
	record, err := s.Console.ReplaceKnowledgeKey(t.Context(), "alpha", "", 0, nil)
	if err != nil || record.KnowledgeAPIKey.Set || record.KnowledgeAPIKey.ChangedAt == nil {
		t.Errorf("a removed key: %+v, %v", record.KnowledgeAPIKey, err)
	}
}

func TestASigningSecretCopiedIntoThePlaceOfThePreviousDoesNotOpen(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	rotateTo(t, s, secondSecret, time.Hour)
	exec(t, s, "UPDATE tenant_configs SET previous_signing_secret_sealed = signing_secret_sealed")
	if _, _, err := s.Get(t.Context(), "alpha"); err == nil {
		t.Error("it opens")
	}
}

func TestASecretThatDoesNotOpenCanBeReplaced(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	exec(t, s, "UPDATE tenant_configs SET signing_secret_sealed = 'broken'")
	if _, err := s.Console.RotateSigningSecret(t.Context(), "alpha", secondSecret, time.Hour, 0, nil); err == nil {
		t.Error("it is kept for an overlap, in which it cannot be used")
	}
	rotateTo(t, s, secondSecret, 0)
	wantSecrets(t, s, databaseTime(t, s), secondSecret)
}
