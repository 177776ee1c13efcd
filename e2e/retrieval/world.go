package retrieval

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

const (
	database    = "retrieval"
	connections = 4
)

// world is a Postgres of its own, with the product's schema.
type world struct {
	db         *postgres.DB
	admin      *pgxpool.Pool
	consoleURL string
	log        io.Writer

	cleanups []func()
}

func newWorld(ctx context.Context, opts Options) (_ *world, err error) {
	w := &world{log: opts.Log}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	dir := opts.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "bench-retrieval-"); err != nil {
			return nil, fmt.Errorf("make a folder: %w", err)
		}
		w.cleanups = append(w.cleanups, func() { _ = os.RemoveAll(dir) })
	}
	data := filepath.Join(dir, "postgres")
	home, err := postgrestest.Home(data) // gigabytes that may lie elsewhere
	if err != nil {
		return nil, err
	}
	w.cleanups = append(w.cleanups, func() { _ = os.RemoveAll(home) })
	cluster, err := postgrestest.StartCluster(ctx, postgrestest.ClusterOptions{
		Dir: data, Durable: true,
		// As on a small server of its own, and not as Postgres comes out of the box.
		Settings: []string{"shared_buffers=1GB", "max_wal_size=4GB", "work_mem=32MB"},
	})
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	w.cleanups = append(w.cleanups, func() { _ = cluster.Stop(context.WithoutCancel(ctx)) })
	return w, w.prepare(ctx, cluster)
}

func (w *world) prepare(ctx context.Context, cluster *postgrestest.Cluster) error {
	const password = "for-this-run-only"
	roles := postgres.Roles{AdminPassword: password, AppPassword: password, ConsolePassword: password}
	if err := postgres.EnsureRoles(ctx, cluster.SuperURL("postgres"), roles); err != nil {
		return err
	}
	super, err := pgx.Connect(ctx, cluster.SuperURL("postgres"))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = super.Exec(ctx, "CREATE DATABASE "+database+" OWNER "+postgres.RoleAdmin)
	if err := errors.Join(err, super.Close(ctx)); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	as := func(role string) string {
		address, _ := url.Parse(cluster.SuperURL(database)) // made by us
		address.User = url.UserPassword(role, password)
		return address.String()
	}
	if err := postgres.Migrate(ctx, as(postgres.RoleAdmin), slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	w.consoleURL = as(postgres.RoleConsole)
	if w.db, err = postgres.Open(ctx, as(postgres.RoleApp), postgres.Config{MaxConns: connections, ConnectTimeout: time.Minute}); err != nil {
		return err
	}
	w.cleanups = append(w.cleanups, w.db.Close)
	if w.admin, err = pgxpool.New(ctx, as(postgres.RoleAdmin)); err != nil {
		return fmt.Errorf("connect as admin: %w", err)
	}
	w.cleanups = append(w.cleanups, w.admin.Close)
	return nil
}

func (w *world) close() {
	for _, cleanup := range slices.Backward(w.cleanups) {
		cleanup()
	}
}

func (w *world) sayf(format string, args ...any) { _, _ = fmt.Fprintf(w.log, format+"\n", args...) }

func (w *world) addTenant(ctx context.Context, tenantID string) error {
	_, err := w.admin.Exec(ctx, `
		INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		VALUES ($1, $1, 'https://sdp.example.com', 'onprem', 'sealed', 'sealed')`, tenantID)
	if err != nil {
		return fmt.Errorf("add tenant %s: %w", tenantID, err)
	}
	return nil
}

// put stores tickets in batches of the size an import uses.
func (w *world) put(ctx context.Context, tenantID string, tickets []history.PastTicket) error {
	store := history.NewStore(w.db)
	for start := 0; start < len(tickets); start += history.MaxBatch {
		batch := tickets[start:min(start+history.MaxBatch, len(tickets))]
		if _, err := store.Put(ctx, tenantID, gather.OriginFile, batch); err != nil {
			return err
		}
	}
	return nil
}

// settle is what autovacuum would do in time.
func (w *world) settle(ctx context.Context) error {
	for _, table := range []string{"ticket_history", "kb_articles", "search_segments", "search_postings"} {
		if _, err := w.admin.Exec(ctx, "VACUUM ANALYZE "+table); err != nil {
			return fmt.Errorf("vacuum: %w", err)
		}
	}
	return nil
}
