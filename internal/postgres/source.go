package postgres

import "embed"

// Source is the code that makes roles and schema. Whoever keeps what it made, as package postgrestest does, learns
// from it when that is out of date.
//
//go:embed roles.go migrate.go
var Source embed.FS
