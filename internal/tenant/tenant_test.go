package tenant_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

func valid() (tenant.Tenant, tenant.Credentials) {
	t := tenant.Tenant{
		ID: "example-clinic", Name: "Example clinic", ServiceDeskURL: "https://sdp.example.com:8080/api/v3",
		Profile: tenant.ProfileOnPrem,
	}
	return t, tenant.Credentials{APIKey: "example-key", SigningSecret: "example-signing-secret"}
}

func TestValidateNamesEveryField(t *testing.T) {
	good, secrets := valid()
	if err := errors.Join(good.Validate(), secrets.Validate(good)); err != nil {
		t.Fatalf("a valid tenant: %v", err)
	}
	bad := tenant.Tenant{
		ID: "Example Clinic", ServiceDeskURL: "sdp.example.com", Profile: "desktop",
		KnowledgeURL: "https://user:secret@kb.example.com", Preferences: tenant.Preferences{Format: "pdf", TicketURL: "https://sdp.example.com/", ArticleURL: "{id}", WebhooksPerMinute: -1, WebhookAuth: "none", LongDescriptions: "drop"},
	}
	err := errors.Join(bad.Validate(), tenant.Credentials{SigningSecret: "short"}.Validate(bad))
	for _, field := range []string{
		"tenant_id:", "name:", "servicedesk_url:", "servicedesk_profile:", "kb_url:",
		"enhancement_prefs.format:", "enhancement_prefs.ticket_url:", "enhancement_prefs.article_url:",
		"enhancement_prefs.webhooks_per_minute:", "enhancement_prefs.webhook_auth:", "enhancement_prefs.long_descriptions:", "signing_secret:", "api_key:",
	} {
		if !strings.Contains(fmt.Sprint(err), field) {
			t.Errorf("the error does not name %s\n%v", field, err)
		}
	}
	good.Profile = tenant.ProfileCloud
	if err := secrets.Validate(good); err == nil {
		t.Error("a cloud tenant with a bare key instead of an OAuth grant is taken")
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "example-1": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "A": false, "a/b": false, "a b": false, "é": false, strings.Repeat("a", 64): false,
	} {
		if tenant.ValidID(id) != want {
			t.Errorf("ValidID(%q) = %t", id, !want)
		}
	}
}

func newSealer(t *testing.T) *tenant.Sealer {
	t.Helper()
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	s, err := tenant.NewSealer(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASealOpensForItsRowOnly(t *testing.T) {
	s := newSealer(t)
	sealed, err := s.Seal("alpha", tenant.ColumnAPIKey, "example-key")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed), "example-key") {
		t.Error("the sealed value shows the secret")
	}
	if got, err := s.Open("alpha", tenant.ColumnAPIKey, sealed); err != nil || got.Reveal() != "example-key" {
		t.Errorf("opened %q, %v", got.Reveal(), err)
	}
	for name, open := range map[string]func() (tenant.Secret, error){
		"another tenant": func() (tenant.Secret, error) { return s.Open("beta", tenant.ColumnAPIKey, sealed) },
		"another column": func() (tenant.Secret, error) { return s.Open("alpha", tenant.ColumnSigningSecret, sealed) },
		"another keyset": func() (tenant.Secret, error) { return newSealer(t).Open("alpha", tenant.ColumnAPIKey, sealed) },
		"a changed byte": func() (tenant.Secret, error) {
			changed := append([]byte(nil), sealed...)
			changed[len(changed)-1] ^= 1
			return s.Open("alpha", tenant.ColumnAPIKey, changed)
		},
	} {
		if got, err := open(); err == nil {
			t.Errorf("%s opens it: %q", name, got.Reveal())
		}
	}
	if sealed, err := s.Seal("alpha", tenant.ColumnAPIKey, ""); sealed != nil || err != nil {
		t.Errorf("an empty secret seals to %v, %v", sealed, err)
	}
	if got, err := s.Open("alpha", tenant.ColumnAPIKey, nil); got != "" || err != nil {
		t.Errorf("nothing opens to %q, %v", got.Reveal(), err)
	}
}

func TestABrokenKeysetIsNotQuoted(t *testing.T) {
	_, err := tenant.NewSealer(`{"primaryKeyId": 1, "key": "hunter2"}`)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}

func TestASecretDoesNotPrint(t *testing.T) {
	_, secrets := valid()
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "c", secrets, "s", secrets.APIKey)
	encoded, err := json.Marshal(secrets) //nolint:musttag // that it does not print is what is tested
	if err != nil {
		t.Fatal(err)
	}
	for how, text := range map[string]string{
		"%v": fmt.Sprintf("%v", secrets), "%+v": fmt.Sprintf("%+v", secrets), "%#v": fmt.Sprintf("%#v", secrets),
		"print": fmt.Sprint(secrets.APIKey), "%q": fmt.Sprintf("%q", secrets.APIKey), "json": string(encoded), "slog": log.String(),
	} {
		if strings.Contains(text, "example-key") {
			t.Errorf("%s shows the secret: %s", how, text)
		}
	}
}
