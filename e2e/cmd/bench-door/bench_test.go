package main

import (
	"net/http"
	"testing"
	"time"
)

func TestMostInAnyMinute(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var all answers
	for i := range 150 { // one in a second, for two and a half minutes
		all = append(all, answer{at: start.Add(time.Duration(i) * time.Second), status: http.StatusAccepted})
	}
	all = append(all, answer{at: start, status: http.StatusTooManyRequests})
	if got := all.most(); got != 60 {
		t.Errorf("at most %d in a minute, want 60", got)
	}
	if all.exactly(60) != nil || all.exactly(61) == nil || all.exactly(59) == nil {
		t.Error("the limit of 60 is not told from 59 and 61")
	}
	all = append(all, answer{})
	if all.exactly(60) == nil || all.all() == nil {
		t.Error("one that was not answered is not noticed")
	}
}

func TestPercentile(t *testing.T) {
	var all answers
	for i := range 100 {
		all = append(all, answer{took: time.Duration(100-i) * time.Millisecond})
	}
	if half, most := all.percentile(p50), all.percentile(p99); half != 51*time.Millisecond || most != 100*time.Millisecond {
		t.Errorf("p50 %s, p99 %s", half, most)
	}
	if answers(nil).percentile(p99) != 0 {
		t.Error("nothing took something")
	}
}
