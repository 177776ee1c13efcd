package tenantstore_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestAStoredKeyDoesNotGoToAnotherServer(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	before := read(t, s, "alpha")
	for name, c := range map[string]struct {
		change func(*tenant.Tenant)
		keys   tenantstore.NewKeys
		needs  []string
	}{
		"another host":   {change: func(t *tenant.Tenant) { t.ServiceDeskURL = "https://example.org/api/v3" }, needs: []string{"api_key"}},
		"another port":   {change: func(t *tenant.Tenant) { t.ServiceDeskURL = "https://sdp.example.com:8443/" }, needs: []string{"api_key"}},
		"another scheme": {change: func(t *tenant.Tenant) { t.ServiceDeskURL = "http://sdp.example.com/" }, needs: []string{"api_key"}},
		"a knowledge base's key is another": {
			change: func(t *tenant.Tenant) { t.ServiceDeskURL = "https://example.org/" },
			keys:   tenantstore.NewKeys{KnowledgeAPIKey: "k"}, needs: []string{"api_key"},
		},
		"another knowledge base": {change: func(t *tenant.Tenant) { t.KnowledgeURL = "https://example.org/" }, needs: []string{"kb_api_key"}},
		"both": {
			change: func(t *tenant.Tenant) {
				t.KnowledgeURL, t.ServiceDeskURL = "https://example.org/", "https://example.org/"
			},
			needs: []string{"api_key", "kb_api_key"},
		},
	} {
		changed, _ := tenantstoretest.Example("alpha")
		c.change(&changed)
		_, err := s.Console.UpdateWithKeys(t.Context(), changed, c.keys, 0, nil)
		needed, ok := errors.AsType[*tenantstore.KeyNeededError](err)
		if !ok || !errors.Is(err, tenantstore.ErrKeyNeeded) || !slices.Equal(needed.Keys, c.needs) {
			t.Errorf("%s: %v, want the need of %v", name, err, c.needs)
		}
	}
	if diff := cmp.Diff(before, read(t, s, "alpha")); diff != "" {
		t.Errorf("changed all the same: %s", diff)
	}
	elsewhere, _ := tenantstoretest.Example("alpha")
	elsewhere.ServiceDeskURL += "/v4"
	if _, err := s.Console.Update(t.Context(), elsewhere, 0, nil); err != nil {
		t.Errorf("another path on the same server: %v", err)
	}
}

func TestSettingsAndTheirKeysAreOneChange(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	before := read(t, s, "alpha")
	moved, _ := tenantstoretest.Example("alpha")
	moved.ServiceDeskURL, moved.KnowledgeURL = "https://sdp.example.org/api/v3", "https://kb.example.org"
	after, err := s.Console.UpdateWithKeys(t.Context(), moved, tenantstore.NewKeys{APIKey: "new", KnowledgeAPIKey: "new-kb"}, before.Version, nil)
	if err != nil || after.Version != before.Version+1 || !after.APIKey.ChangedAt.After(*before.APIKey.ChangedAt) ||
		!after.KnowledgeAPIKey.ChangedAt.After(*before.KnowledgeAPIKey.ChangedAt) {
		t.Errorf("%+v, %v", after, err)
	}
	if _, c, err := s.Get(t.Context(), "alpha"); err != nil || c.APIKey != "new" || c.KnowledgeAPIKey != "new-kb" {
		t.Errorf("the keys are not those that came along: %v", err)
	}
	moved.KnowledgeURL = ""
	if _, err := s.Console.UpdateWithKeys(t.Context(), moved, tenantstore.NewKeys{KnowledgeAPIKey: "k"}, 0, nil); !errors.Is(err, tenantstore.ErrInvalid) {
		t.Errorf("a key for no knowledge base: %v", err)
	}
	without, err := s.Console.Update(t.Context(), moved, 0, nil)
	if err != nil || without.KnowledgeAPIKey.Set || !without.APIKey.Set {
		t.Errorf("without a knowledge base: %+v, %v", without, err)
	}
	// Of a knowledge base without a key, nothing can be taken out.
	moved.KnowledgeURL = "https://kb.example.net"
	if _, err := s.Console.Update(t.Context(), moved, 0, nil); err != nil {
		t.Errorf("a knowledge base without a key: %v", err)
	}
}
