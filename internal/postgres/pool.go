// Package postgres owns the connection to the database: the pool, the transaction that belongs to one
// tenant, the two roles and the migrations' way in. It knows no table of the product.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// ErrUnsafeRole says that the connected role could read across tenants.
var ErrUnsafeRole = errors.New("the database role is not walled in by row-level security")

// ErrOldSchema says that the database has not been migrated to what this release needs.
var ErrOldSchema = errors.New("the database schema is too old")

// Config sizes the pool. The URL is a secret and therefore not part of it.
type Config struct {
	MaxConns       int32         `envconfig:"DB_MAX_CONNS" default:"16"`
	ConnectTimeout time.Duration `envconfig:"DB_CONNECT_TIMEOUT" default:"30s"`
}

// DB is a pool that connects as app_user or console_user. Tenant data is reached through InTenant alone.
type DB struct {
	pool *pgxpool.Pool
}

// Open connects to url, waits up to cfg.ConnectTimeout for the server, and refuses a role that
// bypasses row-level security or owns tables (ErrUnsafeRole), and a schema older than its migrations
// (ErrOldSchema).
func Open(ctx context.Context, url string, cfg Config) (*DB, error) {
	pc, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The parser's message repeats the URL, password and all.
		return nil, errors.New("the database URL cannot be parsed: expected postgres://user:password@host:port/database")
	}
	pc.MaxConns = cfg.MaxConns
	pc.MaxConnLifetimeJitter = time.Minute
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open the database pool: %w", err)
	}
	if err := awaitServer(ctx, pool, cfg.ConnectTimeout); err != nil {
		pool.Close()
		return nil, err
	}
	if err := errors.Join(checkRole(ctx, pool), checkSchema(ctx, pool)); err != nil {
		pool.Close()
		return nil, err
	}
	return &DB{pool: pool}, nil
}

// Connections says how the pool is used.
func (db *DB) Connections() telemetry.Pool {
	s := db.pool.Stat()
	return telemetry.Pool{
		Acquired: s.AcquiredConns(), Idle: s.IdleConns(), Constructing: s.ConstructingConns(), Max: s.MaxConns(),
		Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(), Canceled: s.CanceledAcquireCount(),
	}
}

// checkSchema accepts a newer schema: an upgrade migrates while the old release still runs.
func checkSchema(ctx context.Context, pool *pgxpool.Pool) error {
	needed, err := newestMigration()
	if err != nil {
		return err
	}
	var have int64
	err = pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&have)
	// Without the table, or the right to read it, the database has not been migrated, or not by this release.
	state := sqlState(err)
	if err != nil && state != pgerrcode.UndefinedTable && state != pgerrcode.InsufficientPrivilege {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have < needed {
		return fmt.Errorf("%w: version %d, this release needs %d; run `migrate up`", ErrOldSchema, have, needed)
	}
	return nil
}

func awaitServer(ctx context.Context, pool *pgxpool.Pool, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	retry := time.NewTicker(200 * time.Millisecond)
	defer retry.Stop()
	for {
		err := pool.Ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the database did not answer within %s: %w", patience, err)
		case <-retry.C:
		}
	}
}

func checkRole(ctx context.Context, pool *pgxpool.Pool) error {
	const query = `
		SELECT r.rolname, r.rolsuper, r.rolbypassrls,
		       EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')),
		       pg_has_role(r.oid, $1, 'MEMBER')
		FROM pg_roles r WHERE r.rolname = current_user`
	var (
		name                                string
		super, bypass, ownsTables, inAdmins bool
	)
	err := pool.QueryRow(ctx, query, RoleAdmin).Scan(&name, &super, &bypass, &ownsTables, &inAdmins)
	if err != nil {
		return fmt.Errorf("inspect the database role: %w", err)
	}
	if super || bypass || ownsTables || inAdmins {
		return fmt.Errorf("%w: %q (superuser %t, bypassrls %t, owns tables %t, member of %s %t); connect as %s",
			ErrUnsafeRole, name, super, bypass, ownsTables, RoleAdmin, inAdmins, RoleApp)
	}
	return nil
}

// Close waits for borrowed connections and closes them.
func (db *DB) Close() { db.pool.Close() }

// Ping checks that a connection can be had and answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.withFreshConnections(ctx, db.pool.Ping); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}

// withFreshConnections calls do and, when that found a dead connection, once more without the pooled ones:
// a server that restarted leaves all of them dead, and no caller should have to find out one by one. So
// do must be something that a dead connection leaves undone.
func (db *DB) withFreshConnections(ctx context.Context, do func(context.Context) error) error {
	err := do(ctx)
	if err == nil || ctx.Err() != nil || !lostConnection(err) {
		return err
	}
	db.pool.Reset()
	return do(ctx)
}

// lostConnection tells a server that is gone, or says it is going, from one that answers with an error.
func lostConnection(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return !ok || answer.Code == pgerrcode.AdminShutdown || answer.Code == pgerrcode.CrashShutdown
}

// Tx is what a repository may do inside a tenant's transaction.
type Tx interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// InTenant runs fn in a transaction in which row-level security shows the rows of tenantID and no
// others, and commits it when fn returns nil.
func (db *DB) InTenant(ctx context.Context, tenantID string, fn func(Tx) error) error {
	return db.inTenant(ctx, tenantID, pgx.TxOptions{}, fn)
}

// InTenantSnapshot is InTenant for reading what belongs together in several statements: all of them see the
// same moment. Writing fails.
func (db *DB) InTenantSnapshot(ctx context.Context, tenantID string, fn func(Tx) error) error {
	return db.inTenant(ctx, tenantID, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn)
}

// noTenant is the tenant of a transaction that sees no tenant's rows: ids do not begin with a hyphen.
const noTenant = "-"

// InPlatform runs fn in a transaction for what belongs to no tenant. Of the tenants' tables it sees nothing, but for what
// a policy of its role shows.
func (db *DB) InPlatform(ctx context.Context, fn func(Tx) error) error {
	return db.inTenant(ctx, noTenant, pgx.TxOptions{}, fn)
}

// InPlatformSnapshot is to InPlatform what InTenantSnapshot is to InTenant.
func (db *DB) InPlatformSnapshot(ctx context.Context, fn func(Tx) error) error {
	return db.InTenantSnapshot(ctx, noTenant, fn)
}

func (db *DB) inTenant(ctx context.Context, tenantID string, options pgx.TxOptions, fn func(Tx) error) error {
	if tenantID == "" {
		return errors.New("a tenant transaction needs a tenant id")
	}
	var tx pgx.Tx
	err := db.withFreshConnections(ctx, func(ctx context.Context) error {
		var err error
		tx, err = db.beginAs(ctx, tenantID, options)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin a tenant transaction: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // without effect after the commit
	if err := fn(tx); err != nil {
		return fmt.Errorf("tenant transaction: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit a tenant transaction: %w", err)
	}
	return nil
}

func (db *DB) beginAs(ctx context.Context, tenantID string, options pgx.TxOptions) (pgx.Tx, error) {
	tx, err := db.pool.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	// The third argument makes the setting local to this transaction, so a pooled connection carries
	// nothing over to the next tenant.
	if _, err := tx.Exec(ctx, "SELECT set_config('app.tenant_id', $1, true)", tenantID); err != nil {
		_ = tx.Rollback(ctx)
		return nil, fmt.Errorf("set the tenant: %w", err)
	}
	return tx, nil
}
