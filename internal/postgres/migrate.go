package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"

	_ "github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/ai-agents/ai-agents/migrations"
)

// Migrator moves the schema between versions. It connects as the owner of the tables (role admin)
// and holds an advisory lock while it works, so that two at once take turns.
type Migrator struct {
	db       *sql.DB
	provider *goose.Provider
	logger   *slog.Logger
}

// OpenMigrator connects to adminURL. The caller closes the Migrator.
func OpenMigrator(adminURL string, logger *slog.Logger) (*Migrator, error) {
	db, err := sql.Open("pgx", adminURL)
	if err != nil {
		return nil, fmt.Errorf("open the database as admin: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, closing(db, fmt.Errorf("make the migration lock: %w", err))
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, closing(db, fmt.Errorf("read the migrations: %w", err))
	}
	return &Migrator{db: db, provider: provider, logger: logger}, nil
}

// closing closes db on the way out of a failed constructor; the failure that led there is what matters.
func closing(db *sql.DB, err error) error {
	_ = db.Close()
	return err
}

// Up applies all pending migrations.
func (m *Migrator) Up(ctx context.Context) error {
	results, err := m.provider.Up(ctx)
	m.report(results)
	if err != nil {
		return fmt.Errorf("migrate up: %w", err)
	}
	return nil
}

// DownTo rolls back to version; 0 empties the schema.
func (m *Migrator) DownTo(ctx context.Context, version int64) error {
	results, err := m.provider.DownTo(ctx, version)
	m.report(results)
	if err != nil {
		return fmt.Errorf("migrate down to %d: %w", version, err)
	}
	return nil
}

// Version is the newest applied migration, 0 when there is none.
func (m *Migrator) Version(ctx context.Context) (int64, error) {
	version, err := m.provider.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return version, nil
}

// Close releases the connection.
func (m *Migrator) Close() error {
	if err := m.db.Close(); err != nil {
		return fmt.Errorf("close the migration connection: %w", err)
	}
	return nil
}

func (m *Migrator) report(results []*goose.MigrationResult) {
	for _, r := range results {
		m.logger.Info("migration applied", "file", r.Source.Path, "direction", r.Direction, "duration", r.Duration)
	}
}

// newestMigration is the version that the embedded migrations lead to.
func newestMigration() (int64, error) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	var newest int64
	for _, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return 0, fmt.Errorf("the migration %s has no version: %w", file, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// Migrate applies all pending migrations as admin.
func Migrate(ctx context.Context, adminURL string, logger *slog.Logger) error {
	m, err := OpenMigrator(adminURL, logger)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	return m.Up(ctx)
}
