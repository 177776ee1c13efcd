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
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{wanted.Database}.Sanitize()+" OWNER "+pgx.Identifier{RoleAdmin}.Sanitize())
	// Two at once: the other one has made it.
	if state := sqlState(err); err != nil && state != pgerrcode.DuplicateDatabase && state != pgerrcode.UniqueViolation {
		return fmt.Errorf("create the database %s: %w", wanted.Database, err)
	}
	return nil
}
