package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

const (
	// mutationsVar says how many webhooks are sent; `make test-security` sends more.
	mutationsVar     = "SECURITY_MUTATIONS"
	defaultMutations = 3_000
	// originals are the webhooks that a tenant really signed.
	originals = 50
)

// mutant is a webhook that was signed by its tenant, and then changed on its way.
type mutant struct {
	method, path, signature, from string
	body                          []byte
}

// forge makes mutants, the same ones for the same seed.
type forge struct {
	random *rand.Rand
	signed [][]byte
	// by is whose secret signed them.
	by []string
}

func (g *forge) mutant() mutant {
	i := g.random.IntN(len(g.signed))
	m := mutant{
		method: http.MethodPost, path: routeWebhook, body: bytes.Clone(g.signed[i]),
		signature: webhook.Sign(tenantstoretest.SigningSecret(g.by[i]), g.signed[i]),
		// Each comes from elsewhere, or the gateway would soon refuse to listen.
		from: "10." + strconv.Itoa(g.random.IntN(256)) + "." + strconv.Itoa(g.random.IntN(256)) + "." + strconv.Itoa(g.random.IntN(256)) + ":40000",
	}
	changes := []func(*mutant){
		func(*mutant) {}, // unchanged: these have to be accepted
		g.flip, g.cut, g.splice, g.field, g.header, g.request, g.whitespace, g.resign, g.repeat,
	}
	changes[g.random.IntN(len(changes))](&m)
	if g.random.IntN(4) == 0 {
		changes[g.random.IntN(len(changes))](&m)
	}
	return m
}

func (g *forge) flip(m *mutant) {
	for range 1 + g.random.IntN(4) {
		if len(m.body) > 0 {
			m.body[g.random.IntN(len(m.body))] ^= 1 << g.random.IntN(8)
		}
	}
}

func (g *forge) cut(m *mutant) {
	from, to := g.span(len(m.body))
	m.body = slices.Delete(m.body, from, to)
}

func (g *forge) span(n int) (from, to int) {
	from = g.random.IntN(n + 1)
	return from, from + g.random.IntN(n+1-from)
}

// splice puts a piece of another webhook into this one.
func (g *forge) splice(m *mutant) {
	other := g.signed[g.random.IntN(len(g.signed))]
	from, to := g.span(len(other))
	m.body = slices.Insert(m.body, g.random.IntN(len(m.body)+1), other[from:to]...)
}

func (g *forge) repeat(m *mutant) {
	from, to := g.span(len(m.body))
	m.body = slices.Insert(m.body, to, bytes.Repeat(m.body[from:to], 1+g.random.IntN(50))...)
}

// field changes the object and not its bytes.
func (g *forge) field(m *mutant) {
	var object map[string]any
	if json.Unmarshal(m.body, &object) != nil {
		return
	}
	keys := append(slices.Sorted(maps.Keys(object)), "event", "extra", "", "tenant_id\x00")
	values := []any{
		nil, true, 1e308, -1, "", "beta", "alpha", "updated",
		[]any{},
		map[string]any{"$ne": nil},
		strings.Repeat("x", 11_000), "\u0000", "\ud7ff\uffff",
		"' OR 1=1; --", "../../etc/passwd", "1970-01-01T00:00:00Z", "9999999999999", strconv.FormatInt(time.Now().UnixMilli(), 10), "99999999999999999999999999",
	}
	if key := keys[g.random.IntN(len(keys))]; g.random.IntN(3) == 0 {
		delete(object, key)
	} else {
		object[key] = values[g.random.IntN(len(values))]
	}
	if changed, err := json.Marshal(object); err == nil {
		m.body = changed
	}
}

// whitespace means nothing in JSON, and is signed all the same.
func (g *forge) whitespace(m *mutant) {
	m.body = append(m.body, " \n\t\r"[g.random.IntN(4)])
}

func (g *forge) header(m *mutant) {
	if len(m.signature) != hex.EncodedLen(sha256.Size) {
		return // changed already
	}
	decoded, err := hex.DecodeString(m.signature)
	forms := []string{
		"", strings.ToUpper(m.signature), "sha256=" + m.signature, "SHA256=" + m.signature, " " + m.signature + "\t", m.signature[:63], m.signature + "00",
		m.signature + "," + m.signature, "sha1=" + m.signature, "sha256=sha256=" + m.signature, strings.Repeat("0", 64), "null", strings.Repeat("f", 100_000),
		"md5=" + m.signature[:32], strings.Replace(m.signature, m.signature[:1], "g", 1), "0x" + m.signature,
	}
	if err == nil {
		forms = append(forms, base64.StdEncoding.EncodeToString(decoded), base64.URLEncoding.EncodeToString(decoded), base64.RawStdEncoding.EncodeToString(decoded))
	}
	m.signature = forms[g.random.IntN(len(forms))]
}

