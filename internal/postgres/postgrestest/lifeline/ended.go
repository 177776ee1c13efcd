package lifeline

import (
	"errors"
	"os"
	"syscall"
)

// ended reports whether err, from sending a signal, means that the process is gone already.
func ended(err error) bool {
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}
