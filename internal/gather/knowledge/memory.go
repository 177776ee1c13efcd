package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// lookup is one question to one tenant's knowledge base.
type lookup struct {
	tenantID string
	endpoint Endpoint
	words    string
}

// cacheKey names the tenant in clear, for those who look into the cache, and once more in the hash, so
// that not even an odd tenant id makes two tenants share a key. The words themselves stay out of it.
func (l lookup) cacheKey() string {
	return "knowledge:" + l.tenantID + ":" + digest(l.tenantID, l.endpoint.BaseURL, l.words)
}

// flightKey also tells apart lookups with different keys: one with a wrong key must not fail the others.
func (l lookup) flightKey() string {
	return digest(l.tenantID, l.endpoint.BaseURL, l.words, l.endpoint.APIKey)
}

func digest(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		// A hash never fails to be written to. The length keeps the parts apart.
		_, _ = fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// answered is what the cache holds: an answer and when it was given.
type answered struct {
	FetchedAt time.Time     `json:"fetched_at"`
	Items     []gather.Item `json:"items"`
}

func (a answered) when() string { return a.FetchedAt.UTC().Format("2006-01-02 15:04 UTC") }

// memory is the cache as the lookups use it: its failures are logged and forgotten.
type memory struct {
	cache Cache
	opts  Options
}

// recall gives the remembered answer, if there is one that is not too old to stand in.
func (m *memory) recall(ctx context.Context, look lookup) (answered, bool) {
	ctx, cancel := context.WithTimeout(ctx, m.opts.CacheTimeout)
	defer cancel()
	value, found, err := m.cache.Get(ctx, look.cacheKey())
	if err != nil {
		m.opts.Count(telemetry.CacheFailed)
		m.opts.Logger.WarnContext(ctx, "knowledge cache cannot be read", "tenant_id", look.tenantID, "error", err)
		return answered{}, false
	}
	if !found {
		m.opts.Count(telemetry.CacheMiss)
		return answered{}, false
	}
	var a answered
	if err := json.Unmarshal(value, &a); err != nil || a.FetchedAt.IsZero() {
		m.opts.Count(telemetry.CacheFailed)
		m.opts.Logger.WarnContext(ctx, "knowledge cache holds what is no answer", "tenant_id", look.tenantID, "error", err)
		return answered{}, false
	}
	if m.isFresh(a) {
		m.opts.Count(telemetry.CacheHit)
	} else {
		m.opts.Count(telemetry.CacheStale)
	}
	return a, m.age(a) < m.opts.Stale
}

// keep remembers items. It waits for the cache, so that the next lookup finds them there, but not long.
func (m *memory) keep(ctx context.Context, look lookup, items []gather.Item) {
	ctx, cancel := context.WithTimeout(ctx, m.opts.CacheTimeout)
	defer cancel()
	value, err := json.Marshal(answered{FetchedAt: m.opts.Clock(), Items: items})
	if err == nil {
		err = m.cache.Set(ctx, look.cacheKey(), value, m.opts.Stale)
	}
	if err != nil {
		m.opts.Logger.WarnContext(ctx, "knowledge cache cannot be written", "tenant_id", look.tenantID, "error", err)
	}
}

func (m *memory) isFresh(a answered) bool { return m.age(a) < m.opts.Fresh }

// age is positive also for an answer from the future, which another process' clock may produce.
func (m *memory) age(a answered) time.Duration { return m.opts.Clock().Sub(a.FetchedAt).Abs() }