func (g *forge) request(m *mutant) {
	if g.random.IntN(2) == 0 {
		m.method = []string{"GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}[g.random.IntN(6)]
		return
	}
	m.path = []string{"/", "/webhook", routeWebhook + "/", "/webhook/servicedesk2", "/metrics", "/webhook/%73ervicedesk"}[g.random.IntN(6)]
}

// resign signs with what the sender has: another tenant's secret, or none.
func (g *forge) resign(m *mutant) {
	secrets := []string{tenantstoretest.SigningSecret("alpha"), tenantstoretest.SigningSecret("beta"), "", "gamma", "key-of-alpha"}
	m.signature = webhook.Sign(secrets[g.random.IntN(len(secrets))], m.body)
}

// genuine says, without the product's code, whether a webhook is what its tenant signed: sent by POST to the one path, with
// a signature that decodes to the HMAC of exactly these bytes under the secret of the tenant that they name.
func (m mutant) genuine() bool {
	var names struct {
		TenantID *string `json:"tenant_id"`
	}
	// Go's decoder takes names in any case and the last of several, so the object is read field by field.
	var object map[string]json.RawMessage
	if json.Unmarshal(m.body, &object) != nil || json.Unmarshal(object["tenant_id"], &names.TenantID) != nil || names.TenantID == nil {
		return false
	}
	if *names.TenantID != "alpha" && *names.TenantID != "beta" || m.method != http.MethodPost || m.path != routeWebhook {
		return false
	}
	hash := hmac.New(sha256.New, []byte(tenantstoretest.SigningSecret(*names.TenantID)))
	hash.Write(m.body)
	want := hash.Sum(nil)
	given := strings.TrimSpace(m.signature)
	if decoded, err := base64.StdEncoding.DecodeString(given); err == nil && bytes.Equal(decoded, want) {
		return true
	}
	if len(given) > len("sha256=") && strings.EqualFold(given[:len("sha256=")], "sha256=") {
		given = given[len("sha256="):]
	}
	decoded, err := hex.DecodeString(given)
	return err == nil && bytes.Equal(decoded, want)
}

// TestMutatedWebhooks sends webhooks that were changed after they were signed. None of them may be accepted, unless the
// change leaves what was signed and who signed it as it was; none may end in an error of ours; and what they leave
// behind in memory does not grow with their number.
func TestMutatedWebhooks(t *testing.T) {
	n := defaultMutations
	if text := os.Getenv(mutationsVar); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 {
			t.Fatalf("%s=%q is no number of webhooks", mutationsVar, text)
		}
	}
	f := newFixture(t)
	f.door.queue = discard{}
	for _, id := range []string{"alpha", "beta"} {
		example, credentials := tenantstoretest.Example(id)
		example.Preferences.WebhooksPerMinute = tenant.MaxWebhooksPerMinute
		f.store.Put(t, example, credentials)
	}
	g := &forge{random: rand.New(rand.NewPCG(7, 316))}
	for i := range originals {
		by := []string{"alpha", "beta"}[i%2]
		// Signed for the whole run: how long it takes must not matter.
		f.door.maxSkew = 24 * time.Hour
		g.signed = append(g.signed, payload(t, map[string]any{"tenant_id": by, "ticket_id": strconv.Itoa(6000 + i), "description": strings.Repeat("It is on fire. ", 1+i)}))
		g.by = append(g.by, by)
	}
	statuses := map[int]int{}
	var warm uint64
	for i := range n {
		m := g.mutant()
		req := httptest.NewRequestWithContext(t.Context(), m.method, m.path, bytes.NewReader(m.body))
		req.Header.Set(webhook.SignatureHeader, m.signature)
		req.RemoteAddr = m.from
		rec := f.serve(req)
		statuses[rec.Code]++
		if rec.Code >= 500 {
			t.Fatalf("mutant %d is answered %d: %s", i, rec.Code, rec.Body)
		}
		if rec.Code == http.StatusAccepted && !m.genuine() {
			t.Fatalf("mutant %d is accepted: %s %s, signature %q, body %q", i, m.method, m.path, m.signature, m.body)
		}
		if i%1_000 == 999 {
			f.log.Reset()
		}
		if i == n/5 {
			warm = heap()
		}
	}
	t.Logf("%d webhooks were answered %v", n, statuses)
	for _, status := range []int{202, 400, 401, 404, 405} {
		if statuses[status] == 0 {
			t.Errorf("none was answered %d: the mutations are not what they should be", status)
		}
	}
	// Half as much again, and a margin for what is collected late.
	if end := heap(); end > warm+warm/2+(16<<20) {
		t.Errorf("the heap grew from %d to %d kB", warm>>10, end>>10)
	} else {
		t.Logf("heap after a fifth: %d kB, at the end: %d kB", warm>>10, end>>10)
	}
}

type discard struct{}

func (discard) Publish(context.Context, string, any) error { return nil }

// heap is what is in use after a collection, in bytes.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what pools held until the first one
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
