package access_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

type secret = tenant.Secret

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shelf keeps tokens in memory and counts what is asked of it.
type shelf struct {
	tokens  map[string]access.Token
	hashes  map[string]access.Hash
	finds   int
	uses    []time.Time
	failing error
	useless error
}

func (s *shelf) Find(_ context.Context, id string) (access.Token, access.Hash, error) {
	s.finds++
	if s.failing != nil {
		return access.Token{}, access.Hash{}, s.failing
	}
	token, ok := s.tokens[id]
	if !ok {
		return access.Token{}, access.Hash{}, access.ErrNoToken
	}
	return token, s.hashes[id], nil
}

func (s *shelf) Used(_ context.Context, id string, at time.Time, _ time.Duration) error {
	s.uses = append(s.uses, at)
	token := s.tokens[id]
	token.LastUsedAt = &at
	s.tokens[id] = token
	return s.useless
}

// add puts a token onto the shelf and gives its text.
func (s *shelf) add(change func(*access.Token)) string {
	id, text, hash := access.NewSecret()
	token := access.Token{ID: id, Name: "n", Permissions: []access.Permission{access.JobsRead}, ExpiresAt: start.Add(time.Hour)}
	if change != nil {
		change(&token)
	}
	s.tokens[id], s.hashes[id] = token, hash
	return text.Reveal()
}

type door struct {
	*access.Authenticator

	shelf *shelf
	now   time.Time
	log   bytes.Buffer
}

func newDoor(persons access.Persons) *door {
	d := &door{shelf: &shelf{tokens: map[string]access.Token{}, hashes: map[string]access.Hash{}}, now: start}
	d.Authenticator = access.NewAuthenticator(access.Config{
		Tokens: d.shelf, Persons: persons, Now: func() time.Time { return d.now }, Logger: slog.New(slog.NewTextHandler(&d.log, nil)),
	})
	return d
}

