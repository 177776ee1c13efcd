package tokenstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a database, its tokens, and a clock that stands until it is moved.
type world struct {
	*tokenstore.Tokens

	database *postgrestest.Database
	now      time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{database: postgrestest.New(t), now: start}
	w.Tokens = tokenstore.New(w.database.OpenConsole(t), func() time.Time { return w.now })
	return w
}

func admin() *access.Principal {
	return &access.Principal{Subject: "person:a", Kind: access.KindPerson, Permissions: access.All()}
}

func reader(valid time.Duration) access.NewToken {
	return access.NewToken{Name: "reader", Permissions: []access.Permission{access.JobsRead}, Valid: valid}
}

// create makes a token and gives it with its text.
func (w *world) create(t *testing.T, n access.NewToken) (access.Token, string) {
	t.Helper()
	token, secret, err := w.Create(t.Context(), admin(), n, nil)
	if err != nil {
		t.Fatal(err)
	}
	return token, secret.Reveal()
}

func (w *world) authenticator() *access.Authenticator {
	return access.NewAuthenticator(access.Config{
		Tokens: w.Tokens, Now: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler),
	})
}

func TestTokenIsFoundAsItWasMade(t *testing.T) {
	w := newWorld(t)
	made, text := w.create(t, access.NewToken{
		Name: "import at night", Permissions: []access.Permission{access.ContentWrite, access.TenantsRead},
		Tenants: []string{"beta", "alpha"}, Valid: 30 * 24 * time.Hour,
	})
	want := access.Token{
		ID: text[4:20], Name: "import at night", Permissions: []access.Permission{access.TenantsRead, access.ContentWrite},
		Tenants: []string{"alpha", "beta"}, CreatedBy: "person:a", CreatedAt: start, ExpiresAt: start.Add(30 * 24 * time.Hour),
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
	found, hash, err := w.Find(t.Context(), made.ID)
	if err != nil || hash != access.HashOf(text) {
		t.Fatalf("found with hash %x: %v", hash, err)
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestTokenSecretIsNotInTheDatabase(t *testing.T) {
	w := newWorld(t)
	_, text := w.create(t, reader(time.Hour))
	var stored []byte
	err := w.database.Admin.QueryRow(t.Context(), "SELECT string_agg(t::text, '')::bytea FROM api_tokens t").Scan(&stored)
	if err != nil || len(stored) == 0 || bytes.Contains(stored, []byte(text[21:40])) {
		t.Errorf("the table holds the secret, or cannot be read: %v", err)
	}
}

func TestTokenThatExceedsItsCreatorIsNotMade(t *testing.T) {
	w := newWorld(t)
	viewer := &access.Principal{Subject: "person:v", Permissions: access.RoleViewer.Permissions()}
	asked := reader(time.Hour)
	asked.Permissions = access.All()
	_, secret, err := w.Create(t.Context(), viewer, asked, func(context.Context, postgres.Tx, access.Token) error {
		t.Error("it was entered into the audit log")
		return nil
	})
	if !errors.Is(err, access.ErrExceeds) || secret != "" {
		t.Errorf("error %v", err)
	}
	if tokens, _, err := w.List(t.Context(), "", 10); err != nil || len(tokens) != 0 {
		t.Errorf("there are %v: %v", tokens, err)
	}
}

// The audit log and the token stand or fall together.
func TestTokenIsNotMadeOrRevokedWithoutItsAuditEntry(t *testing.T) {
	w := newWorld(t)
	full := errors.New("the audit log cannot be written")
	refuse := func(_ context.Context, _ postgres.Tx, made access.Token) error {
		if made.ID == "" {
			t.Error("the entry could not name the token")
		}
		return full
	}
	if _, secret, err := w.Create(t.Context(), admin(), reader(time.Hour), refuse); !errors.Is(err, full) || secret != "" {
		t.Errorf("create: %v", err)
	}
	if tokens, _, err := w.List(t.Context(), "", 10); err != nil || len(tokens) != 0 {
		t.Errorf("there are %v: %v", tokens, err)
	}
	token, _ := w.create(t, reader(time.Hour))
	if _, err := w.Revoke(t.Context(), token.ID, refuse); !errors.Is(err, full) {
		t.Errorf("revoke: %v", err)
	}
	if found, _, err := w.Find(t.Context(), token.ID); err != nil || found.RevokedAt != nil {
		t.Errorf("it is revoked without an entry: %v", err)
	}
}

func TestTokenIsGoodUntilItIsRevoked(t *testing.T) {
	w := newWorld(t)
	token, text := w.create(t, reader(time.Hour))
	door := w.authenticator()
	if _, err := door.Authenticate(t.Context(), "Bearer "+text); err != nil {
		t.Fatal(err)
	}
	entries := 0
	also := func(_ context.Context, _ postgres.Tx, revoked access.Token) error {
		if revoked.ID != token.ID || revoked.Name != "reader" || revoked.RevokedAt == nil {
			t.Errorf("the entry is about %+v", revoked)
		}
		entries++
		return nil
	}
	for range 2 {
		revoked, err := w.Revoke(t.Context(), token.ID, also)
		if err != nil || revoked.RevokedAt == nil || !revoked.RevokedAt.Equal(start) {
			t.Fatalf("%+v, %v", revoked, err)
		}
		w.now = w.now.Add(time.Minute) // the second time changes nothing
	}
	if entries != 1 {
		t.Errorf("%d entries", entries)
	}
	_, err := door.Authenticate(t.Context(), "Bearer "+text)
	if reason, id := access.ReasonOf(err); reason != access.ReasonRevoked || id != token.ID {
		t.Errorf("after that: %v, reason %q", err, reason)
	}
	if tokens, _, err := w.List(t.Context(), "", 10); err != nil || len(tokens) != 1 {
		t.Errorf("it is listed no more: %v, %v", tokens, err)
	}
}

func TestTokenIsGoodUntilItExpires(t *testing.T) {
	w := newWorld(t)
	_, text := w.create(t, reader(time.Hour))
	door := w.authenticator()
	w.now = start.Add(time.Hour - time.Second)
	if _, err := door.Authenticate(t.Context(), "Bearer "+text); err != nil {
		t.Error(err)
	}
	w.now = start.Add(time.Hour)
	_, err := door.Authenticate(t.Context(), "Bearer "+text)
	if reason, _ := access.ReasonOf(err); reason != access.ReasonExpired {
		t.Errorf("%v, reason %q", err, reason)
	}
}

func TestTokenIsUsedOnceAMinuteByAllReplicas(t *testing.T) {
	w := newWorld(t)
	token, text := w.create(t, reader(time.Hour))
	for range 3 {
		if _, err := w.authenticator().Authenticate(t.Context(), "Bearer "+text); err != nil {
			t.Fatal(err)
		}
	}
	used := func(want time.Time) {
		t.Helper()
		found, _, err := w.Find(t.Context(), token.ID)
		if err != nil || found.LastUsedAt == nil || !found.LastUsedAt.Equal(want) {
			t.Errorf("last used %v: %v; want %s", found.LastUsedAt, err, want)
		}
	}
	used(start)
	// A replica that read the row before another wrote it.
	if err := w.Used(t.Context(), token.ID, start.Add(59*time.Second), time.Minute); err != nil {
		t.Fatal(err)
	}
	used(start)
	if err := w.Used(t.Context(), token.ID, start.Add(time.Minute), time.Minute); err != nil {
		t.Fatal(err)
	}
	used(start.Add(time.Minute))
	// One whose clock is late does not turn it back.
	if err := w.Used(t.Context(), token.ID, start, time.Minute); err != nil {
		t.Fatal(err)
	}
	used(start.Add(time.Minute))
}

// Somebody may hold the row for long: a request is not to wait for a time that is nice to know.
func TestTokenUseDoesNotWaitForOthers(t *testing.T) {
	w := newWorld(t)
	token, _ := w.create(t, reader(time.Hour))
	_, err := w.Revoke(t.Context(), token.ID, func(ctx context.Context, _ postgres.Tx, _ access.Token) error {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // it would wait for ever
		defer cancel()
		return w.Used(ctx, token.ID, start, time.Minute) // within the transaction that locks the row
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTokenWithoutARow(t *testing.T) {
	w := newWorld(t)
	w.create(t, reader(time.Hour))
	for _, id := range []string{"aaaaaaaaaaaaaaaa", "", "' OR '1'='1", "x'; DROP TABLE api_tokens; --", "%", "a\x00b", strings.Repeat("a", 1<<20)} {
		if _, err := w.Revoke(t.Context(), id, nil); !errors.Is(err, access.ErrNoToken) {
			t.Errorf("revoke %.20q: %v", id, err)
		}
	}
	for _, id := range []string{"aaaaaaaaaaaaaaaa", "", "' OR '1'='1", "x'; DROP TABLE api_tokens; --", "%"} {
		if _, _, err := w.Find(t.Context(), id); !errors.Is(err, access.ErrNoToken) {
			t.Errorf("find %q: %v", id, err)
		}
	}
	if tokens, _, err := w.List(t.Context(), "", 10); err != nil || len(tokens) != 1 || tokens[0].RevokedAt != nil {
		t.Errorf("the one that is there: %v, %v", tokens, err)
	}
}

func TestTokensAreListedNewestFirstPageByPage(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 7 {
		if i%3 == 0 { // some are made in the same moment
			w.now = w.now.Add(time.Microsecond)
		}
		token, _ := w.create(t, reader(time.Hour))
		want = append(want, token.ID)
	}
	all, next, err := w.List(t.Context(), "", 7)
	if err != nil || next != "" || len(all) != len(want) {
		t.Fatalf("%d of %d, next %q: %v", len(all), len(want), next, err)
	}
	for i := 1; i < len(all); i++ {
		if all[i].CreatedAt.After(all[i-1].CreatedAt) {
			t.Error("an older one comes first")
		}
	}
	var paged []access.Token
	for after := ""; ; {
		page, next, err := w.List(t.Context(), after, 2)
		if err != nil || len(page) > 2 {
			t.Fatal(len(page), err)
		}
		paged = append(paged, page...)
		if next == "" {
			break
		}
		after = next
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"x", "1", "_", "1_", "1_'; --", "9223372036854775807_aaaaaaaaaaaaaaaa", "-9223372036854775808_aaaaaaaaaaaaaaaa"} {
		if _, _, err := w.List(t.Context(), bad, 2); !errors.Is(err, tokenstore.ErrCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
}

func TestTokensThatHaveEndedAreRemovedInTime(t *testing.T) {
	w := newWorld(t)
	const day = 24 * time.Hour
	short, _ := w.create(t, reader(day))
	revoked, _ := w.create(t, reader(access.MaxValid))
	lasting, _ := w.create(t, reader(access.MaxValid))
	if _, err := w.Revoke(t.Context(), revoked.ID, nil); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at      time.Time
		removed int64
	}{
		{start.Add(tokenstore.KeepEnded), 0},
		{start.Add(tokenstore.KeepEnded + time.Second), 1}, // revoked
		{start.Add(tokenstore.KeepEnded + day + time.Second), 1},
		{start.Add(access.MaxValid), 0},
	} {
		w.now = step.at
		if removed, err := w.Prune(t.Context(), tokenstore.KeepEnded); err != nil || removed != step.removed {
			t.Errorf("at %s: %d, %v", step.at, removed, err)
		}
	}
	if _, _, err := w.Find(t.Context(), short.ID); !errors.Is(err, access.ErrNoToken) {
		t.Errorf("the expired one: %v", err)
	}
	if _, _, err := w.Find(t.Context(), lasting.ID); err != nil {
		t.Errorf("the lasting one: %v", err)
	}
}

func TestARevocationIsForGood(t *testing.T) {
	w := newWorld(t)
	token, _ := w.create(t, reader(time.Hour))
	update := func(set string) error {
		return w.database.OpenConsole(t).InPlatform(t.Context(), func(tx postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE api_tokens SET "+set+" WHERE id = $1", token.ID)
			return err
		})
	}
	if err := update("revoked_at = now()"); err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"revoked_at = NULL", "revoked_at = now() + interval '1 day'"} {
		if answer, ok := errors.AsType[*pgconn.PgError](update(set)); !ok || answer.Code != pgerrcode.InsufficientPrivilege {
			t.Errorf("%s: %v", set, answer)
		}
	}
	if err := update("last_used_at = now(), revoked_at = revoked_at"); err != nil {
		t.Errorf("what leaves the revocation as it is: %v", err)
	}
}

// Gateway and enhancer have no business with tokens, and the console does not change what one may do.
func TestTokenTablesAreTheConsolesAlone(t *testing.T) {
	w := newWorld(t)
	token, _ := w.create(t, reader(time.Hour))
	app := w.database.Open(t)
	console := w.database.OpenConsole(t)
	for _, c := range []struct {
		name      string
		db        *postgres.DB
		statement string
	}{
		{"app_user", app, "SELECT 1 FROM api_tokens"},
		{"app_user", app, "INSERT INTO api_tokens SELECT * FROM api_tokens"},
		{"app_user", app, "UPDATE api_tokens SET revoked_at = NULL"},
		{"app_user", app, "DELETE FROM api_tokens"},
		{"app_user", app, "SELECT 1 FROM console_bootstraps"},
		{"app_user", app, "DELETE FROM console_bootstraps"},
		{"console_user", console, "UPDATE api_tokens SET permissions = '{tenants:delete}'"},
		{"console_user", console, "UPDATE api_tokens SET hash = hash"},
		{"console_user", console, "UPDATE api_tokens SET expires_at = expires_at + interval '1 day'"},
		{"console_user", console, "TRUNCATE api_tokens"},
		{"console_user", console, "DELETE FROM console_bootstraps"},
		{"console_user", console, "UPDATE console_bootstraps SET hash = ''"},
	} {
		err := c.db.InPlatform(t.Context(), func(tx postgres.Tx) error {
			_, err := tx.Exec(t.Context(), c.statement)
			return err
		})
		answer, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || answer.Code != pgerrcode.InsufficientPrivilege {
			t.Errorf("%s: %s: %v", c.name, c.statement, err)
		}
	}
	if _, _, err := w.Find(t.Context(), token.ID); err != nil {
		t.Error(err)
	}
	var granted int
	err := w.database.Admin.QueryRow(t.Context(), `
		SELECT count(*) FROM unnest(ARRAY['api_tokens', 'console_bootstraps']) t, unnest(ARRAY['app_user', 'public']) r
		WHERE has_table_privilege(r, t, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
		   OR has_any_column_privilege(r, t, 'SELECT, INSERT, UPDATE, REFERENCES')`).Scan(&granted)
	if err != nil || granted != 0 {
		t.Errorf("%d privileges are granted: %v", granted, err)
	}
}
