package oidc_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/access/oidctest"
)

func settings(p *oidctest.Provider) oidc.Config {
	return oidc.Config{
		Issuer: p.Issuer(), Audience: oidctest.Audience, RolesClaim: "roles",
		AdminRole: "ai-agents-admin", OperatorRole: "ai-agents-operator", ViewerRole: "ai-agents-viewer",
	}
}

// found makes a verifier that has found its provider, and runs it until the end of the test.
func found(t *testing.T, cfg oidc.Config) *oidc.Verifier {
	t.Helper()
	v, err := oidc.NewVerifier(cfg, oidc.Options{FirstWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run(t, v))
	awaitReady(t, v)
	return v
}

// run runs v until the function it gives is called.
func run(t *testing.T, v *oidc.Verifier) func() {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	return func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func awaitReady(t *testing.T, v *oidc.Verifier) {
	t.Helper()
	for !v.Ready() {
		select {
		case <-t.Context().Done():
			t.Fatal("the provider is not found")
		case <-time.After(time.Millisecond):
		}
	}
}

func refused(t *testing.T, v *oidc.Verifier, name, jwt string, want access.Reason) {
	t.Helper()
	p, err := v.Verify(t.Context(), jwt)
	reason, _ := access.ReasonOf(err)
	if p != nil || !errors.Is(err, access.ErrUnauthenticated) || reason != want {
		t.Errorf("%s: %v, %v, reason %q; want %q", name, p, err, reason, want)
		return
	}
	if err.Error() != access.ErrUnauthenticated.Error() {
		t.Errorf("%s: the words give it away: %q", name, err)
	}
}

func TestOIDCRecognisesAPerson(t *testing.T) {
	p := oidctest.Start(t)
	v := found(t, settings(p))
	expires := time.Now().Add(20 * time.Minute).Truncate(time.Second)
	claims := p.Claims("7f3e", "ai-agents-viewer", "ai-agents-operator", "offline_access").With("exp", expires.Unix())
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256} {
		got, err := v.Verify(t.Context(), p.SignAs(algorithm, nil, claims))
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		want := &access.Principal{
			Subject: "person:7f3e@example.com (7f3e)", Kind: access.KindPerson, Roles: []access.Role{access.RoleOperator, access.RoleViewer},
			Permissions: access.RoleOperator.Permissions(), ExpiresAt: expires,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if n := p.KeyRequests(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

func TestOIDCPersonWithoutARoleMayNothing(t *testing.T) {
	p := oidctest.Start(t)
	v := found(t, settings(p))
	got, err := v.Verify(t.Context(), p.Sign(p.Claims("7f3e")))
	if err != nil || len(got.Roles) != 0 || len(got.Permissions) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, permission := range access.All() {
		if got.May(permission, "") || got.May(permission, "alpha") {
			t.Errorf("they may %s", permission)
		}
	}
}

func TestOIDCRefusesForgeries(t *testing.T) {
	p, other := oidctest.Start(t), oidctest.Start(t)
	v := found(t, settings(p))
	good := p.Claims("7f3e", "ai-agents-admin")
	signed := p.Sign(good)
	parts := strings.Split(signed, ".")
	promoted := base64.RawURLEncoding.EncodeToString(marshal(t, p.Claims("eve", "ai-agents-admin")))
	stripped := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`))
	for name, c := range map[string]struct {
		jwt  string
		want access.Reason
	}{
		"no algorithm":                       {oidctest.Unsigned(good), access.ReasonSignature},
		"no algorithm, with a signature":     {oidctest.Unsigned(good) + parts[2], access.ReasonSignature},
		"HS256 with the public key":          {p.SignAs(jose.HS256, nil, good), access.ReasonSignature},
		"an algorithm that is not announced": {p.SignAs(jose.PS256, nil, good), access.ReasonSignature},
		"another payload":                    {parts[0] + "." + promoted + "." + parts[2], access.ReasonSignature},
		"another header":                     {stripped + "." + parts[1] + "." + parts[2], access.ReasonSignature},
		"no signature":                       {parts[0] + "." + parts[1] + ".", access.ReasonSignature},
		"a signature of something else":      {parts[0] + "." + parts[1] + "." + strings.Split(p.Sign(p.Claims("b")), ".")[2], access.ReasonSignature},
		"signed by somebody else":            {other.Sign(good), access.ReasonSignature},
		"of another realm":                   {other.Sign(other.Claims("7f3e", "ai-agents-admin")), access.ReasonIssuer},
		"a key that it brings along":         {p.SignAs(jose.RS256, map[string]any{"jku": other.Issuer() + "/keys", "kid": "x"}, good), access.ReasonSignature},
		"a logout token":                     {p.SignAs(jose.RS256, map[string]any{"typ": "logout+jwt"}, good), access.ReasonMalformed},
		"a header that must be understood":   {p.SignAs(jose.RS256, map[string]any{"crit": []string{"exp"}}, good), access.ReasonSignature},
		"no JWT at all":                      {"a.b.c", access.ReasonMalformed},
		"empty parts":                        {"..", access.ReasonMalformed},
		"JSON in place of the compact form":  {`{"payload":"` + parts[1] + `.","protected":"` + parts[0] + `","x":"."}`, access.ReasonMalformed},
		"SQL for a subject part":             {parts[0] + ".' OR 1=1 --." + parts[2], access.ReasonMalformed},
		"huge":                               {p.Sign(good.With("groups", strings.Repeat("g", access.MaxAuthorization))), access.ReasonMalformed},
	} {
		refused(t, v, name, c.jwt, c.want)
	}
	if other.KeyRequests() != 0 {
		t.Error("a stranger's keys were fetched")
	}
	if _, err := v.Verify(t.Context(), signed); err != nil {
		t.Errorf("the good one, after all that: %v", err)
	}
}

func TestOIDCRefusesClaimsThatAreNotForUs(t *testing.T) {
	p := oidctest.Start(t)
	v := found(t, settings(p))
	good := p.Claims("7f3e", "ai-agents-admin")
	now := time.Now()
	for name, c := range map[string]struct {
		claims oidctest.Claims
		want   access.Reason
	}{
		"another audience":          {good.With("aud", "another-application"), access.ReasonAudience},
		"several other audiences":   {good.With("aud", []string{"a", "b"}), access.ReasonAudience},
		"no audience":               {good.With("aud", nil), access.ReasonAudience},
		"a part of the audience":    {good.With("aud", oidctest.Audience+"x"), access.ReasonAudience},
		"an audience of odd type":   {good.With("aud", 5), access.ReasonClaims},
		"another issuer":            {good.With("iss", "https://idp.example.com"), access.ReasonIssuer},
		"the issuer with a slash":   {good.With("iss", p.Issuer()+"/"), access.ReasonIssuer},
		"no issuer":                 {good.With("iss", nil), access.ReasonIssuer},
		"a list of issuers":         {good.With("iss", []string{p.Issuer()}), access.ReasonIssuer},
		"expired":                   {good.With("exp", now.Add(-time.Minute).Unix()), access.ReasonExpired},
		"expired long ago":          {good.With("exp", 1), access.ReasonExpired},
		"no expiry":                 {good.With("exp", nil), access.ReasonExpired},
		"an expiry of odd type":     {good.With("exp", "tomorrow"), access.ReasonClaims},
		"an expiry that is no time": {good.With("exp", map[string]any{}), access.ReasonClaims},
		"not valid yet":             {good.With("nbf", now.Add(time.Minute).Unix()), access.ReasonNotYetValid},
		"valid next year":           {good.With("nbf", now.Add(365*24*time.Hour).Unix()), access.ReasonNotYetValid},
		"issued in the future":      {good.With("iat", now.Add(time.Minute).Unix()), access.ReasonNotYetValid},
		"a logout":                  {good.With("events", map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}), access.ReasonClaims},
		"no subject":                {good.With("sub", nil), access.ReasonClaims},
		"an empty subject":          {good.With("sub", ""), access.ReasonClaims},
		"a subject of odd type":     {good.With("sub", 5), access.ReasonClaims},
		"an endless subject":        {good.With("sub", strings.Repeat("s", 256)), access.ReasonClaims},
	} {
		refused(t, v, name, p.Sign(c.claims), c.want)
	}
	for name, claims := range map[string]oidctest.Claims{
		"several audiences":           good.With("aud", []string{"account", oidctest.Audience}),
		"expired by a clock's error":  good.With("exp", now.Add(-10*time.Second).Unix()),
		"early by a clock's error":    good.With("nbf", now.Add(10*time.Second).Unix()).With("iat", now.Add(10*time.Second).Unix()),
		"a fraction of a second":      good.With("iat", float64(now.Unix())+0.25),
		"without a time of its issue": good.With("iat", nil),
	} {
		if _, err := v.Verify(t.Context(), p.Sign(claims)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOIDCTakesTokensOfCertainClientsOnly(t *testing.T) {
	p := oidctest.Start(t)
	cfg := settings(p)
	cfg.AuthorizedParties = []string{"agentctl", "portal"}
	v := found(t, cfg)
	good := p.Claims("7f3e").With("azp", nil)
	for _, name := range []string{"azp", "client_id", "cid", "appid"} {
		if _, err := v.Verify(t.Context(), p.Sign(good.With(name, "portal"))); err != nil {
			t.Errorf("by %s: %v", name, err)
		}
	}
	refused(t, v, "another client", p.Sign(good.With("azp", "newsletter")), access.ReasonParty)
	refused(t, v, "azp counts before the others", p.Sign(good.With("azp", "newsletter").With("client_id", "portal")), access.ReasonParty)
	refused(t, v, "no client", p.Sign(good), access.ReasonParty)
	refused(t, v, "a client of odd type", p.Sign(good.With("azp", []string{"portal"})), access.ReasonParty)
}

func TestOIDCReadsRolesWhereTheProviderHasThem(t *testing.T) {
	p := oidctest.Start(t)
	admin, none := []access.Role{access.RoleAdmin}, []access.Role(nil)
	list := []any{"ai-agents-admin", "other"}
	for name, c := range map[string]struct {
		path, claim string
		value       any
		want        []access.Role
	}{
		"a list":                          {"roles", "roles", list, admin},
		"a text":                          {"groups", "groups", "ai-agents-admin", admin},
		"within another":                  {"realm_access.roles", "realm_access", map[string]any{"roles": list}, admin},
		"within two":                      {"resource_access.console.roles", "resource_access", map[string]any{"console": map[string]any{"roles": list}}, admin},
		"within one whose name has dots":  {"resource_access.console.example.com.roles", "resource_access", map[string]any{"console.example.com": map[string]any{"roles": list}}, admin},
		"in a claim whose name is a URL":  {"https://example.com/roles", "https://example.com/roles", list, admin},
		"some of another type":            {"roles", "roles", []any{5, nil, true, map[string]any{"ai-agents-admin": true}, []any{"ai-agents-admin"}, "ai-agents-admin"}, admin},
		"a number":                        {"roles", "roles", 5, none},
		"null":                            {"roles", "roles", json.RawMessage("null"), none},
		"an object":                       {"roles", "roles", map[string]any{"ai-agents-admin": true}, none},
		"lists within a list":             {"roles", "roles", []any{[]any{"ai-agents-admin"}}, none},
		"a text with several":             {"roles", "roles", "ai-agents-admin ai-agents-viewer", none},
		"another case":                    {"roles", "roles", "AI-Agents-Admin", none},
		"with a space":                    {"roles", "roles", "ai-agents-admin ", none},
		"a role's own name":               {"roles", "roles", "admin", none},
		"another claim":                   {"groups", "roles", list, none},
		"the way ends early":              {"realm_access.roles", "realm_access", "roles", none},
		"the way goes on":                 {"roles.inner", "roles", list, none},
		"an empty step":                   {"realm_access..roles", "realm_access", map[string]any{"roles": list}, none},
		"a dot at the end":                {"roles.", "roles", list, none},
		"a list on the way":               {"a.b", "a", []any{map[string]any{"b": list}}, none},
		"an empty list":                   {"roles", "roles", []any{}, none},
		"an empty name, and none is set":  {"roles", "roles", "", none},
		"the name of a person, not roles": {"sub", "ignored", 1, none},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := settings(p)
			cfg.RolesClaim, cfg.ViewerRole = c.path, ""
			got, err := found(t, cfg).Verify(t.Context(), p.Sign(p.Claims("7f3e").With("roles", nil).With(c.claim, c.value)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Roles); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOIDCSubjectNamesThePersonBeyondDoubt(t *testing.T) {
	p := oidctest.Start(t)
	v := found(t, settings(p))
	for name, c := range map[string]struct {
		claims oidctest.Claims
		want   string
	}{
		"a user name":               {oidctest.Claims{"sub": "7f3e", "preferred_username": "ada", "email": "a@example.com"}, "person:ada (7f3e)"},
		"an address":                {oidctest.Claims{"sub": "7f3e", "email": "a+b@example.com"}, "person:a+b@example.com (7f3e)"},
		"an unverified address":     {oidctest.Claims{"sub": "7f3e", "email": "a@example.com", "email_verified": false}, "person:7f3e"},
		"the id only":               {oidctest.Claims{"sub": "7f3e"}, "person:7f3e"},
		"a user name that is blank": {oidctest.Claims{"sub": "7f3e", "preferred_username": "  "}, "person:7f3e"},
		"a user name of odd type":   {oidctest.Claims{"sub": "7f3e", "preferred_username": []string{"ada"}}, "person:7f3e"},
		"letters of all scripts":    {oidctest.Claims{"sub": "7f3e", "preferred_username": "Müller-李"}, "person:Müller-李 (7f3e)"},
		"somebody else's id":        {oidctest.Claims{"sub": "7f3e", "preferred_username": "root (0001)"}, "person:root__0001_ (7f3e)"},
		"lines and controls":        {oidctest.Claims{"sub": "7f3e", "preferred_username": "a\nb\x00\u202ec\x1b[31m"}, "person:a_b__c__31m (7f3e)"},
		"an id with odd characters": {oidctest.Claims{"sub": "auth0|x (y)\n%20ü"}, "person:auth0|x%20%28y%29%0A%2520%C3%BC"},
		"a long name":               {oidctest.Claims{"sub": "7f3e", "preferred_username": strings.Repeat("ü", 500)}, "person:" + strings.Repeat("ü", 100) + " (7f3e)"},
	} {
		claims := p.Claims("x").With("preferred_username", nil)
		for key, value := range c.claims {
			claims = claims.With(key, value)
		}
		got, err := v.Verify(t.Context(), p.Sign(claims))
		if err != nil || got.Subject != c.want {
			t.Errorf("%s: %+v, %v; want %q", name, got, err, c.want)
		}
	}
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// counting is a transport that counts, for what the provider cannot see.
type counting struct {
	http.RoundTripper

	paths chan string
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.paths <- r.URL.String()
	return c.RoundTripper.RoundTrip(r)
}