func TestTokenLetsItsHolderIn(t *testing.T) {
	d := newDoor(nil)
	text := d.shelf.add(func(t *access.Token) { t.Tenants = []string{"alpha"} })
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER  "} {
		got, err := d.Authenticate(t.Context(), scheme+text)
		if err != nil {
			t.Fatalf("%q: %v", scheme, err)
		}
		id := text[4:20]
		want := &access.Principal{
			Subject: "token:" + id, Kind: access.KindToken, Permissions: []access.Permission{access.JobsRead}, Tenants: []string{"alpha"},
			ExpiresAt: start.Add(time.Hour), TokenID: id,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// One that is not let in learns nothing from the words; the audit log does from the reason.
func TestTokenThatIsNotGoodIsRefusedInTheSameWords(t *testing.T) {
	d := newDoor(nil)
	good := d.shelf.add(nil)
	_, unknown, _ := access.NewSecret()
	_, other, otherHash := access.NewSecret()
	stolen := other.Reveal()
	d.shelf.tokens[stolen[4:20]], d.shelf.hashes[stolen[4:20]] = access.Token{ExpiresAt: start.Add(time.Hour)}, access.HashOf("another secret")
	_ = otherHash
	revokedAt := start
	for name, c := range map[string]struct {
		header string
		want   access.Reason
		id     string
		looked int
	}{
		"nothing":                 {"", access.ReasonMissing, "", 0},
		"a scheme only":           {"Bearer ", access.ReasonMissing, "", 0},
		"a word":                  {"Bearer", access.ReasonMalformed, "", 0},
		"no scheme":               {good, access.ReasonMalformed, "", 0},
		"another scheme":          {"Basic " + good, access.ReasonMalformed, "", 0},
		"two tokens":              {"Bearer " + good + " " + good, access.ReasonMalformed, "", 0},
		"a text":                  {"Bearer let me in", access.ReasonMalformed, "", 0},
		"a changed checksum":      {"Bearer " + changed(good), access.ReasonChecksum, "", 0},
		"an id that is not known": {"Bearer " + unknown.Reveal(), access.ReasonUnknown, unknown.Reveal()[4:20], 1},
		"another secret":          {"Bearer " + stolen, access.ReasonSecret, stolen[4:20], 1},
		"revoked":                 {"Bearer " + d.shelf.add(func(t *access.Token) { t.RevokedAt = &revokedAt }), access.ReasonRevoked, "?", 1},
		"expired":                 {"Bearer " + d.shelf.add(func(t *access.Token) { t.ExpiresAt = start }), access.ReasonExpired, "?", 1},
		"huge":                    {"Bearer aia_" + strings.Repeat("a", access.MaxAuthorization), access.ReasonTooLong, "", 0},
		"SQL for an id":           {"Bearer aia_' OR '1'='1' --x_" + good[21:], access.ReasonMalformed, "", 0},
		"a JWT, and no provider":  {"Bearer a.b.c", access.ReasonPersonsOff, "", 0},
	} {
		before := d.shelf.finds
		principal, err := d.Authenticate(t.Context(), c.header)
		reason, id := access.ReasonOf(err)
		if c.id == "?" {
			c.id = c.header[11:27]
		}
		if principal != nil || !errors.Is(err, access.ErrUnauthenticated) || reason != c.want || id != c.id {
			t.Errorf("%s: %v, %v, reason %q of %q", name, principal, err, reason, id)
			continue
		}
		if err.Error() != access.ErrUnauthenticated.Error() {
			t.Errorf("%s: the words give it away: %q", name, err)
		}
		if looked := d.shelf.finds - before; looked != c.looked {
			t.Errorf("%s: %d look-ups, want %d", name, looked, c.looked)
		}
	}
	if len(d.shelf.uses) != 0 {
		t.Error("a refused token counts as used")
	}
}

func changed(text string) string {
	last := "a"
	if strings.HasSuffix(text, last) {
		last = "b"
	}
	return text[:len(text)-1] + last
}

func TestTokenUseIsWrittenDownOnceAMinute(t *testing.T) {
	d := newDoor(nil)
	text := d.shelf.add(nil)
	for range 130 { // seconds
		if _, err := d.Authenticate(t.Context(), "Bearer "+text); err != nil {
			t.Fatal(err)
		}
		d.now = d.now.Add(time.Second)
	}
	want := []time.Time{start, start.Add(time.Minute), start.Add(2 * time.Minute)}
	if diff := cmp.Diff(want, d.shelf.uses); diff != "" {
		t.Error(diff)
	}
}

func TestTokenWorksWhenItsUseCannotBeWrittenDown(t *testing.T) {
	d := newDoor(nil)
	text := d.shelf.add(nil)
	d.shelf.useless = errors.New("the disk is full")
	if _, err := d.Authenticate(t.Context(), "Bearer "+text); err != nil {
		t.Error(err)
	}
	if log := d.log.String(); !strings.Contains(log, "the disk is full") || strings.Contains(log, text[21:]) {
		t.Errorf("the log: %s", log)
	}
}

// A database that is down is no reason to tell clients that their token is bad: they would throw it away.
func TestTokenThatCannotBeLookedUpIsNotRefused(t *testing.T) {
	d := newDoor(nil)
	text := d.shelf.add(nil)
	d.shelf.failing = errors.New("connection refused")
	_, err := d.Authenticate(t.Context(), "Bearer "+text)
	if err == nil || errors.Is(err, access.ErrUnauthenticated) || strings.Contains(err.Error(), text[21:]) {
		t.Errorf("error %v", err)
	}
}

type persons func(jwt string) (*access.Principal, error)

func (p persons) Verify(_ context.Context, jwt string) (*access.Principal, error) { return p(jwt) }

func TestThreePartsAreForTheProvider(t *testing.T) {
	d := newDoor(persons(func(jwt string) (*access.Principal, error) {
		if jwt == "late.b.c" {
			return nil, access.ErrProviderUnavailable
		}
		return &access.Principal{Subject: "person:" + jwt}, nil
	}))
	p, err := d.Authenticate(t.Context(), "Bearer a.b.c")
	if err != nil || p.Subject != "person:a.b.c" {
		t.Errorf("%v, %v", p, err)
	}
	_, err = d.Authenticate(t.Context(), "Bearer late.b.c")
	if !errors.Is(err, access.ErrProviderUnavailable) || errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("while the provider is away: %v", err)
	}
	for _, odd := range []string{"a.b", "a.b.c.d", "a.b.c.d.e", "..."} { // five parts: encrypted
		if _, err := d.Authenticate(t.Context(), "Bearer "+odd); !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("%q: %v", odd, err)
		}
	}
	if d.shelf.finds != 0 {
		t.Error("the tokens were asked")
	}
}
