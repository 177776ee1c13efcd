package main

import (
	"fmt"
	"slices"
	"strings"
)

// pair is a measurement each way, one right after the other.
type pair struct{ on, off half }

// throughput is how many tickets are enhanced when watched for one that is otherwise.
func (p pair) throughput() float64 { return p.on.perSecond / p.off.perSecond }

// cpu is what a ticket costs when watched, compared with otherwise.
func (p pair) cpu() float64 { return float64(p.on.cpu) / float64(p.off.cpu) }

// spread is what was measured of a ratio.
type spread struct {
	median, low, high float64
	sure              float64 // how likely it is that the true median lies between low and high, from 0 to 1
}

// verdict is what the pairs say.
type verdict struct{ throughput, cpu spread }

func judge(pairs []pair) verdict {
	return verdict{throughput: spreadOf(pairs, pair.throughput), cpu: spreadOf(pairs, pair.cpu)}
}

// spreadOf leaves out as many of the lowest and of the highest ratios as it can with nine chances in ten that the true median is
// between the others. That is so for any distribution: each ratio lies above the median with even odds (the sign test).
func spreadOf(pairs []pair, ratio func(pair) float64) spread {
	ratios := make([]float64, len(pairs))
	for i, p := range pairs {
		ratios[i] = ratio(p)
	}
	slices.Sort(ratios)
	n := len(ratios)
	s := spread{median: (ratios[(n-1)/2] + ratios[n/2]) / 2}
	const enough = 0.9
	for left := range (n + 1) / 2 {
		sure := sureness(n, left)
		if left > 0 && sure < enough {
			break
		}
		s.low, s.high, s.sure = ratios[left], ratios[n-1-left], sure
	}
	return s
}

// sureness is the chance that the median is within n values without the given number of lowest and highest ones.
func sureness(n, left int) float64 {
	outside, choose, all := 0.0, 1.0, 1.0
	for range n {
		all *= 2
	}
	for k := range left + 1 {
		outside += choose
		choose = choose * float64(n-k) / float64(k+1)
	}
	return max(0, 1-2*outside/all)
}

// tells reports whether all of the spread is on one side of the limit.
func (s spread) tells() bool {
	const enough = 0.9
	return s.sure >= enough && (s.low >= 1-atMost || s.high < 1-atMost)
}

func (s spread) String() string {
	return fmt.Sprintf("%.3f (%.3f to %.3f, sure to %.0f %%)", s.median, s.low, s.high, 100*s.sure)
}

// String tells a person.
func (v verdict) String() string {
	lines := []string{
		fmt.Sprintf("throughput on / off: median %s, so watching costs %.1f %%", v.throughput, 100*(1-v.throughput.median)),
		fmt.Sprintf("processor time of apps and sidecars for a ticket, on / off: median %s", v.cpu),
	}
	if !v.throughput.tells() {
		lines = append(lines, fmt.Sprintf("The spread is too large to tell on which side of %.0f %% that is: "+
			"use a machine that does nothing else, or more -pairs and -tickets.", 100*atMost))
	}
	return strings.Join(lines, "\n")
}
