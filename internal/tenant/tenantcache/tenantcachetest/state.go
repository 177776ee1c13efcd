// Package tenantcachetest owns a state store for tests: one whose lifetimes got lost, which is the worst there is, because
// nothing goes away by itself.
package tenantcachetest

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantcache"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// New makes a cache of the tenants in store, with a state store of its own.
func New(store *tenantstoretest.Store) (*tenantcache.Cache, *State) {
	state := &State{}
	return tenantcache.New(state, store, store.Sealer, time.Now, telemetry.NewMetrics(), slog.New(slog.DiscardHandler)), state
}

// State is an empty state store. It may be used concurrently.
type State struct {
	// Down, if set, is what every call fails with.
	Down error
	// Deleted, if set, is called after something was deleted.
	Deleted func()

	mu     sync.Mutex
	values map[string][]byte
}

// Get implements tenantcache.State.
func (s *State) Get(_ context.Context, key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[key]
	return value, ok, s.Down
}

// Add implements tenantcache.State.
func (s *State) Add(_ context.Context, key string, value []byte, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down != nil {
		return s.Down
	}
	if _, taken := s.values[key]; taken {
		return sidecar.ErrTaken
	}
	s.put(key, value)
	return nil
}

// Delete implements tenantcache.State.
func (s *State) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	delete(s.values, key)
	s.mu.Unlock()
	if s.Deleted != nil {
		s.Deleted()
	}
	return s.Down
}

// Put writes value, whatever is there.
func (s *State) Put(key string, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, value)
}

func (s *State) put(key string, value []byte) {
	if s.values == nil {
		s.values = map[string][]byte{}
	}
	s.values[key] = value
}

// Clear empties it, as the message about a change does.
func (s *State) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = nil
}

// Values is all there is, by key.
func (s *State) Values() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.values)
}
