package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/access/oidctest"
)

func TestOIDCWaitsForAProviderThatIsDown(t *testing.T) {
	for name, fault := range map[string]oidctest.Faults{
		"down":                           {Down: true},
		"slow":                           {Delay: time.Hour},
		"of another issuer":              {Issuer: "https://idp.example.com"},
		"with keys over plain HTTP":      {KeysURL: "http://idp.example.com/keys"},
		"without keys":                   {KeysURL: "/keys"},
		"with secrets for keys":          {Algorithms: []string{"HS256", "none"}},
		"that names no algorithm at all": {Algorithms: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := oidctest.Start(t)
			p.Break(fault)
			// The client gives up on a slow one before the default does, so that the test need not wait.
			v, err := oidc.NewVerifier(settings(p), oidc.Options{FirstWait: time.Millisecond, Transport: impatient{}})
			if err != nil {
				t.Fatal(err)
			}
			defer run(t, v)()
			for p.DiscoveryRequests() < 2 && !v.Ready() {
				time.Sleep(time.Millisecond)
			}
			jwt := p.Sign(p.Claims("7f3e", "ai-agents-admin"))
			if _, err := v.Verify(t.Context(), jwt); !errors.Is(err, access.ErrProviderUnavailable) || errors.Is(err, access.ErrUnauthenticated) || v.Ready() {
				t.Errorf("meanwhile: %v", err)
			}
			refused(t, v, "no JWT, meanwhile", "a.b.c", access.ReasonMalformed)
			p.Break(oidctest.Faults{})
			awaitReady(t, v)
			if _, err := v.Verify(t.Context(), jwt); err != nil {
				t.Errorf("after that: %v", err)
			}
		})
	}
}

// impatient waits for 100 ms at most.
type impatient struct{}

func (impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	transport := &http.Transport{ResponseHeaderTimeout: 100 * time.Millisecond, DisableKeepAlives: true}
	return transport.RoundTrip(r)
}

