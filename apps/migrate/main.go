// Command migrate moves the database schema: `migrate up`, `migrate down VERSION`, `migrate version`.
// It connects as the owner of the tables and is the only app that does. `migrate secrets FILE` connects to nothing: it writes what the
// others are told of the database, and the other secrets, for an installation that has no manager of secrets.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar/secretsfile"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const usage = `usage: migrate up | migrate down VERSION | migrate version | migrate secrets FILE

DATABASE_ADMIN_URL   the database, as its role "admin" (required)
DATABASE_SUPER_URL   the database, as a role that may create roles: when set, "migrate up" first
                     creates the roles "admin", "app_user" and "console_user" and the database of
                     DATABASE_ADMIN_URL, as far as they are missing
ADMIN_PASSWORD, APP_USER_PASSWORD, CONSOLE_USER_PASSWORD   their passwords, set when DATABASE_SUPER_URL is

"migrate secrets" writes the file of Dapr's local secret store, out of DATABASE_ADMIN_URL, the two passwords of the apps, REDIS_PASSWORD,
TENANT_KEYSET and, if they are set, CONSOLE_BOOTSTRAP_TOKEN, CONSOLE_OIDC_CLIENT_SECRET, LLM_API_KEY, LLM_FALLBACK_API_KEY,
EMBEDDINGS_API_KEY and SERVICEDESK_SIMULATOR_KEY`

var errUsage = errors.New(usage)

type config struct {
	Log           telemetry.LogConfig
	AdminURL      string `envconfig:"DATABASE_ADMIN_URL" required:"true"`
	SuperURL      string `envconfig:"DATABASE_SUPER_URL"`
	AdminPassword string `envconfig:"ADMIN_PASSWORD"`
	Secrets       secretsfile.Config
}

// Exit statuses besides 0.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "migrate:", err)
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitFailed
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) == 0 {
		return errUsage
	}
	var cfg config
	if err := envconfig.Process("", &cfg); err != nil {
		return fmt.Errorf("settings from the environment: %w", err)
	}
	logger := telemetry.NewLogger(out, "migrate", cfg.Log)
	if file := args[1:]; args[0] == "secrets" && len(file) == 1 {
		return secretsfile.Write(file[0], cfg.AdminURL, cfg.Secrets)
	}
	if args[0] == "up" && cfg.SuperURL != "" {
		roles := postgres.Roles{AdminPassword: cfg.AdminPassword, AppPassword: cfg.Secrets.AppPassword, ConsolePassword: cfg.Secrets.ConsolePassword}
		if err := postgres.EnsureRoles(ctx, cfg.SuperURL, roles); err != nil {
			return err
		}
		if err := postgres.EnsureDatabase(ctx, cfg.SuperURL, cfg.AdminURL); err != nil {
			return err
		}
	}
	m, err := postgres.OpenMigrator(cfg.AdminURL, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return apply(ctx, m, args, logger)
}

func apply(ctx context.Context, m *postgres.Migrator, args []string, logger *slog.Logger) error {
	switch {
	case args[0] == "up" && len(args) == 1:
		if err := m.Up(ctx); err != nil {
			return err
		}
	case args[0] == "down" && len(args) == 2:
		version, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil || version < 0 {
			return fmt.Errorf("VERSION %q is not a number: %w", args[1], errUsage)
		}
		if err := m.DownTo(ctx, version); err != nil {
			return err
		}
	case args[0] != "version" || len(args) != 1:
		return errUsage
	}
	version, err := m.Version(ctx)
	if err != nil {
		return err
	}
	logger.Info("schema", "version", version)
	return nil
}
