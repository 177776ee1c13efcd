// Package postgrestest owns real Postgres for tests and local runs: private clusters on a free port,
// and for each test a database of its own, cloned from one that was migrated once.
//
// A package whose tests need a database has
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
//
// and each test calls New. Set TEST_DATABASE_URL to a superuser's URL to use a server that is there
// already instead of a throw-away one.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest/lifeline"
)

const (
	startAttempts = 3
	pollInterval  = 20 * time.Millisecond
	stopGrace     = 20 * time.Second
)

// ClusterOptions describe a private Postgres server.
type ClusterOptions struct {
	// Dir is where the data goes; see Home for when it goes elsewhere. A cluster that is there already
	// is started as it is.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// SuperPassword for a new cluster; generated when empty.
	SuperPassword string
	// Durable keeps what was committed even if the machine dies. Tests do without, for speed.
	Durable bool
	// Settings are further ones of the server, as name=value.
	Settings []string
	// Detach lets the server outlive this process.
	Detach bool
	// Logger hears of starts and stops; nil for none.
	Logger *slog.Logger
}

// Cluster is a running private server.
type Cluster struct {
	*Server

	child   *lifeline.Child
	logPath string
	logger  *slog.Logger
}

// StartCluster creates the cluster if need be, starts it and waits until it accepts connections or ctx ends.
func StartCluster(ctx context.Context, opts ClusterOptions) (*Cluster, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	var failures []error
	for range startAttempts {
		attempt := opts
		if opts.Port == 0 {
			port, err := freePort(ctx)
			if err != nil {
				return nil, err
			}
			attempt.Port = port
		}
		cluster, err := startOnce(ctx, attempt)
		if err == nil {
			opts.Logger.InfoContext(ctx, "postgres started", "port", cluster.Port, "data", cluster.DataDir)
			return cluster, nil
		}
		failures = append(failures, err)
		// Between choosing a free port and using it, another process may have taken it.
		if opts.Port != 0 || !errors.Is(err, errExited) {
			break
		}
	}
	return nil, errors.Join(failures...)
}

// errExited marks a server that ended before it accepted a connection.
var errExited = errors.New("postgres ended while starting")

func startOnce(ctx context.Context, opts ClusterOptions) (*Cluster, error) {
	server, err := Prepare(ctx, opts)
	if err != nil {
		return nil, err
	}
	logPath := filepath.Join(server.Home, "postgres.log")
	output, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the PostgreSQL log: %w", err)
	}
	defer func() { _ = output.Close() }() // the server has its own handle
	// The server must outlive ctx, which only bounds the start.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), server.Command, server.Args...) //nolint:gosec // G204: built by Prepare.
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = server.Home, server.Env, output, output
	death := syscall.SIGINT
	if !opts.Durable {
		death = syscall.SIGQUIT
	}
	child, err := lifeline.Start(cmd, lifeline.Options{
		Detach: opts.Detach, DeathSignal: death, Credential: server.Credential,
	})
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	cluster := &Cluster{Server: server, child: child, logPath: logPath, logger: opts.Logger}
	if err := cluster.waitReady(ctx); err != nil {
		return nil, errors.Join(err, cluster.Stop(context.WithoutCancel(ctx)))
	}
	return cluster, nil
}

func (c *Cluster) waitReady(ctx context.Context) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.SuperURL("postgres"))
		if err == nil {
			return closeConn(ctx, conn)
		}
		select {
		case <-c.child.Done():
			log, _ := os.ReadFile(c.logPath) // a missing log leaves the exit status, which is what we have
			return fmt.Errorf("%w: %w\n%s", errExited, c.child.Err(), log)
		case <-ctx.Done():
			return fmt.Errorf("postgres did not accept connections, see %s: %w", c.logPath, errors.Join(ctx.Err(), err))
		case <-ticker.C:
		}
	}
}

// PID is the server's process id; it may be recycled after Stop.
func (c *Cluster) PID() int { return c.child.PID() }

// Stop shuts the server down and waits for its end: cleanly, by force after 20 s or when ctx ends.
// Stopping twice is harmless.
func (c *Cluster) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	if err := c.child.Signal(syscall.SIGINT); err != nil { // a fast shutdown, in Postgres' terms
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	select {
	case <-c.child.Done():
		c.logger.InfoContext(ctx, "postgres stopped", "port", c.Port)
		return nil
	case <-ctx.Done():
	}
	if err := c.child.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	<-c.child.Done()
	return fmt.Errorf("PostgreSQL did not stop and was killed: %w", ctx.Err())
}

func closeConn(ctx context.Context, conn *pgx.Conn) error {
	if err := conn.Close(ctx); err != nil {
		return fmt.Errorf("close the connection: %w", err)
	}
	return nil
}

// freePort asks the kernel for a port nobody listens on.
func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("find a free port: listening on %s", listener.Addr())
	}
	return address.Port, nil
}
