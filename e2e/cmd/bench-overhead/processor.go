package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// cpu is what apps and sidecars have used since they started.
func (s *side) cpu() (time.Duration, error) {
	var all time.Duration
	for _, p := range s.ours() {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
		if err != nil {
			return 0, fmt.Errorf("read the processor time of %s: %w", p.Name(), err)
		}
		used, err := cpuOf(string(content))
		if err != nil {
			return 0, fmt.Errorf("read the processor time of %s: %w", p.Name(), err)
		}
		all += used
	}
	return all, nil
}

// cpuOf reads user and system time of /proc/PID/stat: fields 14 and 15, of which the second, the name, may hold blanks (proc(5)).
func cpuOf(stat string) (time.Duration, error) {
	const userAfterName, tick = 14 - 3, 10 * time.Millisecond // USER_HZ is 100 on every platform that Go runs on
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < userAfterName+2 {
		return 0, fmt.Errorf("unexpected %q", stat)
	}
	var ticks int64
	for _, field := range fields[userAfterName : userAfterName+2] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("unexpected %q: %w", stat, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}
