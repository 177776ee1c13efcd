package tokenstore_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const bootstrap = "the first bootstrap token of the example"

func TestBootstrapGivesOneAdminToken(t *testing.T) {
	w := newWorld(t)
	entries := 0
	token, secret, err := w.Bootstrap(t.Context(), bootstrap, bootstrap, func(_ context.Context, _ postgres.Tx, made access.Token) error {
		if made.CreatedBy != "bootstrap" {
			t.Errorf("the entry is about %+v", made)
		}
		entries++
		return nil
	})
	if err != nil || entries != 1 {
		t.Fatalf("%d entries, %v", entries, err)
	}
	if want := start.Add(30 * 24 * time.Hour); !token.ExpiresAt.Equal(want) {
		t.Errorf("it expires at %s, want %s", token.ExpiresAt, want)
	}
	principal, err := w.authenticator().Authenticate(t.Context(), "Bearer "+secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(access.All(), principal.Permissions); diff != "" || principal.Restricted() {
		t.Error(diff)
	}
	var stored []byte
	err = w.database.Admin.QueryRow(t.Context(), "SELECT string_agg(t::text, '')::bytea FROM console_bootstraps t").Scan(&stored)
	if err != nil || len(stored) == 0 || bytes.Contains(stored, []byte(bootstrap)) {
		t.Errorf("the table holds the bootstrap token, or cannot be read: %v", err)
	}
}

func TestBootstrapWorksOnceForEachValue(t *testing.T) {
	w := newWorld(t)
	const second = "the second bootstrap token of the example"
	exchange := func(stored tenant.Secret, shown string) error {
		t.Helper()
		_, secret, err := w.Bootstrap(t.Context(), stored, shown, nil)
		if (err == nil) != (secret != "") {
			t.Errorf("the secret %v with error %v", secret, err)
		}
		return err
	}
	if err := exchange(bootstrap, bootstrap); err != nil {
		t.Fatal(err)
	}
	if err := exchange(bootstrap, bootstrap); !errors.Is(err, access.ErrBootstrapUsed) {
		t.Errorf("the second time: %v", err)
	}
	// All tokens are lost, and removed: the value is as used as before.
	w.now = w.now.Add(access.MaxValid)
	if removed, err := w.Prune(t.Context(), 0); err != nil || removed != 1 {
		t.Fatal(removed, err)
	}
	if err := exchange(bootstrap, bootstrap); !errors.Is(err, access.ErrBootstrapUsed) {
		t.Errorf("after its token is gone: %v", err)
	}
	if err := exchange(second, bootstrap); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("the old value, after it was replaced: %v", err)
	}
	if err := exchange(second, second); err != nil {
		t.Errorf("the new value: %v", err)
	}
	if err := exchange(bootstrap, bootstrap); !errors.Is(err, access.ErrBootstrapUsed) {
		t.Errorf("the first value, put back: %v", err)
	}
}

func TestBootstrapIsNotUsedUpByAFailure(t *testing.T) {
	w := newWorld(t)
	full := errors.New("the audit log cannot be written")
	_, _, err := w.Bootstrap(t.Context(), bootstrap, bootstrap, func(context.Context, postgres.Tx, access.Token) error { return full })
	if !errors.Is(err, full) {
		t.Fatal(err)
	}
	if _, _, err := w.Bootstrap(t.Context(), bootstrap, bootstrap, nil); err != nil {
		t.Errorf("after a failure: %v", err)
	}
}

func TestBootstrapIsOffWithoutAValue(t *testing.T) {
	w := newWorld(t)
	for _, stored := range []tenant.Secret{"", "nineteen characters"} {
		for _, shown := range []string{"", stored.Reveal()} {
			_, _, err := w.Bootstrap(t.Context(), stored, shown, nil)
			if reason, _ := access.ReasonOf(err); reason != access.ReasonNoBootstrap {
				t.Errorf("%d characters: %v", len(stored), err)
			}
		}
	}
}

// Eight at once, as when a script is started by everybody who read the instructions.
func TestBootstrapIsWonByOneOfMany(t *testing.T) {
	w := newWorld(t)
	const rivals = 8
	var (
		running sync.WaitGroup
		results = make(chan error, rivals)
		begin   = make(chan struct{})
	)
	for range rivals {
		running.Go(func() {
			<-begin
			_, _, err := w.Bootstrap(t.Context(), bootstrap, bootstrap, nil)
			results <- err
		})
	}
	close(begin)
	running.Wait()
	close(results)
	won := 0
	for err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, access.ErrBootstrapUsed):
			t.Error(err)
		}
	}
	tokens, _, err := w.List(t.Context(), "", 10)
	if won != 1 || err != nil || len(tokens) != 1 {
		t.Errorf("%d won, %d tokens: %v", won, len(tokens), err)
	}
}

// The second comes while the first has not committed: it waits, and wins only if the first fails.
func TestBootstrapWaitsForTheOneBeforeIt(t *testing.T) {
	for name, outcome := range map[string]error{"which commits": nil, "which fails": errors.New("rolled back")} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			second := make(chan error, 1)
			_, _, err := w.Bootstrap(t.Context(), bootstrap, bootstrap, func(ctx context.Context, _ postgres.Tx, _ access.Token) error {
				go func() {
					_, _, err := w.Bootstrap(t.Context(), bootstrap, bootstrap, nil)
					second <- err
				}()
				awaitBlocked(ctx, t, w)
				return outcome
			})
			if !errors.Is(err, outcome) {
				t.Fatal(err)
			}
			if err := <-second; (outcome == nil) != errors.Is(err, access.ErrBootstrapUsed) || outcome != nil && err != nil {
				t.Errorf("the second: %v", err)
			}
		})
	}
}

// awaitBlocked returns when a session of this database waits for a lock.
func awaitBlocked(ctx context.Context, t *testing.T, w *world) {
	t.Helper()
	for {
		var waiting bool
		err := w.database.Admin.QueryRow(ctx, `SELECT EXISTS (
			SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.datname = current_database() AND NOT l.granted)`).Scan(&waiting)
		if err != nil {
			t.Error(err)
			return
		}
		if waiting {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
