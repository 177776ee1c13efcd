package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
)

// EnsureDatabase creates the database that adminURL names, owned by RoleAdmin, unless the server has it: what lies in its schema can then
// be made by its owner and by no other role. superURL connects to another database, as a role that may create databases.
func EnsureDatabase(ctx context.Context, superURL, adminURL string) error {
	wanted, err := pgx.ParseConfig(adminURL)
	if err != nil {
		return errors.New("create the database: the URL of role " + RoleAdmin + " cannot be read") // the reason may hold the password
	}
	if wanted.Database == "" {
		return errors.New("create the database: the URL of role " + RoleAdmin + " names none, use postgres://…/NAME")
	}
	conn, err := pgx.Connect(ctx, superURL)
	if err != nil {
		return fmt.Errorf("connect to create the database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", wanted.Database).Scan(&there); err != nil {
		return fmt.Errorf("look for the database %s: %w", wanted.Database, err)
	}
	if there {
		return nil
	}
	giveBack, err := becomeOwner(ctx, conn)
	if err != nil {
		return err
	}
	defer giveBack()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{wanted.Database}.Sanitize()+" OWNER "+pgx.Identifier{RoleAdmin}.Sanitize())
	// Two at once: the other one has made it.
	if state := sqlState(err); err != nil && state != pgerrcode.DuplicateDatabase && state != pgerrcode.UniqueViolation {
		return fmt.Errorf("create the database %s: %w", wanted.Database, err)
	}
	return nil
}

// becomeOwner lets the session's role give a database to RoleAdmin: the master of a managed server is no superuser, and only members
// may give away. Since version 16 it has the role that it made only to administer.
func becomeOwner(ctx context.Context, conn *pgx.Conn) (giveBack func(), err error) {
	admin := pgx.Identifier{RoleAdmin}.Sanitize()
	const withoutSet = 160000 // server_version_num
	var super bool
	var version int
	err = conn.QueryRow(ctx, `
		SELECT rolsuper, current_setting('server_version_num')::int FROM pg_roles WHERE rolname = current_user`).Scan(&super, &version)
	if err != nil {
		return nil, fmt.Errorf("see what the role may that creates the database: %w", err)
	}
	if super {
		return func() {}, nil
	}
	grant := "GRANT " + admin + " TO CURRENT_USER"
	if version >= withoutSet {
		grant += " WITH INHERIT FALSE, SET TRUE"
	}
	if _, err := conn.Exec(ctx, grant); err != nil {
		return nil, fmt.Errorf("become a member of %s, to give it the database: %w", RoleAdmin, err)
	}
	return func() { _, _ = conn.Exec(ctx, "REVOKE "+admin+" FROM CURRENT_USER") }, nil
}
