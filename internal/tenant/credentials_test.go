package tenant_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestThePreviousSigningSecretEndsWithItsTime(t *testing.T) {
	until := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rotated := tenant.Credentials{SigningSecret: "new", PreviousSigningSecret: "old", PreviousUntil: until}
	for name, c := range map[string]struct {
		credentials tenant.Credentials
		at          time.Time
		want        []tenant.Secret
	}{
		"in the overlap":     {rotated, until.Add(-time.Nanosecond), []tenant.Secret{"new", "old"}},
		"at its end":         {rotated, until, []tenant.Secret{"new"}},
		"after it":           {rotated, until.Add(time.Hour), []tenant.Secret{"new"}},
		"without a rotation": {tenant.Credentials{SigningSecret: "new"}, until, []tenant.Secret{"new"}},
		"without an end":     {tenant.Credentials{SigningSecret: "new", PreviousSigningSecret: "old"}, until, []tenant.Secret{"new"}},
	} {
		if got := c.credentials.SigningSecrets(c.at); !slices.Equal(got, c.want) {
			t.Errorf("%s: %d secrets, want %d, or in another order", name, len(got), len(c.want))
		}
	}
}

func TestAGrantOfTheCloudIsWhole(t *testing.T) {
	const url, id, secret, token = `"accounts_url":"https://accounts.example.com"`, `"client_id":"a"`, `"client_secret":"example-secret"`, `"refresh_token":"c"`
	object := func(members ...string) tenant.Secret { return tenant.Secret("{" + strings.Join(members, ",") + "}") }
	for name, c := range map[string]struct {
		key  tenant.Secret
		want []string
	}{
		"whole":                   {object(url, id, secret, token), nil},
		"with more":               {object(url, id, secret, token, `"scope":"x"`), nil},
		"no JSON":                 {"bare-example-secret", []string{"a JSON object"}},
		"an array":                {`["example-secret"]`, []string{"a JSON object"}},
		"a number":                {object(url, `"client_id":7`, secret, token), []string{"a JSON object"}},
		"null":                    {"null", []string{"accounts_url", "client_id", "client_secret", "refresh_token"}},
		"empty":                   {"{}", []string{"accounts_url", "client_id", "client_secret", "refresh_token"}},
		"no token":                {object(url, id, secret), []string{"refresh_token"}},
		"no address":              {object(id, secret, token), []string{"accounts_url"}},
		"an address with a query": {object(`"accounts_url":"https://accounts.example.com?x=example-secret"`, id, secret, token), []string{"accounts_url"}},
		"a line break":            {object(url, id, `"client_secret":"example-secret\n"`, token), []string{"client_secret"}},
	} {
		err := tenant.ValidateAPIKey(tenant.ProfileCloud, c.key)
		if (err == nil) != (c.want == nil) || strings.Contains(fmt.Sprint(err), "example-secret") {
			t.Errorf("%s: %v", name, err)
		}
		for _, field := range c.want {
			if !strings.Contains(fmt.Sprint(err), field) {
				t.Errorf("%s: the error does not name %s: %v", name, field, err)
			}
		}
	}
	if err := tenant.ValidateAPIKey(tenant.ProfileOnPrem, object(url, id, secret, token)); err != nil {
		t.Errorf("a grant on premises, on the way to the cloud: %v", err)
	}
}

func TestABaseHasNeitherQueryNorFragment(t *testing.T) {
	for url, want := range map[string]bool{
		"https://sdp.example.com/api/v3": true, "https://sdp.example.com/api/v3?x=1": false, "https://sdp.example.com/api/v3?": false,
		"https://sdp.example.com/api/v3#x": false, "https://sdp.example.com/api/v3#": false, "https://:8080/api/v3": false,
	} {
		desk, _ := valid()
		desk.ServiceDeskURL = url
		knowledge, _ := valid()
		knowledge.KnowledgeURL = url
		if (desk.Validate() == nil) != want || (knowledge.Validate() == nil) != want {
			t.Errorf("%s: %v, %v", url, desk.Validate(), knowledge.Validate())
		}
	}
}

func TestTextThatCannotBeStoredIsRefused(t *testing.T) {
	for name, text := range map[string]string{"a zero byte": "a\x00b", "no UTF-8": "a\xffb"} {
		stored, _ := valid()
		stored.Name = text
		if stored.Validate() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