func TestOIDCFollowsARotationOfKeys(t *testing.T) {
	p := oidctest.Start(t)
	v := found(t, settings(p))
	claims := p.Claims("7f3e")
	before := p.Sign(claims)
	if _, err := v.Verify(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	p.Rotate()
	if _, err := v.Verify(t.Context(), p.Sign(claims)); err != nil {
		t.Errorf("signed with the new key: %v", err)
	}
	if _, err := v.Verify(t.Context(), before); err != nil {
		t.Errorf("signed with the old key, which is still published: %v", err)
	}
	p.Rotate()
	p.Retire()
	if _, err := v.Verify(t.Context(), p.Sign(claims)); err != nil {
		t.Errorf("signed with the newest key: %v", err)
	}
	// go-oidc keeps the keys a moment after it has used them.
	for range 1000 {
		if _, err := v.Verify(t.Context(), before); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	refused(t, v, "signed with a key that was withdrawn", before, access.ReasonSignature)
}

// An unknown key id has the keys fetched. Whoever sends many of them must not have us flood the provider, nor keep others out.
func TestOIDCFetchesKeysNotForEveryForgery(t *testing.T) {
	p, other := oidctest.Start(t), oidctest.Start(t)
	v := found(t, settings(p))
	good := p.Sign(p.Claims("7f3e"))
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for range 200 {
		refused(t, v, "a forgery", other.Sign(p.Claims("eve", "ai-agents-admin")), access.ReasonSignature)
	}
	allowed := 5 + int(time.Since(begun)/(5*time.Second)) + 1
	if n := p.KeyRequests(); n > allowed {
		t.Errorf("the keys were fetched %d times, %d are allowed", n, allowed)
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestOIDCKnowsAPersonWhileTheKeysCannotBeFetched(t *testing.T) {
	for name, fault := range map[string]oidctest.Faults{
		"an error":     {KeysStatus: http.StatusInternalServerError},
		"no content":   {KeysStatus: http.StatusNoContent},
		"a web page":   {KeysBody: "<html>maintenance</html>"},
		"half of it":   {KeysBody: `{"keys":[`},
		"far too much": {KeysBody: `{"keys":[]}` + strings.Repeat(" ", 2<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			p := oidctest.Start(t)
			v := found(t, settings(p))
			known := p.Sign(p.Claims("7f3e", "ai-agents-viewer"))
			p.Break(fault)
			for range 10 { // more often than the keys are fetched: it stays that answer
				if _, err := v.Verify(t.Context(), known); !errors.Is(err, access.ErrProviderUnavailable) {
					t.Fatalf("before the keys were ever seen: %v", err)
				}
			}
		})
		t.Run(name+", later", func(t *testing.T) {
			p := oidctest.Start(t)
			v := found(t, settings(p))
			claims := p.Claims("7f3e", "ai-agents-viewer")
			known := p.Sign(claims)
			if _, err := v.Verify(t.Context(), known); err != nil {
				t.Fatal(err)
			}
			p.Break(fault)
			p.Rotate()
			if _, err := v.Verify(t.Context(), known); err != nil {
				t.Errorf("with a known key: %v", err)
			}
			if _, err := v.Verify(t.Context(), p.Sign(claims)); !errors.Is(err, access.ErrProviderUnavailable) {
				t.Errorf("with a new key: %v", err)
			}
			p.Break(oidctest.Faults{})
			fresh := p.Sign(claims)
			_, err := v.Verify(t.Context(), fresh)
			for range 3 { // one that comes just as a fetch ends shares its outcome
				if err != nil {
					time.Sleep(50 * time.Millisecond)
					_, err = v.Verify(t.Context(), fresh)
				}
			}
			if err != nil {
				t.Errorf("after that: %v", err)
			}
		})
	}
}

// Only the provider says where its keys are, in its own document.
func TestOIDCDoesNotFollowRedirects(t *testing.T) {
	p, other := oidctest.Start(t), oidctest.Start(t)
	v := found(t, settings(p))
	p.Break(oidctest.Faults{KeysRedirect: other.Issuer() + "/keys"})
	if _, err := v.Verify(t.Context(), other.Sign(p.Claims("eve", "ai-agents-admin"))); !errors.Is(err, access.ErrProviderUnavailable) {
		t.Errorf("error %v", err)
	}
	if other.KeyRequests() != 0 {
		t.Error("it followed")
	}
}

func TestOIDCDoesNotBlameAPersonForKeysThatCannotBeRead(t *testing.T) {
	p := oidctest.Start(t)
	v := found(t, settings(p))
	p.Break(oidctest.Faults{KeysBody: `{"keys":[{"kty":"RSA","kid":"x","n":"!","e":"AQAB"}]}`})
	if _, err := v.Verify(t.Context(), p.Sign(p.Claims("7f3e"))); !errors.Is(err, access.ErrProviderUnavailable) {
		t.Errorf("error %v", err)
	}
}

// Who waits for keys waits no longer than its request lasts.
func TestOIDCEndsWithItsRequest(t *testing.T) {
	p := oidctest.Start(t)
	v := found(t, settings(p))
	p.Break(oidctest.Faults{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := v.Verify(ctx, p.Sign(p.Claims("7f3e")))
		result <- err
	}()
	for p.KeyRequests() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-result; !errors.Is(err, access.ErrProviderUnavailable) {
		t.Errorf("error %v", err)
	}
	p.CloseConnections() // the fetch itself is others' as well, and goes on
}

// What a provider announces may change while the console runs. When it cannot be asked, what was known stays true.
func TestOIDCLearnsOfChangesAtTheProvider(t *testing.T) {
	p := oidctest.Start(t)
	p.Break(oidctest.Faults{Algorithms: []string{"RS256"}})
	v, err := oidc.NewVerifier(settings(p), oidc.Options{FirstWait: time.Millisecond, Refresh: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, v)()
	awaitReady(t, v)
	rsa, ec := p.Sign(p.Claims("7f3e")), p.SignAs(jose.ES256, nil, p.Claims("7f3e"))
	if _, err := v.Verify(t.Context(), rsa); err != nil {
		t.Fatal(err)
	}
	refused(t, v, "an algorithm that is not announced", ec, access.ReasonSignature)
	p.Break(oidctest.Faults{Down: true})
	for asked := p.DiscoveryRequests(); p.DiscoveryRequests() < asked+2; {
		time.Sleep(time.Millisecond)
	}
	if _, err := v.Verify(t.Context(), rsa); err != nil {
		t.Errorf("while it is down: %v", err)
	}
	p.Break(oidctest.Faults{Algorithms: []string{"RS256", "ES256"}})
	for {
		_, err := v.Verify(t.Context(), ec)
		if err == nil {
			break
		}
		if !errors.Is(err, access.ErrUnauthenticated) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

// The provider's documents are fetched from where the settings say and from nowhere else, whatever a token holds.
func TestOIDCAsksNobodyElse(t *testing.T) {
	p := oidctest.Start(t)
	asked := make(chan string, 100)
	v, err := oidc.NewVerifier(settings(p), oidc.Options{FirstWait: time.Millisecond, Transport: counting{http.DefaultTransport, asked}})
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, v)
	awaitReady(t, v)
	// A person with more groups than fit: the provider names a place where to ask for them.
	claims := p.Claims("7f3e").With("_claim_names", map[string]string{"roles": "src1"}).
		With("_claim_sources", map[string]any{"src1": map[string]string{"endpoint": "http://192.0.2.1/groups"}}).With("roles", nil)
	if got, err := v.Verify(t.Context(), p.Sign(claims)); err != nil || len(got.Roles) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	stop()
	close(asked)
	for address := range asked {
		if !strings.HasPrefix(address, p.Issuer()+"/") {
			t.Errorf("it asked %s", address)
		}
	}
}
