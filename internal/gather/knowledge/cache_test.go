package knowledge_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

func TestAnswersAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(vpnArticle())
	w.mustFind(t, "north")
	if w.cache.ttl != 24*time.Hour {
		t.Errorf("kept for %s, want a day", w.cache.ttl)
	}
	for _, step := range []struct {
		passes   time.Duration
		tenantID string
		calls    int
	}{
		{59 * time.Minute, "north", 1},
		{0, "south", 2},
		{2 * time.Minute, "north", 3},
		{59 * time.Minute, "north", 3},
	} {
		w.now = w.now.Add(step.passes)
		if got := w.mustFind(t, step.tenantID); len(got.Items) != 1 || got.Note != "" {
			t.Errorf("%s later: %+v", step.passes, got)
		}
		if got := len(w.base.Calls()); got != step.calls {
			t.Errorf("%s later, %s: %d calls in all, want %d", step.passes, step.tenantID, got, step.calls)
		}
	}
	for key := range w.cache.entries {
		checkDiscreet(t, "the cache key", key)
		if !strings.Contains(key, "north") && !strings.Contains(key, "south") {
			t.Errorf("key %q does not name its tenant", key)
		}
	}
}

func TestNothingFoundIsRememberedToo(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for range 3 {
		if got := w.mustFind(t, "north"); len(got.Items) != 0 {
			t.Errorf("found %+v", got)
		}
	}
	if calls := w.base.Calls(); len(calls) != 1 {
		t.Errorf("%d calls, want 1", len(calls))
	}
}

func TestOlderAnswerStandsIn(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]knowledgetest.Faults{
		"failure":        {Status: http.StatusBadGateway},
		"wrong settings": {Status: http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(vpnArticle())
			w.mustFind(t, "north")
			w.setFaults(t, faults)
			w.now = w.now.Add(23 * time.Hour)
			got := w.mustFind(t, "north")
			if len(got.Items) != 1 || !strings.Contains(got.Note, "cached copy from 2025-03-01 10:12 UTC") {
				t.Errorf("got %+v, want the older answer and from when it is", got)
			}
			if !strings.Contains(w.log.String(), "level=WARN") || !strings.Contains(w.log.String(), "north") {
				t.Errorf("the failure is not logged: %q", w.log)
			}
			checkDiscreet(t, "the log", w.log.String())
			w.now = w.now.Add(2 * time.Hour)
			if result, err := w.find(t.Context(), "north"); err == nil {
				t.Errorf("got %+v after 25 hours, want an error", result)
			}
		})
	}
}

func TestWorthlessCacheEntries(t *testing.T) {
	t.Parallel()
	for name, entry := range map[string]string{
		"empty": "", "not JSON": "<html>", "other type": `{"fetched_at":"2025-03-01T10:12:00Z","items":"none"}`, "no date": `{"items":[]}`,
		"from the far future": `{"fetched_at":"2035-03-01T10:12:00Z","items":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(vpnArticle())
			w.mustFind(t, "north")
			for key := range w.cache.entries {
				w.cache.entries[key] = []byte(entry)
			}
			if got := w.mustFind(t, "north"); len(got.Items) != 1 || got.Note != "" {
				t.Errorf("got %+v, want a new answer", got)
			}
		})
	}
}

// brokenCache fails, or waits for as long as it may.
type brokenCache struct{ slow bool }

func (c brokenCache) fail(ctx context.Context) error {
	if !c.slow {
		return errors.New("no state store")
	}
	<-ctx.Done()
	return ctx.Err()
}

func (c brokenCache) Get(ctx context.Context, _ string) ([]byte, bool, error) {
	return nil, false, c.fail(ctx)
}

func (c brokenCache) Set(ctx context.Context, _ string, _ []byte, _ time.Duration) error {
	return c.fail(ctx)
}

func TestBrokenCacheDoesNotMatter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(vpnArticle())
		for _, cache := range []brokenCache{{slow: false}, {slow: true}} {
			w.log.Reset()
			w.source = w.sourceWith(cache, w.base)
			start := time.Now()
			if got := w.mustFind(t, "north"); len(got.Items) != 1 || got.Note != "" {
				t.Errorf("got %+v", got)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %s with cache %+v", took, cache)
			}
			for _, message := range []string{"cannot be read", "cannot be written"} {
				if !strings.Contains(w.log.String(), message) {
					t.Errorf("cache %+v: %q is not logged: %s", cache, message, w.log)
				}
			}
			checkDiscreet(t, "the log", w.log.String())
		}
	})
}

func TestIdenticalLookupsCollapse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers = 8
		w := newWorld(vpnArticle())
		w.setFaults(t, knowledgetest.Faults{Hang: true})
		leader, leave := context.WithCancel(t.Context())
		var left error
		go func() { _, left = w.find(leader, "north") }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				if got, err := w.find(t.Context(), "north"); err != nil || len(got.Items) != 1 {
					t.Errorf("found %+v, error %v", got, err)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		if !errors.Is(left, context.Canceled) {
			t.Errorf("the cancelled caller got %v", left)
		}
		w.setFaults(t, knowledgetest.Faults{})
		wg.Wait()
		if calls := w.base.Calls(); len(calls) != 1 {
			t.Errorf("%d calls for %d lookups, want 1", len(calls), callers+1)
		}
	})
}

func TestWhatIsRememberedIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(vpnArticle())
	for _, passes := range []time.Duration{0, time.Minute, 2 * time.Hour, 25 * time.Hour} {
		w.now = w.now.Add(passes)
		w.mustFind(t, "north")
	}
	w.source = w.sourceWith(brokenCache{}, w.base)
	w.mustFind(t, "north")
	want := []telemetry.CacheResult{telemetry.CacheMiss, telemetry.CacheHit, telemetry.CacheStale, telemetry.CacheStale, telemetry.CacheFailed}
	if !slices.Equal(w.gave, want) {
		t.Errorf("counted %v, want %v", w.gave, want)
	}
}
