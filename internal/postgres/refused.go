package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"
)

// Refused tells what is wrong with a row from what is wrong with the database, and gives what the database said of it. A
// foreign key is not about the row: it says that the tenant is gone. A limit of the program is: an id is too long for the
// index.
func Refused(err error) (reason string, is bool) {
	answer, is := errors.AsType[*pgconn.PgError](err)
	if !is || answer.Code == pgerrcode.ForeignKeyViolation {
		return "", false
	}
	if !pgerrcode.IsDataException(answer.Code) && !pgerrcode.IsIntegrityConstraintViolation(answer.Code) &&
		!pgerrcode.IsProgramLimitExceeded(answer.Code) {
		return "", false
	}
	return strings.TrimSpace(answer.Message + " (SQLSTATE " + answer.Code + ")"), true
}
