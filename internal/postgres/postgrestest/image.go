package postgrestest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/migrations"
)

// imageFormat is part of an image's key. Raise it when this package makes clusters differently, as with other options
// of initdb or other passwords for the roles.
const imageFormat = "1"

// imageKey names what a new cluster depends on: the server, the roles and the schema.
func imageKey(ctx context.Context) (string, error) {
	bin, err := findBinaries(ctx, "")
	if err != nil {
		return "", err
	}
	//nolint:gosec // G204: bin is one of the places in findBinaries.
	version, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", bin, err)
	}
	return keyOf(bin+" "+string(version), migrations.FS, postgres.Source)
}

func keyOf(server string, schema, code fs.FS) (string, error) {
	schemaHash, err := filesHash(schema)
	if err != nil {
		return "", err
	}
	codeHash, err := filesHash(code)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %q", imageFormat, schemaHash, codeHash, server))
	return hex.EncodeToString(sum[:8]), nil
}

// fillScratch prepares a cluster with roles and template in dir, from an image if there is one.
func fillScratch(ctx context.Context, dir string) error {
	build := func() error { return buildCluster(ctx, dir) }
	kept, err := openImages()
	if err != nil {
		lostImage(err)
		return nil // the server makes what is missing when it starts
	}
	key, err := imageKey(ctx)
	if err != nil {
		return err
	}
	id, err := serverIdentity()
	if err != nil {
		return err
	}
	home, err := id.home(dir)
	if err != nil {
		return err
	}
	if err := id.makeHome(home); err != nil {
		return err
	}
	return kept.fill(home, key, id, build, lostImage)
}

func lostImage(err error) {
	fmt.Fprintln(os.Stderr, "postgrestest: PostgreSQL is prepared anew by every test binary:", err)
}

// buildCluster makes a cluster with all that tests need, and stops it cleanly.
func buildCluster(ctx context.Context, dir string) error {
	// What was logged so far is of no use to a copy: it is left behind, and not kept to be overwritten later.
	cluster, err := StartCluster(ctx, ClusterOptions{Dir: dir, Settings: []string{"wal_recycle=off", "min_wal_size=32MB"}})
	if err != nil {
		return err
	}
	s := &server{cluster: cluster}
	err = s.use(ctx, cluster.SuperURL("postgres"))
	if err == nil {
		_, err = s.pool.Exec(ctx, "SELECT pg_switch_wal()")
	}
	if err := errors.Join(err, s.close(context.WithoutCancel(ctx))); err != nil {
		return fmt.Errorf("prepare PostgreSQL: %w", err)
	}
	if err := os.Remove(cluster.logPath); err != nil {
		return fmt.Errorf("remove the log of the preparation: %w", err)
	}
	return nil
}
