package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// Usage is what a process has of the machine, its children with it, such as those of PostgreSQL.
type Usage struct {
	// Processor is the time used since the start, of user and system.
	Processor time.Duration
	// Memory is the proportional set size, in bytes: what is shared by n processes counts as an nth for each.
	Memory int64
}

// Usage reads it from /proc.
func (p *Process) Usage() (Usage, error) {
	pid := p.PID()
	u, err := usageOf(pid)
	if err != nil {
		return Usage{}, fmt.Errorf("look at %s: %w", p.Name(), err)
	}
	children, err := childrenOf(pid)
	if err != nil {
		return Usage{}, fmt.Errorf("look at the children of %s: %w", p.Name(), err)
	}
	for _, child := range children {
		more, err := usageOf(child.PID)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return Usage{}, fmt.Errorf("look at a child of %s: %w", p.Name(), err)
		}
		u.Processor += more.Processor
		u.Memory += more.Memory
	}
	return u, nil
}

func usageOf(pid int) (Usage, error) {
	found, err := readStat(pid)
	if err != nil {
		return Usage{}, err
	}
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return Usage{}, fmt.Errorf("look at the memory of process %d: %w", pid, err)
	}
	memory, err := proportional(string(content))
	return Usage{Processor: found.used, Memory: memory}, err
}

// proportional reads the line Pss of /proc/PID/smaps_rollup, which is in kB (proc(5)).
func proportional(rollup string) (int64, error) {
	const kibibyte = 1 << 10
	for line := range strings.Lines(rollup) {
		var kB int64
		if _, err := fmt.Sscanf(line, "Pss: %d kB", &kB); err == nil {
			return kB * kibibyte, nil
		}
	}
	return 0, errors.New("the memory of a process has no line Pss")
}
