package tenantcache_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache/tenantcachetest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// counted is a store that says how often it was asked.
type counted struct {
	*tenantstoretest.Store

	loads int
}

func (c *counted) Load(ctx context.Context, id string) (tenantstore.Sealed, error) {
	c.loads++
	return c.Store.Load(ctx, id)
}

// meter hears what the cache tells.
type meter struct {
	gave   []telemetry.CacheResult
	forgot []string
}

func (m *meter) Cached(_ telemetry.Cache, gave telemetry.CacheResult) { m.gave = append(m.gave, gave) }

func (m *meter) ForgetTenant(id string) { m.forgot = append(m.forgot, id) }

type fixture struct {
	*tenantcache.Cache

	state *tenantcachetest.State
	store *counted
	at    time.Time
	meter *meter
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{state: &tenantcachetest.State{}, store: &counted{Store: tenantstoretest.New(t)}, at: time.Now(), meter: &meter{}}
	f.Cache = tenantcache.New(f.state, f.store, f.store.Sealer, func() time.Time { return f.at }, f.meter, slog.New(slog.DiscardHandler))
	f.store.Save(t, "alpha")
	return f
}

// secret is the signing secret that the cache gives.
func (f *fixture) secret(t *testing.T) string {
	t.Helper()
	_, credentials, err := f.Get(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	return credentials.SigningSecret.Reveal()
}

func (f *fixture) rotate(t *testing.T, secret string) {
	t.Helper()
	if _, err := f.store.Console.RotateSigningSecret(t.Context(), "alpha", tenant.Secret(secret), 0, 0, nil); err != nil {
		t.Fatal(err)
	}
}

func TestACopySparesTheDatabase(t *testing.T) {
	f := newFixture(t)
	for range 3 {
		if got := f.secret(t); got != tenantstoretest.SigningSecret("alpha") {
			t.Errorf("the secret is %q", got)
		}
	}
	if f.store.loads != 1 {
		t.Errorf("the database was asked %d times, want once", f.store.loads)
	}
	for key, value := range f.state.Values() {
		if bytes.Contains(value, []byte("secret-of-")) || bytes.Contains(value, []byte("key-of-")) {
			t.Errorf("%s holds a secret in clear: %s", key, value)
		}
	}
}

func TestACopyIsNotBelievedForLongerThanFiveMinutes(t *testing.T) {
	f := newFixture(t)
	f.secret(t)
	f.at = f.at.Add(5*time.Minute - time.Second)
	f.secret(t)
	if f.store.loads != 1 {
		t.Errorf("the database was asked %d times within five minutes", f.store.loads)
	}
	f.at = f.at.Add(time.Second)
	f.rotate(t, "another-signing-secret")
	if got := f.secret(t); got != "another-signing-secret" || f.store.loads != 2 {
		t.Errorf("after five minutes: %q, asked %d times", got, f.store.loads)
	}
	f.secret(t)
	if f.store.loads != 2 {
		t.Error("the old copy is in the way of the new one")
	}
}

func TestAChangeThrowsTheCopyOut(t *testing.T) {
	f := newFixture(t)
	f.secret(t)
	f.rotate(t, "another-signing-secret")
	if err := f.Forget(t.Context(), "alpha"); err != nil {
		t.Fatal(err)
	}
	if got := f.secret(t); got != "another-signing-secret" {
		t.Errorf("after the change: %q", got)
	}
	f.at = f.at.Add(2 * time.Minute)
	before := f.store.loads
	f.secret(t)
	f.secret(t)
	if f.store.loads != before+1 {
		t.Error("a while after the change nothing is kept yet")
	}
}

// The reader has the old row in its hands when the change comes, and keeps it afterwards.
func TestASlowReaderDoesNotPutTheOldCopyBack(t *testing.T) {
	f := newFixture(t)
	old, err := f.Read(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	f.rotate(t, "another-signing-secret")
	// It tries while the copy is being thrown out, right after, and very late.
	f.state.Deleted = func() { f.state.Deleted = nil; f.Keep(t.Context(), old) }
	if err := f.Forget(t.Context(), "alpha"); err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{0, time.Second, 2 * time.Minute} {
		f.at = f.at.Add(later)
		f.Keep(t.Context(), old)
		if _, credentials, ok := f.Recall(t.Context(), "alpha"); ok && credentials.SigningSecret.Reveal() != "another-signing-secret" {
			t.Errorf("%s after the change the old secret is back", later)
		}
	}
}

func TestWithoutTheStateStoreTheDatabaseIsAsked(t *testing.T) {
	f := newFixture(t)
	f.state.Down = errors.New("example: redis is down")
	if got := f.secret(t); got != tenantstoretest.SigningSecret("alpha") {
		t.Errorf("the secret is %q", got)
	}
	changed := event.TenantChanged{TenantID: "alpha", Version: 2}
	if got := f.Changed(t.Context(), changed); got != sidecar.DeliveryAgain {
		t.Errorf("nothing was forgotten, and the event counts as %s", got)
	}
	f.state.Down = nil
	if got := f.Changed(t.Context(), changed); got != sidecar.DeliveryDone {
		t.Errorf("delivered again: %s", got)
	}
}

func TestWhatIsNoCopyIsThrownOut(t *testing.T) {
	f := newFixture(t)
	for name, value := range map[string]string{
		"not JSON": "<", "without a time": `{"tenant":{}}`, "from the future": `{"stored_at":"2999-01-01T00:00:00Z"}`,
	} {
		f.state.Put("tenant:alpha", []byte(value))
		f.secret(t)
		before := f.store.loads
		f.secret(t)
		if f.store.loads != before {
			t.Errorf("%s: it stays in the way", name)
		}
	}
}

// Whoever can write to the state store cannot make one tenant pass for another.
func TestACopyUnderAnotherTenantsKeyIsNotUsed(t *testing.T) {
	f := newFixture(t)
	f.store.Save(t, "beta")
	f.secret(t)
	f.state.Put("tenant:beta", f.state.Values()["tenant:alpha"])
	if found, credentials, ok := f.Recall(t.Context(), "beta"); ok {
		t.Errorf("beta got %s with %q", found.ID, credentials.SigningSecret.Reveal())
	}
	if found, _, err := f.Get(t.Context(), "beta"); err != nil || found.ID != "beta" {
		t.Errorf("beta from the database: %q, %v", found.ID, err)
	}
}

func TestThereIsNoCopyOfWhatDoesNotExist(t *testing.T) {
	f := newFixture(t)
	for _, id := range []string{"unknown", "", "../alpha", "alpha\x00"} {
		if _, _, err := f.Get(t.Context(), id); !errors.Is(err, tenant.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
		if _, _, ok := f.Recall(t.Context(), id); ok {
			t.Errorf("%q has a copy", id)
		}
	}
	if len(f.state.Values()) != 0 {
		t.Errorf("asking for what does not exist fills the state store: %d entries", len(f.state.Values()))
	}
}

func TestWhatCopiesAreWorthIsCounted(t *testing.T) {
	f := newFixture(t)
	f.secret(t)
	f.secret(t)
	f.at = f.at.Add(6 * time.Minute)
	f.secret(t)
	f.state.Down = errors.New("example: connection refused")
	f.secret(t)
	want := []telemetry.CacheResult{telemetry.CacheMiss, telemetry.CacheHit, telemetry.CacheStale, telemetry.CacheFailed}
	if !slices.Equal(f.meter.gave, want) {
		t.Errorf("counted %v, want %v", f.meter.gave, want)
	}
}

func TestATenantThatWasPurgedLeavesTheMetrics(t *testing.T) {
	f := newFixture(t)
	for _, version := range []int64{7, 0} {
		if got := f.Changed(t.Context(), event.TenantChanged{TenantID: "alpha", Version: version}); got != sidecar.DeliveryDone {
			t.Errorf("delivery %v", got)
		}
	}
	if !slices.Equal(f.meter.forgot, []string{"alpha"}) {
		t.Errorf("forgot %v", f.meter.forgot)
	}
}
