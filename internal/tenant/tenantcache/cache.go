// Package tenantcache owns the copies of tenants' configurations in the state store: how old one may be, and how a change
// throws it out. A copy holds secrets only as the database does, sealed.
//
// The copy spares the database, and decides nothing by itself: the gateway has the ledger check, in the transaction that
// accepts a job, that the version it believed in is the present one.
package tenantcache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

const (
	// lifetime is how long a copy is believed.
	lifetime = 5 * time.Minute
	// quarantine is for how long after a change nothing is kept: longer than a reader may take between reading the row
	// and keeping it, or it could keep what was thrown out.
	quarantine = time.Minute
	// keepWithin of having been read, a row may be kept.
	keepWithin = quarantine / 2
	// patience with the state store. A copy that takes longer is worth nothing.
	patience = 500 * time.Millisecond
	// forgetAttempts, against readers that keep a copy between the two steps of forgetting.
	forgetAttempts = 5
)

// State is the state store as the cache needs it: sidecar.Cache.
type State interface {
	Get(ctx context.Context, key string) ([]byte, bool, error)
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Delete(ctx context.Context, key string) error
}

// Store reads tenants from the database.
type Store interface {
	Load(ctx context.Context, id string) (tenantstore.Sealed, error)
	OpenDecoy()
}

// Meter hears what copies are worth, and which tenants there are no more; *telemetry.Metrics is one.
type Meter interface {
	Cached(cache telemetry.Cache, gave telemetry.CacheResult)
	ForgetTenant(tenantID string)
}

// Cache reads tenants by way of their copies. It may be used concurrently.
type Cache struct {
	state  State
	store  Store
	sealer *tenant.Sealer
	now    func() time.Time
	meter  Meter
	logger *slog.Logger
}

// New makes a Cache on the state store of this app, which all its replicas share. now is time.Now, but for tests.
func New(state State, store Store, sealer *tenant.Sealer, now func() time.Time, meter Meter, logger *slog.Logger) *Cache {
	return &Cache{state: state, store: store, sealer: sealer, now: now, meter: meter, logger: logger}
}

// entry is what is under a tenant's key. It says itself how old it is: the store's own lifetime can get lost.
type entry struct {
	StoredAt time.Time `json:"stored_at"`
	// Tenant is nil after a change, while nothing may be kept.
	Tenant *tenantstore.Sealed `json:"tenant,omitempty"`
}

// ends is when the entry is no longer worth anything.
func (e entry) ends() time.Time {
	if e.Tenant == nil {
		return e.StoredAt.Add(quarantine)
	}
	return e.StoredAt.Add(lifetime)
}

func key(tenantID string) string { return "tenant:" + tenantID }

// Get gives an enabled tenant and its credentials, from the copy if there is one; tenant.ErrNotFound when there is none.
func (c *Cache) Get(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, error) {
	if t, credentials, ok := c.Recall(ctx, id); ok {
		return t, credentials, nil
	}
	fresh, err := c.Read(ctx, id)
	if err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, err
	}
	c.Keep(ctx, fresh)
	return fresh.Tenant, fresh.Credentials, nil
}

// Recall gives the copy of an enabled tenant, if there is one that may be believed. That there is none says nothing, and
// takes as long as to open one.
func (c *Cache) Recall(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, bool) {
	if !tenant.ValidID(id) {
		return tenant.Tenant{}, tenant.Credentials{}, false
	}
	t, credentials, err := c.recall(ctx, id)
	c.meter.Cached(telemetry.CacheTenant, gave(err))
	if err != nil {
		c.store.OpenDecoy()
		if !errors.Is(err, errNoCopy) {
			c.logger.WarnContext(ctx, "the copy of a tenant's configuration cannot be used", "error", err)
		}
		return tenant.Tenant{}, tenant.Credentials{}, false
	}
	return t, credentials, true
}

var (
	errNoCopy = errors.New("there is no copy")
	errOld    = errors.New("should be gone")
)

// gave says what a copy was worth that was asked for.
func gave(err error) telemetry.CacheResult {
	switch {
	case err == nil:
		return telemetry.CacheHit
	case errors.Is(err, errNoCopy):
		return telemetry.CacheMiss
	case errors.Is(err, errOld):
		return telemetry.CacheStale
	}
	return telemetry.CacheFailed
}

