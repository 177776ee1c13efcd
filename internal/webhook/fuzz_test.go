package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// Whatever is sent, what is accepted has what is needed, keeps the limits and deceives nobody, and what is refused
// does not make us repeat much.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"tenant_id":"alpha","ticket_id":"1","description":"d","timestamp":"0"}`), false, false)
	f.Add([]byte(`{"tenant_id":null,"description":"\ud800"}`), true, true)
	f.Fuzz(func(t *testing.T, body []byte, static, truncate bool) {
		prefs := tenant.Preferences{}
		if static {
			prefs.WebhookAuth = tenant.AuthStatic
		}
		if truncate {
			prefs.LongDescriptions = tenant.LongTruncated
		}
		m, err := webhook.Parse(body)
		if err == nil {
			_, err = m.TenantID()
		}
		var p webhook.Payload
		if err == nil {
			p, err = m.Payload(prefs)
		}
		if err != nil {
			if len(err.Error()) > 4_000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			tickettest.Check(t, "the error", err.Error())
			return
		}
		job := p.Job("c")
		if p.Believed == static || job.Refetch != static || !tenant.ValidID(job.TenantID) || job.Ticket.ID == "" || job.ID == "" {
			t.Errorf("accepted: %+v", p)
		}
		if static == (job.Ticket.Text() != "") {
			t.Errorf("static %t, and the text is %q", static, job.Ticket.Text())
		}
		if !static && !utf8.Valid(body) {
			t.Error("a body that is no UTF-8 was accepted")
		}
		if n := utf8.RuneCountInString(job.Ticket.Description); n > ticket.MaxDescription {
			t.Errorf("a description of %d characters", n)
		}
		for _, text := range []string{job.Ticket.Subject, job.Ticket.Description, job.Ticket.Priority} {
			tickettest.Check(t, "a text", text)
		}
	})
}

// A signature is right exactly when it is one of the encodings of the one HMAC.
func FuzzVerify(f *testing.F) {
	f.Add("example-signing-secret", []byte(`{}`), "sha256=00")
	f.Add("s", []byte(""), "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=")
	f.Fuzz(func(t *testing.T, secret string, body []byte, signature string) {
		if webhook.Verify(secret, body, signature) == nil {
			sum := hmac.New(sha256.New, []byte(secret))
			sum.Write(body)
			given := strings.TrimSpace(signature)
			plain := strings.ToLower(given)
			plain = strings.TrimPrefix(plain, "sha256=")
			if plain != hex.EncodeToString(sum.Sum(nil)) && given != base64.StdEncoding.EncodeToString(sum.Sum(nil)) {
				t.Errorf("%q is taken for the signature of %q", signature, body)
			}
		}
		if secret == "" {
			return
		}
		right := webhook.Sign(secret, body)
		if err := webhook.Verify(secret, body, right); err != nil {
			t.Errorf("the right signature: %v", err)
		}
		if webhook.Verify(secret, append(slices.Clip(body), 'x'), right) == nil || webhook.Verify(secret+"x", body, right) == nil {
			t.Error("a signature is right for another body or secret")
		}
	})
}

// A static secret is right exactly when it is the same.
func FuzzVerifySecret(f *testing.F) {
	f.Add("example-signing-secret", "example-signing-secret")
	f.Add("", "")
	f.Add("a\x00", "a")
	f.Fuzz(func(t *testing.T, secret, given string) {
		if right := webhook.VerifySecret(secret, given) == nil; right != (secret == given && secret != "") {
			t.Errorf("%q for %q: %t", given, secret, right)
		}
	})
}
