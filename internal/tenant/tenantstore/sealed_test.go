package tenantstore_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// cached is alpha in the middle of a rotation, as a cache keeps it.
func cached(t *testing.T, s *tenantstoretest.Store) []byte {
	t.Helper()
	s.Save(t, "alpha")
	rotateTo(t, s, secondSecret, time.Hour)
	sealed, err := s.Load(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(sealed)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestACachedTenantOpensAsTheStoredOne(t *testing.T) {
	s := tenantstoretest.New(t)
	data := cached(t, s)
	var sealed tenantstore.Sealed
	if err := json.Unmarshal(data, &sealed); err != nil {
		t.Fatal(err)
	}
	got, gotCredentials, err := sealed.Open(s.Sealer)
	if err != nil {
		t.Fatal(err)
	}
	want, wantCredentials, err := s.Get(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if sealed.Version != want.Version || sealed.ID != "alpha" {
		t.Errorf("it says it is version %d of %s", sealed.Version, sealed.ID)
	}
	gotUntil, wantUntil := gotCredentials.PreviousUntil, wantCredentials.PreviousUntil
	gotCredentials.PreviousUntil, wantCredentials.PreviousUntil = time.Time{}, time.Time{}
	if gotCredentials != wantCredentials || !gotUntil.Equal(wantUntil) || gotUntil.IsZero() {
		t.Errorf("the credentials come back changed; the previous secret until %s, want %s", gotUntil, wantUntil)
	}
	if again, err := json.Marshal(sealed); err != nil || !bytes.Equal(data, again) {
		t.Errorf("encoded again it is another: %v", err)
	}
}

func TestACachedTenantShowsNoSecret(t *testing.T) {
	s := tenantstoretest.New(t)
	data := string(cached(t, s))
	for _, secret := range []string{"key-of-alpha", "kb-key-of-alpha", "signing-secret-of-alpha", secondSecret.Reveal()} {
		if shows(t, data, secret) {
			t.Errorf("it shows %s: %s", secret, data)
		}
	}
	// The search itself must notice: the name is no secret.
	if !shows(t, data, "Example alpha") {
		t.Error("the name is not found either: this test proves nothing")
	}
}

// shows looks for text in all that JSON holds, in base64 too.
func shows(t *testing.T, data, text string) bool {
	t.Helper()
	if strings.Contains(data, text) {
		return true
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(data), &fields); err != nil {
		return false
	}
	for _, field := range fields {
		var word string
		if json.Unmarshal(field, &word) != nil {
			if shows(t, string(field), text) {
				return true
			}
			continue
		}
		if decoded, err := base64.StdEncoding.DecodeString(word); err == nil && shows(t, string(decoded), text) {
			return true
		}
	}
	return false
}

func TestACachedTenantThatWasChangedDoesNotOpen(t *testing.T) {
	s := tenantstoretest.New(t)
	data := cached(t, s)
	var parts struct {
		Document []byte `json:"document"`
		Proof    []byte `json:"proof"`
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		t.Fatal(err)
	}
	original := parts
	for name, change := range map[string]func(){
		"sent elsewhere": func() {
			parts.Document = bytes.Replace(parts.Document, []byte("sdp.example.com"), []byte("elsewhere.example.com"), 1)
		},
		"made another tenant": func() { parts.Document = bytes.Replace(parts.Document, []byte(`"alpha"`), []byte(`"beta"`), 1) },
		"without a proof":     func() { parts.Proof = nil },
	} {
		parts = original
		change()
		if bytes.Equal(parts.Document, original.Document) && len(parts.Proof) > 0 {
			t.Fatalf("%s: nothing was changed", name)
		}
		forged, err := json.Marshal(parts)
		if err != nil {
			t.Fatal(err)
		}
		var sealed tenantstore.Sealed
		if err := json.Unmarshal(forged, &sealed); err != nil {
			t.Fatal(err)
		}
		if _, _, err := sealed.Open(s.Sealer); err == nil {
			t.Errorf("%s, it opens", name)
		}
	}
	var sealed tenantstore.Sealed
	if err := json.Unmarshal(data, &sealed); err != nil {
		t.Fatal(err)
	}
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	other, err := tenant.NewSealer(keyset)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := sealed.Open(other); err == nil {
		t.Error("another keyset opens it")
	}
	if _, _, err := (tenantstore.Sealed{}).Open(s.Sealer); err == nil {
		t.Error("an empty one opens")
	}
}

func TestACachedTenantOfAnotherReleaseIsNotMisread(t *testing.T) {
	for name, document := range map[string]string{
		"another format": `{"format":2,"tenant_id":"alpha"}`, "no format": `{"tenant_id":"alpha"}`, "no JSON": "x", "nothing": "",
	} {
		data, err := json.Marshal(map[string][]byte{"document": []byte(document)})
		if err != nil {
			t.Fatal(err)
		}
		var sealed tenantstore.Sealed
		if err := json.Unmarshal(data, &sealed); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func TestLoadGivesEnabledTenantsOnly(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	setStatus(t, s, "alpha", tenantstore.StatusDisabled)
	for _, id := range []string{"alpha", "unknown", ""} {
		if _, err := s.Load(t.Context(), id); !errors.Is(err, tenant.ErrNotFound) {
			t.Errorf("Load(%q): %v, want ErrNotFound", id, err)
		}
	}
	s.OpenDecoy()
}
