package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// signed sends a webhook of alpha about a ticket, signed with secret.
func (f *fixture) signed(t *testing.T, secret, ticketID string) int {
	t.Helper()
	body := payload(t, map[string]any{"ticket_id": ticketID})
	rec, _, _ := f.send(t, body, webhook.Sign(secret, body))
	return rec.Code
}

// A copy that nobody threw out is the worst case: the message about the change got lost.
func TestAnOldCopyLetsNobodyIn(t *testing.T) {
	f := newFixture(t)
	old := tenantstoretest.SigningSecret("alpha")
	if code := f.signed(t, old, "1"); code != http.StatusAccepted {
		t.Fatal(code)
	}
	if len(f.copies.Values()) != 1 {
		t.Fatal("there is no copy: this test proves nothing")
	}
	f.rotate(t, "alpha", newSecret, 0)
	for _, ticketID := range []string{"1", "2"} { // one that is known, and a new one
		if code := f.signed(t, old, ticketID); code != http.StatusUnauthorized {
			t.Errorf("ticket %s, signed with a secret that is no longer valid: %d", ticketID, code)
		}
	}
	if code := f.signed(t, newSecret, "2"); code != http.StatusAccepted {
		t.Errorf("signed with the new secret, which the copy does not have: %d", code)
	}
	if _, err := f.store.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDisabled, 0, nil); err != nil {
		t.Fatal(err)
	}
	if code := f.signed(t, newSecret, "3"); code != http.StatusUnauthorized {
		t.Errorf("a tenant that was disabled: %d", code)
	}
	if jobs := len(f.queue.events); jobs != 2 {
		t.Errorf("%d jobs on the queue, want 2", jobs)
	}
}

func TestAnOldCopysLimitDoesNotHold(t *testing.T) {
	f := newFixture(t)
	f.change(t, "alpha", tenant.Preferences{WebhooksPerMinute: 50})
	secret := tenantstoretest.SigningSecret("alpha")
	if code := f.signed(t, secret, "1"); code != http.StatusAccepted {
		t.Fatal(code)
	}
	example, credentials := tenantstoretest.Example("alpha")
	example.Preferences.WebhooksPerMinute = 1
	f.store.Put(t, example, credentials)
	if code := f.signed(t, secret, "2"); code != http.StatusTooManyRequests {
		t.Errorf("over the new limit: %d", code)
	}
}

func TestAnOldCopyRefusesNothingThatIsAllowedNow(t *testing.T) {
	f := newFixture(t)
	secret := tenantstoretest.SigningSecret("alpha")
	if code := f.signed(t, secret, "1"); code != http.StatusAccepted {
		t.Fatal(code)
	}
	example, credentials := tenantstoretest.Example("alpha")
	example.Preferences.LongDescriptions = tenant.LongTruncated
	f.store.Put(t, example, credentials)
	body := payload(t, map[string]any{"ticket_id": "2", "description": strings.Repeat("x", 10_001)})
	if rec, _, _ := f.send(t, body, webhook.Sign(secret, body)); rec.Code != http.StatusAccepted {
		t.Errorf("a long description, since it is allowed: %d %s", rec.Code, rec.Body)
	}
}

// With a copy, the database is not asked who the tenant is.
func TestACopyVouchesForASender(t *testing.T) {
	f := newFixture(t)
	counted := f.countSteps()
	secret := tenantstoretest.SigningSecret("alpha")
	f.signed(t, secret, "1")
	if first := strings.Join(counted.reset(), " "); !strings.HasPrefix(first, "recall") || !strings.Contains(first, "load") || !strings.HasSuffix(first, "keep") {
		t.Errorf("without a copy: %s", first)
	}
	f.signed(t, secret, "2")
	if second := strings.Join(counted.reset(), " "); !strings.HasPrefix(second, "recall") || strings.Contains(second, "load") {
		t.Errorf("with a copy: %s", second)
	}
}

// Who is not a tenant's must not fill the state store, nor be told apart by what is kept.
func TestNothingIsKeptForAWrongSignature(t *testing.T) {
	f := newFixture(t)
	f.serve(request(t, "192.0.2.1", "alpha", "nobody"))
	f.serve(request(t, "192.0.2.1", "gamma", "nobody"))
	if kept := f.copies.Values(); len(kept) != 0 {
		t.Errorf("%d copies", len(kept))
	}
}

func TestTheStateStoreIsDown(t *testing.T) {
	f := newFixture(t)
	f.copies.Down = http.ErrServerClosed
	if code := f.signed(t, tenantstoretest.SigningSecret("alpha"), "1"); code != http.StatusAccepted {
		t.Errorf("without copies: %d", code)
	}
}

// The previous secret ends by the clock, not by a change that somebody would have to notice.
func TestAnOldCopysPreviousSecretEndsInTime(t *testing.T) {
	f := newFixture(t)
	f.rotate(t, "alpha", newSecret, 1200*time.Millisecond)
	old := tenantstoretest.SigningSecret("alpha")
	if code := f.signed(t, newSecret, "1"); code != http.StatusAccepted {
		t.Fatal(code)
	}
	ends := time.Now().Add(1200 * time.Millisecond)
	for time.Now().Before(ends) {
		time.Sleep(20 * time.Millisecond)
	}
	if code := f.signed(t, old, "2"); code != http.StatusUnauthorized {
		t.Errorf("after the overlap: %d", code)
	}
}
