package sidecar

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	dapr "github.com/dapr/go-sdk/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// ErrTaken says that there is a value under the key already.
var ErrTaken = errors.New("the cache has a value under this key already")

// Cache keeps values with a lifetime in the state store. All replicas of an app share it; other apps do not.
type Cache struct {
	sidecar *Sidecar
}

// Cache gives the cache of this app.
func (s *Sidecar) Cache() *Cache { return &Cache{sidecar: s} }

// Get returns the value under key and whether there is one.
func (c *Cache) Get(ctx context.Context, key string) ([]byte, bool, error) {
	item, err := c.sidecar.client.GetState(ctx, c.sidecar.cfg.StateStore, key, nil)
	if err != nil {
		return nil, false, fmt.Errorf("read %s from the cache: %w", key, err)
	}
	return item.Value, len(item.Value) > 0, nil
}

// Set keeps value under key for ttl, rounded up to whole seconds. It does not go together with Add on the same key.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := c.sidecar.client.SaveState(ctx, c.sidecar.cfg.StateStore, key, value, lifetime(ttl)); err != nil {
		return fmt.Errorf("write %s to the cache: %w", key, err)
	}
	return nil
}

// noVersion is the ETag that no stored value has: Redis's state store counts versions from 1.
const noVersion = "0"

// Add is Set unless there is a value already (ErrTaken). Redis's state store sets the lifetime in a second step: a value
// whose writer died in between stays, so whoever reads it must know by the value itself how old it is.
func (c *Cache) Add(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	// Taken is an answer like another, and the sidecar's span would say that it failed: collectors keep the traces of what failed.
	err := c.sidecar.client.SaveStateWithETag(tracing.With(ctx, ""), c.sidecar.cfg.StateStore, key, value, noVersion, lifetime(ttl),
		dapr.WithConcurrency(dapr.StateConcurrencyFirstWrite), dapr.WithConsistency(dapr.StateConsistencyStrong))
	if status.Code(err) == codes.Aborted {
		return fmt.Errorf("add %s: %w", key, ErrTaken)
	}
	if err != nil {
		return fmt.Errorf("add %s to the cache: %w", key, err)
	}
	return nil
}

// Delete removes the value under key, if there is one.
func (c *Cache) Delete(ctx context.Context, key string) error {
	if err := c.sidecar.client.DeleteState(ctx, c.sidecar.cfg.StateStore, key, nil); err != nil {
		return fmt.Errorf("delete %s from the cache: %w", key, err)
	}
	return nil
}

// lifetime rounds up: a lifetime of 0 would be none at all.
func lifetime(ttl time.Duration) map[string]string {
	seconds := int64((ttl + time.Second - 1) / time.Second)
	return map[string]string{"ttlInSeconds": strconv.FormatInt(seconds, 10)}
}
