package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// Remove stops what still runs in dir and deletes it with everything in it, the database included,
// which may live elsewhere (see postgrestest.Home). A dir that does not exist is no error.
func Remove(ctx context.Context, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("make %s absolute: %w", dir, err)
	}
	if s, err := Attach(abs); err == nil {
		if err := s.Stop(ctx); err != nil {
			return err
		}
	} else if !errors.Is(err, ErrNotRunning) {
		return err
	}
	home, err := postgrestest.Home(filepath.Join(abs, "postgres"))
	if err != nil {
		return fmt.Errorf("find the database's files: %w", err)
	}
	for _, path := range []string{home, abs} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the run directory: %w", err)
		}
	}
	return nil
}
