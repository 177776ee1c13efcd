package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
	"github.com/ai-agents/ai-agents/internal/webhook/origin"
)

// steps is what the handler did for one request, in order.
type steps struct {
	mu    sync.Mutex
	taken []string
}

func (s *steps) take(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, step)
}

func (s *steps) reset() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.taken
	s.taken = nil
	return taken
}

type countedTenants struct {
	tenants

	steps *steps
}

func (c countedTenants) Recall(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, bool) {
	c.steps.take("recall")
	return c.tenants.Recall(ctx, id)
}

func (c countedTenants) Read(ctx context.Context, id string) (tenantcache.Fresh, error) {
	c.steps.take("load")
	return c.tenants.Read(ctx, id)
}

func (c countedTenants) Keep(ctx context.Context, f tenantcache.Fresh) {
	c.steps.take("keep")
	c.tenants.Keep(ctx, f)
}

// countSteps makes f's handler note what it does.
func (f *fixture) countSteps() *steps {
	s := &steps{}
	f.door.tenants = countedTenants{f.door.tenants, s}
	verify := f.door.verify
	f.door.verify = func(secret string, body []byte, signature string) error {
		s.take("verify " + strconv.FormatBool(secret != "") + " " + strconv.Itoa(len(body)))
		return verify(secret, body, signature)
	}
	match := f.door.match
	f.door.match = func(secret, given string) error {
		s.take("match " + strconv.FormatBool(secret != ""))
		return match(secret, given)
	}
	return s
}

// request is a webhook of the tenant from an address, signed with the secret of signer.
func request(t *testing.T, from, tenantID, signer string) *http.Request {
	t.Helper()
	return requestWith(t, from, tenantID, signer, nil)
}

// requestWith changes fields of it.
func requestWith(t *testing.T, from, tenantID, signer string, change map[string]any) *http.Request {
	t.Helper()
	fields := map[string]any{"tenant_id": tenantID}
	maps.Copy(fields, change)
	body := payload(t, fields)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, routeWebhook, bytes.NewReader(body))
	req.RemoteAddr = from + ":40000"
	req.Header.Set(webhook.SignatureHeader, webhook.Sign(tenantstoretest.SigningSecret(signer), body))
	return req
}

func (f *fixture) serve(req *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, req)
	return rec
}

func TestNobodyLearnsWhichTenantsThereAre(t *testing.T) {
	f := newFixture(t)
	// Ids of one length: the length of the body is the sender's own doing. delta is disabled, omega has a static secret,
	// sigma is changing its secret, and gamma does not exist.
	for _, id := range []string{"delta", "sigma"} {
		f.store.Save(t, id)
	}
	f.change(t, "omega", tenant.Preferences{WebhookAuth: tenant.AuthStatic})
	f.rotate(t, "sigma", "another-secret-of-sigma", time.Hour)
	if _, err := f.store.Console.SetStatus(t.Context(), "delta", tenantstore.StatusDisabled, 0, nil); err != nil {
		t.Fatal(err)
	}
	counted := f.countSteps()
	ask := func(tenantID, signature, secret string) (*httptest.ResponseRecorder, []string) {
		req := request(t, "192.0.2.1", tenantID, "nobody")
		req.Header.Set(headerCorrelation, "example")
		if signature != "" {
			req.Header.Set(webhook.SignatureHeader, signature)
		}
		if secret != "" {
			req.Header.Set(webhook.SecretHeader, secret)
		}
		return f.serve(req), counted.reset()
	}
	for _, copied := range []bool{false, true} {
		if copied {
			if code := f.signed(t, tenantstoretest.SigningSecret("alpha"), "1"); code != http.StatusAccepted || len(f.copies.Values()) != 1 {
				t.Fatalf("%d, %d copies", code, len(f.copies.Values()))
			}
			counted.reset()
		}
		t.Run(fmt.Sprintf("copied %t", copied), func(t *testing.T) { f.compareTenants(t, ask) })
	}
	log := f.log.String()
	for _, reason := range []string{reasonTenant, reasonSignature, reasonWay} {
		if !strings.Contains(log, reason) {
			t.Errorf("the operator has to learn what the sender must not, and %q is not in the log", reason)
		}
	}
}

