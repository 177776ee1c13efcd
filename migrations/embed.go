// Package migrations owns the database schema: one goose file per version, embedded so that the
// binary that migrates and the tests that use the schema cannot differ.
package migrations

import "embed"

// FS holds the NNNN_name.sql files in its root.
//
//go:embed *.sql
var FS embed.FS