func (c *Cache) recall(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	value, found, err := c.state.Get(ctx, key(id))
	if err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, err
	}
	if !found {
		return tenant.Tenant{}, tenant.Credentials{}, errNoCopy
	}
	t, credentials, err := c.open(id, value)
	if err != nil && !errors.Is(err, errNoCopy) {
		// Made by another release or with another keyset, left behind by a writer that died or had a wrong clock, or tampered
		// with: it would be in the way for ever.
		return tenant.Tenant{}, tenant.Credentials{}, errors.Join(err, c.state.Delete(ctx, key(id)))
	}
	return t, credentials, err
}

func (c *Cache) open(id string, value []byte) (tenant.Tenant, tenant.Credentials, error) {
	var e entry
	if err := json.Unmarshal(value, &e); err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("decode the copy of tenant %s: %w", id, err)
	}
	now := c.now()
	switch {
	case !e.ends().After(now):
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("the copy of tenant %s is from %s and %w", id, e.StoredAt, errOld)
	case e.StoredAt.After(now.Add(lifetime)):
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("the copy of tenant %s is from the future: %s", id, e.StoredAt)
	case e.Tenant == nil:
		return tenant.Tenant{}, tenant.Credentials{}, errNoCopy
	}
	t, credentials, err := e.Tenant.Open(c.sealer)
	if err == nil && t.ID != id {
		err = fmt.Errorf("the copy under %s is of another tenant", key(id))
	}
	return t, credentials, err
}

// Fresh is a tenant as the database has it.
type Fresh struct {
	Tenant      tenant.Tenant
	Credentials tenant.Credentials

	sealed tenantstore.Sealed
	readAt time.Time
}

// Read gives an enabled tenant from the database; tenant.ErrNotFound when there is none.
func (c *Cache) Read(ctx context.Context, id string) (Fresh, error) {
	f := Fresh{readAt: c.now()}
	var err error
	if f.sealed, err = c.store.Load(ctx, id); err != nil {
		return Fresh{}, err
	}
	if f.Tenant, f.Credentials, err = f.sealed.Open(c.sealer); err != nil {
		return Fresh{}, fmt.Errorf("read tenant %s: %w", id, err)
	}
	return f, nil
}

// Keep makes a copy of what was read just now, unless there is one already or the tenant was changed a moment ago. That it
// fails costs the next reader a question to the database.
func (c *Cache) Keep(ctx context.Context, f Fresh) {
	now := c.now()
	if now.Sub(f.readAt) > keepWithin {
		return
	}
	value, err := json.Marshal(entry{StoredAt: f.readAt.UTC(), Tenant: &f.sealed})
	if err != nil {
		c.logger.ErrorContext(ctx, "a tenant's configuration cannot be copied", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.state.Add(ctx, key(f.Tenant.ID), value, lifetime); err != nil && !errors.Is(err, sidecar.ErrTaken) {
		c.logger.WarnContext(ctx, "a tenant's configuration was not copied", "error", err)
	}
}

// Forget throws the copy out and keeps the next ones out for a while: a reader may still have the old row in its hands.
// Meanwhile the database is asked.
func (c *Cache) Forget(ctx context.Context, tenantID string) error {
	for range forgetAttempts {
		value, err := json.Marshal(entry{StoredAt: c.now().UTC()})
		if err != nil {
			return fmt.Errorf("forget tenant %s: %w", tenantID, err)
		}
		if err := c.state.Delete(ctx, key(tenantID)); err != nil {
			return fmt.Errorf("forget tenant %s: %w", tenantID, err)
		}
		err = c.state.Add(ctx, key(tenantID), value, quarantine)
		if err == nil {
			return nil
		}
		if !errors.Is(err, sidecar.ErrTaken) {
			return fmt.Errorf("forget tenant %s: %w", tenantID, err)
		}
		// A reader kept its copy in between, perhaps the old one.
	}
	return fmt.Errorf("forget tenant %s: others keep writing its copy", tenantID)
}

// Changed forgets the tenant that an event names. Undone, it is to be delivered again.
func (c *Cache) Changed(ctx context.Context, changed event.TenantChanged) sidecar.Delivery {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "tenant_changed"), slog.String(telemetry.KeyTenant, changed.TenantID))
	if err := c.Forget(ctx, changed.TenantID); err != nil {
		c.logger.ErrorContext(ctx, "an old configuration may be in use for up to five minutes, unless this is delivered again", "error", err)
		return sidecar.DeliveryAgain
	}
	if changed.Version == 0 { // it was purged
		c.meter.ForgetTenant(changed.TenantID)
	}
	c.logger.InfoContext(ctx, "the copy of a tenant's configuration was thrown out", "version", changed.Version)
	return sidecar.DeliveryDone
}