// compareTenants asks as alpha, and as tenants that are disabled or do not exist, with the same wrong things.
func (f *fixture) compareTenants(t *testing.T, ask func(tenantID, signature, secret string) (*httptest.ResponseRecorder, []string)) {
	t.Helper()
	alphas := tenantstoretest.SigningSecret("alpha") // which is right for alpha, in a way that alpha does not have
	for _, sent := range []struct{ signature, secret string }{
		{"", ""}, {"x", ""}, {"sha256=" + strings.Repeat("0", 64), ""}, {"", "wrong"}, {"x", strings.Repeat("long", 500)}, {"", alphas},
	} {
		want, wantSteps := ask("alpha", sent.signature, sent.secret)
		if want.Code != http.StatusUnauthorized || len(wantSteps) != stepsEach || slices.Contains(wantSteps, "match false") {
			t.Fatalf("a wrong signature: %d %s after %q", want.Code, want.Body, wantSteps)
		}
		for _, tenantID := range []string{"delta", "gamma", "omega", "sigma"} {
			got, steps := ask(tenantID, sent.signature, sent.secret)
			if got.Code != want.Code || got.Body.String() != want.Body.String() {
				t.Errorf("%s: %d %s, for a wrong signature %d %s", tenantID, got.Code, got.Body, want.Code, want.Body)
			}
			var gotHeader, wantHeader strings.Builder
			if err := errors.Join(got.Header().Write(&gotHeader), want.Header().Write(&wantHeader)); err != nil {
				t.Fatal(err)
			}
			if gotHeader.String() != wantHeader.String() {
				t.Errorf("%s: header\n%s\nfor a wrong signature\n%s", tenantID, gotHeader.String(), wantHeader.String())
			}
			if !slices.Equal(steps, wantSteps) {
				t.Errorf("%s: %q, for a wrong signature %q", tenantID, steps, wantSteps)
			}
		}
		f.forgive(t)
	}
}

// stepsEach are what one look at a wrong request takes: the copy of the tenant, then the tenant, and two secrets tried in two
// ways with each.
const stepsEach = 2 * (1 + 2*secretsTried)

// forgive forgets wrong signatures.
func (f *fixture) forgive(t *testing.T) {
	t.Helper()
	var err error
	if f.door.failures, err = origin.NewFailures(limits().BadSignatures, time.Now); err != nil {
		t.Fatal(err)
	}
}

// change saves an example tenant with preferences.
func (f *fixture) change(t *testing.T, tenantID string, prefs tenant.Preferences) {
	t.Helper()
	example, credentials := tenantstoretest.Example(tenantID)
	example.Preferences = prefs
	f.store.Put(t, example, credentials)
	f.copies.Clear()
}

func (f *fixture) rotate(t *testing.T, tenantID string, secret tenant.Secret, overlap time.Duration) {
	t.Helper()
	if _, err := f.store.Console.RotateSigningSecret(t.Context(), tenantID, secret, overlap, 0, nil); err != nil {
		t.Fatal(err)
	}
}

func TestAFloodOfWrongSignatures(t *testing.T) {
	f := newFixture(t)
	counted := f.countSteps()
	statuses := map[int]int{}
	for range 300 {
		rec := f.serve(request(t, "192.0.2.1", "alpha", "nobody"))
		statuses[rec.Code]++
		if wait, err := strconv.Atoi(rec.Header().Get("Retry-After")); rec.Code == http.StatusTooManyRequests && (err != nil || wait < 1) {
			t.Fatalf("429 with Retry-After %q", rec.Header().Get("Retry-After"))
		}
	}
	if statuses[401] != 30 || statuses[429] != 270 {
		t.Errorf("300 wrong signatures were answered %v; want 30 times 401 and 270 times 429", statuses)
	}
	if n := len(counted.reset()); n != stepsEach*statuses[401] {
		t.Errorf("%d steps for %d that were looked at: the others cost something", n, statuses[401])
	}
	if rec := f.serve(request(t, "192.0.2.2", "alpha", "alpha")); rec.Code != http.StatusAccepted {
		t.Errorf("a good webhook from another address: %d %s", rec.Code, rec.Body)
	}
	if n := strings.Count(f.log.String(), "security_event"); n != 2 {
		t.Errorf("%d lines in the log, want one for each kind of refusal", n)
	}
}

// Those that were let in before the first failure was known are looked at only as long as it is their turn.
func TestAFloodAtOnce(t *testing.T) {
	f := newFixture(t)
	var (
		wg      sync.WaitGroup
		checked atomic.Int32
	)
	for range 300 {
		req := request(t, "192.0.2.1", "alpha", "nobody")
		wg.Go(func() {
			if f.serve(req).Code == http.StatusUnauthorized {
				checked.Add(1)
			}
		})
	}
	wg.Wait()
	most := int32(limits().BadSignatures) + limits().Database.MaxConns/shares - 1
	if n := checked.Load(); n < int32(limits().BadSignatures) || n > most {
		t.Errorf("%d of 300 wrong signatures at once were looked at, want 30 to %d", n, most)
	}
}

