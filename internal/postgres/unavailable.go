package postgres

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

// Unavailable says whether err means that the server cannot be reached or takes no work now, so that the same may succeed
// later; and not that it refused what it was asked.
func Unavailable(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgerrcode.IsConnectionException(answer.Code) || pgerrcode.IsInsufficientResources(answer.Code) ||
			answer.Code == pgerrcode.AdminShutdown || answer.Code == pgerrcode.CrashShutdown || answer.Code == pgerrcode.CannotConnectNow ||
			answer.Code == pgerrcode.LockNotAvailable || answer.Code == pgerrcode.IdleInTransactionSessionTimeout
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, puddle.ErrClosedPool) ||
		err != nil && strings.Contains(err.Error(), "conn closed")
}
