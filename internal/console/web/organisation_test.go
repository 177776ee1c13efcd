package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access/oidctest"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
)

// organisation is a world with an identity provider, and a clock for the pages.
type organisation struct {
	*world

	provider *oidctest.Provider
	ahead    atomic.Int64
}

func newOrganisation(t *testing.T) *organisation {
	t.Helper()
	o := &organisation{provider: oidctest.Start(t)}
	o.world = newWorldWith(t, consoletest.Options{
		Issuer: o.provider.Issuer(), Audience: oidctest.Audience,
		Now: func() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) },
	})
	return o
}

// visit follows the browser from the sign-in to the provider and back, and gives what it comes back to.
func (o *organisation) visit(next string) shown {
	o.t.Helper()
	return o.get(o.back(next))
}

// back gives the address at the console that the provider sends the browser to.
func (o *organisation) back(next string) string {
	o.t.Helper()
	began := o.get("/sign-in/organisation?next=" + url.QueryEscape(next))
	if began.StatusCode != http.StatusSeeOther {
		o.t.Fatalf("%d %s", began.StatusCode, began.body)
	}
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, began.Header.Get("Location"), http.NoBody)
	if err != nil {
		o.t.Fatal(err)
	}
	resp, err := o.browser.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return strings.TrimPrefix(resp.Header.Get("Location"), o.URL)
}

func TestAPersonSignsInWithTheOrganisation(t *testing.T) {
	o := newOrganisation(t)
	o.tenant("alpha", "Example")
	o.get("/sign-in?next=/queue").is(t, http.StatusOK, "Sign in with your organisation", "/sign-in/organisation?next=%2Fqueue")
	o.provider.AtTheBrowser(o.provider.Claims("jane", "ai-agents-operator"))
	o.visit("/tenants/alpha").leads(t, "/tenants/alpha")
	o.get("/tenants/alpha").is(t, http.StatusOK, "person:jane@example.com", "Example")
	o.get("/audit").is(t, http.StatusForbidden)
	o.do(http.MethodPost, "/sign-out", nil).leads(t, "/sign-in")
	o.get("/tenants").leads(t, "/sign-in?next=%2Ftenants")
	o.visit("//example.com").leads(t, "/")
}

func TestASignInThatComesToNothing(t *testing.T) {
	o := newOrganisation(t)
	o.visit("/").is(t, http.StatusForbidden, "did not let you in", "Sign in with your organisation")
	o.provider.AtTheBrowser(o.provider.Claims("joe"))
	o.visit("/").is(t, http.StatusForbidden, "none of the roles")
	o.provider.AtTheBrowser(o.provider.Claims("jane", "ai-agents-admin").With("aud", "another"))
	o.visit("/").is(t, http.StatusForbidden, "OIDC_AUDIENCE")
	o.provider.AtTheBrowser(o.provider.Claims("jane", "ai-agents-admin"))
	o.provider.Break(oidctest.Faults{Nonce: "of another sign-in"})
	o.visit("/").is(t, http.StatusForbidden, "was not accepted")
	o.provider.Break(oidctest.Faults{TokenStatus: http.StatusBadGateway})
	o.visit("/").is(t, http.StatusServiceUnavailable, "does not answer")
	o.provider.Break(oidctest.Faults{})
	// Another's sign-in, which a link brings, one that is brought twice, and one that took too long.
	address := o.back("/")
	o.anotherBrowser()
	o.get(address).is(t, http.StatusBadRequest, "not begun in this browser")
	address = o.back("/")
	o.get(strings.Replace(address, "state=", "state=x", 1)).is(t, http.StatusBadRequest, "not begun in this browser")
	address = o.back("/")
	o.get(strings.Replace(address, "code=", "code=x", 1)).is(t, http.StatusForbidden, "was not accepted")
	address = o.back("/")
	o.get(address).leads(t, "/")
	o.get(address).is(t, http.StatusBadRequest, "not begun in this browser")
	address = o.back("/")
	o.ahead.Store(int64(11 * time.Minute))
	o.get(address).is(t, http.StatusBadRequest, "too long ago")
}

func TestASignInIsRenewed(t *testing.T) {
	o := newOrganisation(t)
	o.provider.AtTheBrowser(o.provider.Claims("jane", "ai-agents-viewer").With("exp", time.Now().Add(30*time.Second).Unix()))
	o.visit("/").leads(t, "/")
	// It ends within the minute, so the first page has it renewed, for an hour.
	o.get("/tenants").is(t, http.StatusOK, "person:jane")
	// At its end again while the provider is out of order: there is no other token.
	o.ahead.Store(int64(2 * time.Hour))
	o.provider.Break(oidctest.Faults{TokenStatus: http.StatusBadGateway})
	o.get("/tenants").is(t, http.StatusServiceUnavailable, "does not answer")
	o.provider.Break(oidctest.Faults{})
	o.get("/tenants").is(t, http.StatusOK, "person:jane")
	// The organisation has let go of her.
	o.ahead.Store(int64(4 * time.Hour))
	o.provider.Revoke()
	o.get("/tenants").leads(t, "/sign-in?next=%2Ftenants")
}

// A provider that gives no refresh token is asked again when the token ends.
func TestWithoutARefreshTokenASessionEndsWithItsToken(t *testing.T) {
	o := newOrganisation(t)
	o.provider.Break(oidctest.Faults{NoRefresh: true})
	o.provider.AtTheBrowser(o.provider.Claims("jane", "ai-agents-viewer"))
	o.visit("/").leads(t, "/")
	o.get("/tenants").is(t, http.StatusOK)
	o.ahead.Store(int64(2 * time.Hour))
	o.get("/tenants").leads(t, "/sign-in?next=%2Ftenants")
}

func TestWithoutAnOrganisationThereIsTheTokenAlone(t *testing.T) {
	w := newWorld(t)
	got := w.get("/sign-in")
	if got.is(t, http.StatusOK); strings.Contains(got.body, "organisation") {
		t.Errorf("the page speaks of an organisation\n%s", got.body)
	}
	w.get("/sign-in/organisation").is(t, http.StatusNotFound, "OIDC_CLIENT_ID is not set")
	w.get("/sign-in/callback?code=x&state=y").is(t, http.StatusBadRequest, "not begun in this browser")
}