func TestWhoIsRefusedIsNotRead(t *testing.T) {
	f := newFixture(t)
	for range 40 {
		f.serve(request(t, "192.0.2.1", "alpha", "nobody"))
	}
	read := false
	req := request(t, "192.0.2.1", "alpha", "nobody")
	req.Body = io.NopCloser(readerFunc(func([]byte) (int, error) { read = true; return 0, io.EOF }))
	if rec := f.serve(req); rec.Code != http.StatusTooManyRequests || rec.Header().Get("Connection") != "close" || read {
		t.Errorf("%d, Connection %q, body read %t", rec.Code, rec.Header().Get("Connection"), read)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestGoodSignaturesGetThroughBesideWrongOnes(t *testing.T) {
	f := newFixture(t)
	const nat = "192.0.2.1"
	if rec := f.serve(request(t, nat, "alpha", "alpha")); rec.Code != http.StatusAccepted {
		t.Fatalf("before the flood: %d %s", rec.Code, rec.Body)
	}
	for range 35 {
		f.serve(request(t, nat, "beta", "nobody"))
	}
	if rec := f.serve(request(t, nat, "alpha", "alpha")); rec.Code != http.StatusAccepted {
		t.Errorf("beside a flood: %d %s", rec.Code, rec.Body)
	}
}

// Who is no trusted proxy cannot take on another address, neither to get out of a refusal nor to get another into one.
func TestASpoofedAddress(t *testing.T) {
	f := newFixture(t)
	for i := range 60 {
		req := request(t, "192.0.2.1", "alpha", "nobody")
		req.Header.Set("X-Forwarded-For", "198.51.100."+strconv.Itoa(i))
		f.serve(req)
	}
	req := request(t, "192.0.2.1", "alpha", "nobody")
	req.Header.Set("X-Forwarded-For", "198.51.100.77")
	if rec := f.serve(req); rec.Code != http.StatusTooManyRequests {
		t.Errorf("with yet another address: %d", rec.Code)
	}
	if err := f.door.proxies.Decode("203.0.113.1"); err != nil {
		t.Fatal(err)
	}
	proxied := func(client, signer string) int {
		req := request(t, "203.0.113.1", "alpha", signer)
		req.Header.Set("X-Forwarded-For", "198.51.100.8, "+client)
		return f.serve(req).Code
	}
	for range 60 {
		proxied("198.51.100.7", "nobody")
	}
	if bad, good := proxied("198.51.100.7", "nobody"), proxied("198.51.100.8", "alpha"); bad != 429 || good != 202 {
		t.Errorf("behind a proxy, the bad one hears %d, and the one he claims to be %d", bad, good)
	}
}

func TestManyAddressesDoNotFillTheLog(t *testing.T) {
	f := newFixture(t)
	const addresses = 400
	for i := range addresses {
		f.serve(request(t, "10.0."+strconv.Itoa(i/200)+"."+strconv.Itoa(i%200), "alpha", "nobody"))
	}
	if n := strings.Count(f.log.String(), "security_event"); n != auditBurst {
		t.Errorf("%d lines for %d addresses, want %d", n, addresses, auditBurst)
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("APP_PORT", "8081")
	for _, c := range []struct{ name, value, says string }{
		{"WEBHOOK_RATE_LIMIT", "0", "WEBHOOK_RATE_LIMIT"},
		{"WEBHOOK_RATE_LIMIT", "100001", "WEBHOOK_RATE_LIMIT"},
		{"SHUTDOWN_DELAY", "-1s", "SHUTDOWN_DELAY"},
		{"WEBHOOK_BAD_SIGNATURES_PER_MINUTE", "0", "WEBHOOK_BAD_SIGNATURES"},
		{"TRUSTED_PROXIES", "proxy.example.com", "proxy.example.com"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			t.Setenv(c.name, c.value)
			if _, err := loadConfig(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Setenv("TRUSTED_PROXIES", "192.0.2.1, 2001:db8::/32")
	cfg, err := loadConfig()
	if err != nil || cfg.PerMinute != 100 || cfg.BadSignatures != 30 || len(cfg.TrustedProxies) != 2 {
		t.Errorf("%+v, %v", cfg, err)
	}
}
