package postgrestest_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestClusterKeepsItsDataOverAStop(t *testing.T) {
	t.Parallel()
	// Below t.TempDir() when the server's user can get there, elsewhere when not: both must work.
	opts := postgrestest.ClusterOptions{
		Dir: filepath.Join(t.TempDir(), "pg"), Durable: true, Logger: slog.New(slog.DiscardHandler),
	}
	first := start(t, opts)
	query(t, first, "CREATE TABLE kept AS SELECT 42 AS answer")
	stop(t, first)
	stop(t, first) // harmless
	second := start(t, opts)
	if first.DataDir != second.DataDir {
		t.Errorf("data moved from %s to %s", first.DataDir, second.DataDir)
	}
	if got := query(t, second, "SELECT answer::text FROM kept"); got != "42" {
		t.Errorf("got %q, want 42", got)
	}
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
	} {
		if got := query(t, second, "SHOW "+setting); got != want {
			t.Errorf("%s: got %q, want %q", setting, got, want)
		}
	}
	stop(t, second)
}

func TestClusterWantsAPassword(t *testing.T) {
	t.Parallel()
	cluster := start(t, postgrestest.ClusterOptions{Dir: filepath.Join(t.TempDir(), "pg"), SuperPassword: "right"})
	config, err := pgx.ParseConfig(cluster.SuperURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if config.Password != "right" {
		t.Errorf("got password %q", config.Password)
	}
	config.Password = "wrong"
	if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
		_ = conn.Close(t.Context())
		t.Error("connected with a wrong password")
	}
	stop(t, cluster)
}

func TestStartSaysWhyItFailed(t *testing.T) {
	t.Parallel()
	opts := postgrestest.ClusterOptions{Dir: filepath.Join(t.TempDir(), "pg")}
	cluster := start(t, opts)
	stop(t, cluster)
	t.Run("settings broken", func(t *testing.T) {
		conf := filepath.Join(cluster.DataDir, "postgresql.conf")
		if err := os.WriteFile(conf, []byte("nonsense = 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := postgrestest.StartCluster(t.Context(), opts)
		if err == nil || !strings.Contains(err.Error(), "nonsense") {
			t.Errorf("got %v, want the server's own words", err)
		}
	})
	t.Run("version not installed", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(cluster.DataDir, "PG_VERSION"), []byte("7\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := postgrestest.StartCluster(t.Context(), opts)
		if err == nil || !strings.Contains(err.Error(), "install postgresql-7") {
			t.Errorf("got %v, want what to install", err)
		}
	})
	t.Run("out of time", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		dir := filepath.Join(t.TempDir(), "pg")
		_, err := postgrestest.StartCluster(ctx, postgrestest.ClusterOptions{Dir: dir})
		removeHome(t, dir)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
	})
}

func start(t *testing.T, opts postgrestest.ClusterOptions) *postgrestest.Cluster {
	t.Helper()
	cluster, err := postgrestest.StartCluster(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop(t, cluster)
		if err := os.RemoveAll(cluster.Home); err != nil {
			t.Error(err)
		}
	})
	return cluster
}

func removeHome(t *testing.T, dir string) {
	t.Helper()
	home, err := postgrestest.Home(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(home); err != nil {
		t.Error(err)
	}
}

func stop(t *testing.T, cluster *postgrestest.Cluster) {
	t.Helper()
	pid := cluster.PID()
	if err := cluster.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

// query returns the first column of the first row, or nothing for a statement without rows.
func query(t *testing.T, cluster *postgrestest.Cluster, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), cluster.SuperURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var answer string
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return answer
}
