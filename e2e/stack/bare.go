package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Bare is a stack without the platform: nothing runs in it but what StartBeside starts, which is supervised, recorded and stopped
// like all that runs in a stack. Options about apps and Progress have no effect.
func Bare(ctx context.Context, opts Options) (*Stack, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	unlock, err := lockDir(opts.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := clearLeftovers(ctx, opts.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(opts.Dir, "logs"), 0o700); err != nil {
		return nil, fmt.Errorf("make the run directory: %w", err)
	}
	s, err := newStack(opts)
	if err != nil {
		return nil, err
	}
	s.up = true
	return s, s.save()
}
