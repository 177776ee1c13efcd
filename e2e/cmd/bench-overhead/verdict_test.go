package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// pairsOf have the throughput of 1 when nobody watches.
func pairsOf(on ...float64) []pair {
	var pairs []pair
	for _, perSecond := range on {
		pairs = append(pairs, pair{on: half{perSecond, 2 * time.Second}, off: half{1, time.Second}})
	}
	return pairs
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		on        []float64
		median    float64
		low, high float64
		tells     bool
	}{
		"clearly little": {[]float64{0.99, 0.98, 0.97, 1.01, 0.99, 0.98, 1, 0.5}, 0.985, 0.97, 1, true},
		"clearly much":   {[]float64{0.8, 0.81, 0.79, 0.9, 0.7, 0.8, 0.82, 0.83}, 0.805, 0.79, 0.83, true},
		"too wide":       {[]float64{0.9, 1.1, 0.85, 1, 0.97, 0.99, 1.02, 0.93}, 0.98, 0.9, 1.02, false},
		"too few":        {[]float64{1, 1}, 1, 1, 1, false},
		"a single one":   {[]float64{0.99}, 0.99, 0.99, 0.99, false},
	} {
		got := judge(pairsOf(tc.on...))
		s := got.throughput
		if math.Abs(s.median-tc.median) > 1e-9 || s.low != tc.low || s.high != tc.high || s.tells() != tc.tells {
			t.Errorf("%s: got %+v, tells %t, want %+v", name, s, s.tells(), tc)
		}
		if strings.Contains(got.String(), "too large to tell") == tc.tells || got.cpu.median != 2 {
			t.Errorf("%s: it says %s", name, got)
		}
	}
}

// With eight values the interval without its ends holds the median in 1 - 2·(1+8)/2⁸ of all cases.
func TestSureness(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		n, left int
		want    float64
	}{{8, 0, 1 - 2.0/256}, {8, 1, 1 - 18.0/256}, {5, 0, 1 - 2.0/32}, {1, 0, 0}} {
		if got := sureness(tc.n, tc.left); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("%d values without %d at each end: got %v, want %v", tc.n, tc.left, got, tc.want)
		}
	}
}
