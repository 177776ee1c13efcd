package stack

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// identity tells a process from a later one with the same number.
type identity struct {
	PID int `json:"pid"`
	// StartTime is field 22 of /proc/PID/stat, in clock ticks since boot.
	StartTime uint64 `json:"startTime"`
}

// identify reads the identity of a running process.
func identify(pid int) (identity, error) {
	started, _, err := readStat(pid)
	if err != nil {
		return identity{}, err
	}
	return identity{PID: pid, StartTime: started}, nil
}

// alive reports whether exactly this process runs. A zombie does not.
func (id identity) alive() bool {
	if id.PID <= 0 {
		return false
	}
	started, state, err := readStat(id.PID)
	return err == nil && started == id.StartTime && state != 'Z' && state != 'X'
}

// signal sends sig to the process if it is alive.
func (id identity) signal(sig syscall.Signal) error {
	if !id.alive() {
		return nil
	}
	if err := syscall.Kill(id.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %s to process %d: %w", sig, id.PID, err)
	}
	return nil
}

func readStat(pid int) (started uint64, state byte, err error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("look at process %d: %w", pid, err)
	}
	return parseStat(string(content))
}

// parseStat reads start time and state. The second field is the command's name in parentheses and may
// itself hold blanks and parentheses, so that counting starts behind its last one.
func parseStat(stat string) (started uint64, state byte, err error) {
	const startTimeAfterName = 22 - 3 // fields are counted from 1, and field 3 is the first behind the name
	_, rest, found := cutLast(stat, ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) <= startTimeAfterName {
		return 0, 0, fmt.Errorf("unexpected process status %q", stat)
	}
	started, err = strconv.ParseUint(fields[startTimeAfterName], 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("unexpected start time in process status: %w", err)
	}
	return started, fields[0][0], nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}
