package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest/lifeline"
)

// prepareDatabase makes roles and database and runs the migrations, as an installation does.
func (l *launch) prepareDatabase(ctx context.Context) error {
	err := l.report("database", func() error {
		roles := postgres.Roles{
			AdminPassword: l.secrets.passwords[passwordAdmin], AppPassword: l.secrets.passwords[passwordApp],
			ConsolePassword: l.secrets.passwords[passwordConsole],
		}
		if err := postgres.EnsureRoles(ctx, l.server.SuperURL("postgres"), roles); err != nil {
			return fmt.Errorf("prepare the database: %w", err)
		}
		return postgres.EnsureDatabase(ctx, l.server.SuperURL("postgres"), l.secrets.adminURL(l.infra.postgres))
	})
	if err != nil || len(l.file.Apps) == 0 {
		return err
	}
	return l.report("migrate", func() error { return l.migrate(ctx) })
}

// migrate runs the same program that migrates a production database.
func (l *launch) migrate(ctx context.Context) error {
	bin := filepath.Join(l.opts.Root, "bin")
	if l.opts.AppBin != "" {
		bin = l.opts.AppBin
	}
	command, err := executable(filepath.Join(bin, "migrate"), "make build")
	if err != nil {
		return err
	}
	env := map[string]string{
		"DATABASE_ADMIN_URL": l.secrets.adminURL(l.infra.postgres),
	}
	if l.opts.CoverDir != "" {
		env["GOCOVERDIR"] = l.opts.CoverDir
	}
	log := filepath.Join(l.opts.Dir, "logs", "migrate.log")
	output, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, private)
	if err != nil {
		return fmt.Errorf("open the log of migrate: %w", err)
	}
	defer func() { _ = output.Close() }()
	cmd := exec.CommandContext(ctx, command, "up")
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = environment(env), l.opts.Root, output, output
	child, err := lifeline.Start(cmd, lifeline.Options{})
	if err != nil {
		return fmt.Errorf("run migrate: %w", err)
	}
	<-child.Done()
	if err := child.Err(); err != nil {
		return fmt.Errorf("migrate failed (%w), see %s:\n%s", err, log, tail(log))
	}
	return nil
}
