package tenantstore_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// rotation is a store whose keyset is being rotated: each of the stores has the keyset of one step.
type rotation struct {
	before, promoted, retired *tenantstoretest.Store
	oldKey, newKey            uint32
}

func newRotation(t *testing.T) rotation {
	t.Helper()
	first, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tenant.KeysOf(first)
	if err != nil {
		t.Fatal(err)
	}
	added, newKey, err := tenant.AddKey(first)
	if err != nil {
		t.Fatal(err)
	}
	promoted, err := tenant.Promote(added, newKey)
	if err != nil {
		t.Fatal(err)
	}
	retired, err := tenant.Retire(promoted, keys[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	base := tenantstoretest.New(t)
	with := func(keyset string) *tenantstoretest.Store {
		sealer, err := tenant.NewSealer(keyset)
		if err != nil {
			t.Fatal(err)
		}
		return base.WithSealer(t, sealer)
	}
	return rotation{before: with(added), promoted: with(promoted), retired: with(retired), oldKey: keys[0].ID, newKey: newKey}
}

func wantSealedWith(t *testing.T, s *tenantstoretest.Store, want map[uint32]int64, unreadable int64) {
	t.Helper()
	got, n, err := s.Console.SealedWith(t.Context())
	if err != nil || !maps.Equal(got, want) || n != unreadable {
		t.Errorf("sealed with %v, %d unreadable, %v; want %v, %d", got, n, err, want, unreadable)
	}
}

func reseal(t *testing.T, s *tenantstoretest.Store, limit, wantDone int, wantLeft int64) {
	t.Helper()
	done, left, err := s.Console.Reseal(t.Context(), limit)
	if err != nil || done != wantDone || left != wantLeft {
		t.Errorf("resealed %d, left %d, %v; want %d, %d", done, left, err, wantDone, wantLeft)
	}
}

func TestAfterResealingTheOldKeyIsNotNeeded(t *testing.T) {
	r := newRotation(t)
	r.before.Save(t, "alpha") // three secrets each
	r.before.Save(t, "beta")
	rotateTo(t, r.before, secondSecret, time.Hour) // and a previous one
	before := read(t, r.before, "alpha")
	want, wantCredentials, err := r.before.Get(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	wantSealedWith(t, r.before, map[uint32]int64{r.oldKey: 7, r.newKey: 0}, 0)
	wantSealedWith(t, r.retired, map[uint32]int64{r.newKey: 0}, 7)
	if _, _, err := r.retired.Get(t.Context(), "alpha"); err == nil {
		t.Error("without the old key, what it sealed opens: this test proves nothing")
	}
	reseal(t, r.promoted, 0, 0, 7)
	reseal(t, r.promoted, 5, 5, 2)
	wantSealedWith(t, r.promoted, map[uint32]int64{r.oldKey: 2, r.newKey: 5}, 0)
	reseal(t, r.promoted, 5, 2, 0)
	reseal(t, r.promoted, 5, 0, 0)
	wantSealedWith(t, r.retired, map[uint32]int64{r.newKey: 7}, 0)
	got, gotCredentials, err := r.retired.Get(t.Context(), "alpha")
	if diff := cmp.Diff(want, got); err != nil || diff != "" || gotCredentials != wantCredentials {
		t.Errorf("without the old key: %v, %s, or other credentials", err, diff)
	}
	if diff := cmp.Diff(before, read(t, r.retired, "alpha")); diff != "" {
		t.Errorf("resealing is no change, but changed: %s", diff)
	}
}

func TestAValueThatDoesNotOpenDoesNotStopTheOthers(t *testing.T) {
	r := newRotation(t)
	for i := range 4 {
		r.before.Save(t, fmt.Sprintf("tenant-%d", i))
	}
	// One of a key that nobody has, one that was moved, and one that is no seal at all.
	exec(t, r.before, `UPDATE tenant_configs SET api_key_sealed = '\x0100000001ff'::bytea WHERE tenant_id = 'tenant-0'`)
	exec(t, r.before, "UPDATE tenant_configs SET api_key_sealed = signing_secret_sealed WHERE tenant_id = 'tenant-1'")
	exec(t, r.before, "UPDATE tenant_configs SET kb_api_key_sealed = 'x' WHERE tenant_id = 'tenant-2'")
	for range 2 {
		if _, left, err := r.promoted.Console.Reseal(t.Context(), 4); left == 0 || err == nil || !strings.Contains(err.Error(), "api_key of tenant tenant-1") {
			t.Errorf("left %d, %v; want the one that was moved, by name", left, err)
		}
	}
	_, left, err := r.promoted.Console.Reseal(t.Context(), 4)
	if left != 1 || err == nil || strings.Contains(err.Error(), "tenant-0") || strings.Contains(err.Error(), "tenant-2") {
		t.Errorf("in the end: left %d, %v; want the one that was moved, alone", left, err)
	}
	wantSealedWith(t, r.promoted, map[uint32]int64{r.oldKey: 1, r.newKey: 9}, 2)
}

// A replacement at the same moment must win: what is sealed anew is what was read before it.
func TestASecretThatIsReplacedMeanwhileStands(t *testing.T) {
	r := newRotation(t)
	r.before.Save(t, "alpha")
	// Between reading and writing of the first value, another writes: as a trigger, because nothing else comes in between.
	exec(t, r.before, `
		CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.api_key_sealed IS DISTINCT FROM OLD.api_key_sealed AND pg_trigger_depth() = 1 THEN
				UPDATE tenant_configs SET kb_api_key_sealed = NULL, signing_secret_sealed = 'replaced';
			END IF;
			RETURN NULL;
		END $$`)
	exec(t, r.before, "CREATE TRIGGER meanwhile AFTER UPDATE ON tenant_configs FOR EACH ROW EXECUTE FUNCTION meanwhile()")
	reseal(t, r.promoted, 10, 1, 0)
	var signing []byte
	var removed bool
	err := r.before.Database.Admin.QueryRow(t.Context(),
		"SELECT signing_secret_sealed, kb_api_key_sealed IS NULL FROM tenant_configs").Scan(&signing, &removed)
	if err != nil || string(signing) != "replaced" || !removed {
		t.Errorf("the replacement is gone: %q, removed %t, %v", signing, removed, err)
	}
}

func TestAPreviousSecretWhoseTimeIsOverIsRemoved(t *testing.T) {
	s := tenantstoretest.New(t)
	s.Save(t, "alpha")
	kept := func() (kept bool) {
		t.Helper()
		err := s.Database.Admin.QueryRow(t.Context(), "SELECT previous_signing_secret_sealed IS NOT NULL FROM tenant_configs").Scan(&kept)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	rotateTo(t, s, secondSecret, time.Hour)
	reseal(t, s, 1, 0, 0)
	if !kept() {
		t.Fatal("the previous secret is removed within its time")
	}
	exec(t, s, "UPDATE tenant_configs SET previous_signing_secret_until = clock_timestamp() - interval '1 second'")
	before := read(t, s, "alpha")
	if before.PreviousSigningSecretUntil != nil {
		t.Errorf("it is shown as accepted until %s, which is over", before.PreviousSigningSecretUntil)
	}
	wantSecrets(t, s, databaseTime(t, s), secondSecret)
	reseal(t, s, 1, 0, 0)
	if kept() {
		t.Error("the previous secret is still stored")
	}
	if diff := cmp.Diff(before, read(t, s, "alpha")); diff != "" {
		t.Errorf("to remove it is no change, but changed: %s", diff)
	}
}

// keeper runs KeepSealed by the test's clock.
type keeper struct {
	again chan time.Time
	log   bytes.Buffer
	stop  func()
}

func keep(t *testing.T, s *tenantstoretest.Store) *keeper {
	t.Helper()
	k := &keeper{again: make(chan time.Time)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Console.KeepSealedAt(ctx, k.again, slog.New(slog.NewTextHandler(&k.log, nil)))
	}()
	k.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(k.stop)
	return k
}

// round returns when a round is over that began after the call: the channel has no room, so it is taken between rounds.
func (k *keeper) round() {
	k.again <- time.Time{}
	k.again <- time.Time{}
}

func TestSecretsAreKeptSealedWithThePrimaryKey(t *testing.T) {
	r := newRotation(t)
	r.before.Save(t, "alpha")
	k := keep(t, r.promoted)
	k.round()
	wantSealedWith(t, r.promoted, map[uint32]int64{r.oldKey: 0, r.newKey: 3}, 0)
	r.before.Save(t, "beta") // by a replica that has not been told of the new key
	k.round()
	wantSealedWith(t, r.promoted, map[uint32]int64{r.oldKey: 0, r.newKey: 6}, 0)
	exec(t, r.before, `UPDATE tenant_configs SET api_key_sealed = '\x0100000001ff'::bytea WHERE tenant_id = 'alpha'`)
	exec(t, r.before, "UPDATE tenant_configs SET api_key_sealed = kb_api_key_sealed WHERE tenant_id = 'beta'")
	k.round()
	k.round()
	k.stop()
	log := k.log.String()
	for text, times := range map[string]int{"count=3": 2, "no key of the keyset opens": 1, "api_key of tenant": 0, "level=ERROR": 1} {
		if got := strings.Count(log, text); got != times {
			t.Errorf("%q is told %d times, want %d:\n%s", text, got, times, log)
		}
	}
}

func TestKeepingSecretsSealedOutlivesAnOutage(t *testing.T) {
	r := newRotation(t)
	r.before.Save(t, "alpha")
	exec(t, r.before, "ALTER TABLE tenant_configs RENAME TO away")
	k := keep(t, r.promoted)
	k.round()
	exec(t, r.before, "ALTER TABLE away RENAME TO tenant_configs")
	k.round()
	wantSealedWith(t, r.promoted, map[uint32]int64{r.oldKey: 0, r.newKey: 3}, 0)
	k.stop()
	if log := k.log.String(); !strings.Contains(log, "level=ERROR") {
		t.Errorf("the outage is not told:\n%s", log)
	}
}

func TestKeepSealedEndsWithItsContext(t *testing.T) {
	s := tenantstoretest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Console.KeepSealed(ctx, time.Hour, slog.New(slog.DiscardHandler))
}
