package postgrestest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/migrations"
)

// templateLock is the advisory lock under which roles and template are made; any number will do that
// all test binaries agree on.
const templateLock = 0x61692d74706c

// ensureTemplate makes the roles and the migrated template database and returns its name. The name
// holds a hash of the migrations: the template of a server that lives on is never stale.
func (s *server) ensureTemplate(ctx context.Context) (string, error) {
	hash, err := filesHash(migrations.FS)
	if err != nil {
		return "", err
	}
	name := "ai_agents_template_" + hash
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return "", fmt.Errorf("connect as superuser, see %s: %w", serverURLVariable, err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return "", fmt.Errorf("lock the template: %w", err)
	}
	// The connection may be closed by a failure, which also frees the lock.
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", templateLock)
	}()
	if err := postgres.EnsureRoles(ctx, s.superURL("postgres"), s.roles); err != nil {
		return "", fmt.Errorf("make the roles: %w", err)
	}
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil {
		return "", fmt.Errorf("look for the template: %w", err)
	}
	if exists {
		return name, nil
	}
	return name, s.makeTemplate(ctx, conn.Conn(), name)
}

// makeTemplate migrates under another name and renames at the end, so that a template of that name is
// always complete.
func (s *server) makeTemplate(ctx context.Context, conn *pgx.Conn, name string) error {
	unfinished := name + "_new"
	quoted, admin := pgx.Identifier{unfinished}.Sanitize(), pgx.Identifier{postgres.RoleAdmin}.Sanitize()
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + quoted + " WITH (FORCE)",
		"CREATE DATABASE " + quoted + " OWNER " + admin + " TEMPLATE template0 ENCODING 'UTF8'",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("make the template: %w", err)
		}
	}
	address := s.url(unfinished, postgres.RoleAdmin, s.roles.AdminPassword)
	if err := postgres.Migrate(ctx, address, slog.New(slog.DiscardHandler)); err != nil {
		return fmt.Errorf("migrate the template: %w", err)
	}
	for _, statement := range []string{
		// Nobody may connect: a template in use cannot be cloned.
		"ALTER DATABASE " + quoted + " ALLOW_CONNECTIONS false",
		"ALTER DATABASE " + quoted + " RENAME TO " + pgx.Identifier{name}.Sanitize(),
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("finish the template: %w", err)
		}
	}
	return nil
}

// filesHash identifies files by their names and contents.
func filesHash(files fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		// Lengths keep the boundary between name and content in the hash.
		_, err = fmt.Fprintf(sum, "%d %s %d ", len(path), path, len(content))
		if err != nil {
			return fmt.Errorf("hash %s: %w", path, err)
		}
		sum.Write(content)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("hash the files: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
