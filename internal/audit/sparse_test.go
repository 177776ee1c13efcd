package audit_test

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/audit"
)

func TestARefusalIsWrittenOnceAMinute(t *testing.T) {
	now := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	s, err := audit.NewSparse(5, 100, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	r := audit.Refusal{Reason: "example", TenantID: "alpha", From: netip.MustParseAddr("192.0.2.1")}
	if _, ok := s.Due(r); !ok {
		t.Error("the first one is not written")
	}
	for range 7 {
		now = now.Add(time.Second)
		if _, ok := s.Due(r); ok {
			t.Error("another one within the minute")
		}
	}
	for _, other := range []audit.Refusal{
		{Reason: "another", TenantID: r.TenantID, From: r.From},
		{Reason: r.Reason, TenantID: "beta", From: r.From},
		{Reason: r.Reason, TenantID: r.TenantID, From: netip.MustParseAddr("192.0.2.2")},
		{Reason: r.Reason, TenantID: r.TenantID, From: r.From, Class: audit.Identified, Actor: "token:a"},
		{Reason: r.Reason, TenantID: r.TenantID, From: r.From, Class: audit.Identified, Actor: "token:b"},
	} {
		if _, ok := s.Due(other); !ok {
			t.Errorf("%+v is another kind, and not written", other)
		}
	}
	now = now.Add(time.Minute)
	if unsaid, ok := s.Due(r); !ok || unsaid != 7 {
		t.Errorf("a minute later: %d unsaid, %t", unsaid, ok)
	}
}

func TestManyKindsOfRefusalsAreBounded(t *testing.T) {
	now := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	const perSecond, burst = 2, 10
	s, err := audit.NewSparse(perSecond, burst, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	flood := func() (written int) {
		for i := range 500 {
			if _, ok := s.Due(audit.Refusal{Reason: strconv.Itoa(i) + now.String()}); ok {
				written++
			}
		}
		return written
	}
	if n := flood(); n != burst {
		t.Errorf("%d entries at once, want %d", n, burst)
	}
	now = now.Add(3 * time.Second)
	if n := flood(); n != 3*perSecond {
		t.Errorf("%d entries three seconds later, want %d", n, 3*perSecond)
	}
}

// Whoever is nobody can neither hide what somebody does, nor can one of those hide what another does.
func TestAFloodOfOneClassHidesNoOther(t *testing.T) {
	now := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	const burst = 10
	s, err := audit.NewSparse(1, burst, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	flood := func(r audit.Refusal) (written int) {
		for i := range 5_000 { // more than are told apart at a time
			r.TenantID = strconv.Itoa(i)
			if _, ok := s.Due(r); ok {
				written++
			}
		}
		return written
	}
	first := audit.Refusal{Class: audit.Identified, Actor: "token:first", Reason: "example"}
	if _, ok := s.Due(first); !ok {
		t.Error("the first one is not written")
	}
	if n := flood(audit.Refusal{}); n != burst {
		t.Errorf("%d entries about the anonymous, want %d", n, burst)
	}
	if _, ok := s.Due(first); ok {
		t.Error("a flood of the anonymous has it forgotten that the first one was written")
	}
	if n := flood(audit.Refusal{Class: audit.Identified, Actor: "token:a"}); n == 0 || n > burst/2 {
		t.Errorf("%d entries about one actor, of %d", n, burst)
	}
	for _, r := range []audit.Refusal{{Class: audit.Identified, Actor: "token:b"}, {Class: audit.Bootstrapping}} {
		if _, ok := s.Due(r); !ok {
			t.Errorf("%+v is not written", r)
		}
	}
}
