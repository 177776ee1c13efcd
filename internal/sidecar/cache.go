package sidecar

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Cache keeps values with a lifetime in the state store.
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

// Set keeps value under key for ttl, rounded up to whole seconds.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	seconds := int64((ttl + time.Second - 1) / time.Second)
	metadata := map[string]string{"ttlInSeconds": strconv.FormatInt(seconds, 10)}
	if err := c.sidecar.client.SaveState(ctx, c.sidecar.cfg.StateStore, key, value, metadata); err != nil {
		return fmt.Errorf("write %s to the cache: %w", key, err)
	}
	return nil
}
