package main

import (
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	if got := (times{5 * time.Second, time.Second, 2 * time.Second}).median(); got != 2*time.Second {
		t.Errorf("the median is %s", got)
	}
	if got := times(nil).median(); got != 0 {
		t.Errorf("nothing took %s", got)
	}
}

func TestValueOf(t *testing.T) {
	const text = "# HELP heap example\nheap_idle 5\nheap 1.5e+06\nused_memory_human:1M\r\nused_memory:1048576\r\n"
	for prefix, want := range map[string]float64{"heap ": 1.5e6, "used_memory:": mebi, "missing ": 0} {
		if got := valueOf(text, prefix); got != want {
			t.Errorf("%s is %v, want %v", prefix, got, want)
		}
	}
}
