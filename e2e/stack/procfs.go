package stack

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is a unit of processor time in /proc: USER_HZ is 100 on every platform that Go runs on.
const tick = 10 * time.Millisecond

// identity tells a process from a later one with the same number.
type identity struct {
	PID int `json:"pid"`
	// StartTime is field 22 of /proc/PID/stat, in clock ticks since boot.
	StartTime uint64 `json:"startTime"`
}

// stat is what /proc/PID/stat says of a process.
type stat struct {
	parent  int
	started uint64
	state   byte
	// used is the processor time of the process, and of its children that have ended.
	used time.Duration
}

// identify reads the identity of a running process.
func identify(pid int) (identity, error) {
	found, err := readStat(pid)
	if err != nil {
		return identity{}, err
	}
	return identity{PID: pid, StartTime: found.started}, nil
}

// childrenOf lists the processes that the process has started and that still run.
func childrenOf(pid int) ([]identity, error) {
	all, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var children []identity
	for _, entry := range all {
		number, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue // not a process
		}
		found, err := readStat(number)
		if err != nil || found.parent != pid {
			continue // it may have ended meanwhile
		}
		children = append(children, identity{PID: number, StartTime: found.started})
	}
	return children, nil
}

// alive reports whether exactly this process runs. A zombie does not.
func (id identity) alive() bool {
	if id.PID <= 0 {
		return false
	}
	found, err := readStat(id.PID)
	return err == nil && found.started == id.StartTime && found.state != 'Z' && found.state != 'X'
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

func readStat(pid int) (stat, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, fmt.Errorf("look at process %d: %w", pid, err)
	}
	return parseStat(string(content))
}

// parseStat reads state, parent, processor time and start time (proc(5)). The second field is the command's name in parentheses and may
// itself hold blanks and parentheses, so that counting starts behind its last one.
func parseStat(line string) (stat, error) {
	// Fields are counted from 1, and field 3 is the first behind the name.
	const parentAfterName, usedAfterName, timesUsed, startTimeAfterName = 4 - 3, 14 - 3, 4, 22 - 3
	_, rest, found := cutLast(line, ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) <= startTimeAfterName {
		return stat{}, fmt.Errorf("unexpected process status %q", line)
	}
	started, err := strconv.ParseUint(fields[startTimeAfterName], 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("unexpected start time in process status: %w", err)
	}
	parent, err := strconv.Atoi(fields[parentAfterName])
	if err != nil {
		return stat{}, fmt.Errorf("unexpected parent in process status: %w", err)
	}
	var ticks int64
	for _, field := range fields[usedAfterName : usedAfterName+timesUsed] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return stat{}, fmt.Errorf("unexpected processor time in process status: %w", err)
		}
		ticks += n
	}
	return stat{parent: parent, started: started, state: fields[0][0], used: time.Duration(ticks) * tick}, nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}
