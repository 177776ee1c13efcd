package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The database roles. Policies and grants in the migrations name them.
const (
	// RoleAdmin owns the tables and migrates them.
	RoleAdmin = "admin"
	// RoleApp is what gateway and enhancer connect as: it owns nothing and obeys row-level security.
	RoleApp = "app_user"
	// RoleConsole is what the console connects as. It may what app_user may, within one tenant at a time, and reaches the
	// tables of the platform besides: tenants, API tokens, the audit log.
	RoleConsole = "console_user"
)

// Roles holds the passwords of the two login roles; an empty one leaves the password as it is.
type Roles struct {
	AdminPassword   string
	AppPassword     string
	ConsolePassword string
}

// sessionSettings are what the apps' sessions begin with.
//
//nolint:gochecknoglobals // a constant list
var sessionSettings = []string{
	// A search looks up thousands of rows by key, which the planner takes for a long query worth compiling: that costs more
	// than the query.
	"jit = off",
	// An app that hangs in a transaction, or whose machine is gone without a word, holds the audit log's lock or a tenant's
	// row, and so all changes. No transaction of ours waits for anything but the database: what is between two of its
	// statements is computing, for seconds at most.
	"idle_in_transaction_session_timeout = '60s'",
	// Whoever waits for such a one gives its connection back, and is told to come again (Unavailable). The longest that one of
	// ours is waited for is the rebuild of a large tenant's index, whose first step takes some seconds.
	"lock_timeout = '30s'",
}

// EnsureRoles creates what is missing of the roles, with no right beyond logging in, and sets
// their passwords and what their sessions begin with. superURL connects as a role that may create roles. Roles belong to the server
// and not to one database, which is why no migration creates them.
func EnsureRoles(ctx context.Context, superURL string, roles Roles) error {
	conn, err := pgx.Connect(ctx, superURL)
	if err != nil {
		return fmt.Errorf("connect to create the database roles: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, role := range []struct{ name, password string }{
		{RoleAdmin, roles.AdminPassword}, {RoleApp, roles.AppPassword}, {RoleConsole, roles.ConsolePassword},
	} {
		if err := ensureRole(ctx, conn, role.name, role.password); err != nil {
			return err
		}
	}
	for _, name := range []string{RoleApp, RoleConsole} {
		for _, setting := range sessionSettings {
			if _, err := conn.Exec(ctx, "ALTER ROLE "+pgx.Identifier{name}.Sanitize()+" SET "+setting); err != nil {
				return fmt.Errorf("set %s for %s: %w", setting, name, err)
			}
		}
	}
	// As a member, the console is under the policies and has the grants of app_user.
	_, err = conn.Exec(ctx, "GRANT "+pgx.Identifier{RoleApp}.Sanitize()+" TO "+pgx.Identifier{RoleConsole}.Sanitize())
	if err != nil && !exists(err) {
		return fmt.Errorf("make %s a member of %s: %w", RoleConsole, RoleApp, err)
	}
	return nil
}

func ensureRole(ctx context.Context, conn *pgx.Conn, name, password string) error {
	const attributes = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
	quoted := pgx.Identifier{name}.Sanitize()
	_, err := conn.Exec(ctx, "CREATE ROLE "+quoted+" "+attributes)
	if err != nil && !exists(err) {
		return fmt.Errorf("create role %s: %w", name, err)
	}
	if password == "" {
		return nil
	}
	// ALTER ROLE takes no parameters: let the server quote the literal.
	var statement string
	err = conn.QueryRow(ctx, "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", name, password).Scan(&statement)
	if err != nil {
		return fmt.Errorf("quote the password of role %s: %w", name, err)
	}
	if _, err := conn.Exec(ctx, statement); err != nil {
		// The statement holds the password, and a server error may repeat it.
		return fmt.Errorf("set the password of role %s: the server refused it (%s)", name, sqlState(err))
	}
	return nil
}

// exists also recognises the unique violation that two sessions creating the same role at once get.
func exists(err error) bool {
	state := sqlState(err)
	return state == pgerrcode.DuplicateObject || state == pgerrcode.UniqueViolation
}

func sqlState(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}
