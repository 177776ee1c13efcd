package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	// slack is what may be more at the end, of what must not grow: keys of the last job, goroutines of a pool.
	slackKeys, slackGoroutines = 300, 60
	// slackNode is how many entries a stream may have beyond those that are young enough: it is trimmed by nodes.
	slackNode = 200
	// heapFactor and slackHeap are by how much the least memory in use of the second half may be above that of the first.
	heapFactor, slackHeap = 1.5, 16 << 20
	perJobs               = 1000
	mebibyte              = 1 << 20
)

// report tells what was seen, and judges it.
type report struct {
	loaded, settled []taken
	warmUp, kept    time.Duration
	rate            int
}

// warm are the samples under load after the warm-up.
func (r report) warm() []taken {
	return slices.DeleteFunc(slices.Clone(r.loaded), func(s taken) bool { return s.after < r.warmUp })
}

// young are the samples under load in which every workflow is kept.
func (r report) young() []taken {
	return slices.DeleteFunc(slices.Clone(r.loaded), func(s taken) bool { return s.after >= r.kept })
}

func (r report) last() taken { return r.settled[len(r.settled)-1] }

// slope is by how much a figure grew for each 1,000 jobs, by least squares.
func slope(samples []taken, name string) float64 {
	var n, x, y, xx, xy float64
	for _, s := range samples {
		jobs := s.measures[jobsDone] / perJobs
		n, x, y, xx, xy = n+1, x+jobs, y+s.measures[name], xx+jobs*jobs, xy+jobs*s.measures[name]
	}
	if d := n*xx - x*x; d > 0 {
		return (n*xy - x*y) / d
	}
	return 0
}

func (r report) print(out io.Writer) {
	names := map[string]bool{}
	for _, s := range append(slices.Clone(r.loaded), r.settled...) {
		for name := range s.measures {
			names[name] = true
		}
	}
	samples := r.warm()
	first, middle, end := samples[0], samples[len(samples)/2], samples[len(samples)-1]
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "after\t%s\t%s\t%s\tsettled\tper 1,000 jobs\t\n", short(first.after), short(middle.after), short(end.after))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", name, figure(name, first.measures[name]), figure(name, middle.measures[name]),
			figure(name, end.measures[name]), figure(name, r.last().measures[name]), figure(name, slope(samples, name)))
	}
	_ = w.Flush() // to the terminal
	fmt.Fprintf(out, "\nBefore the first workflows go, Redis holds %s more for each 1,000 jobs.\n", figure(redisBytes, slope(r.young(), redisBytes)))
}

func short(d time.Duration) string { return d.Round(time.Second).String() }

func figure(name string, value float64) string {
	if strings.Contains(name, "bytes") {
		return fmt.Sprintf("%.2f MiB", value/mebibyte)
	}
	if strings.HasPrefix(name, processor) {
		return fmt.Sprintf("%.1f s", value)
	}
	return fmt.Sprintf("%.0f", value)
}

// verdict is an error that names all that grows and must not, and jobs that did not end.
func (r report) verdict(sent int) error {
	var errs []error
	grows := func(name string, from, to float64) {
		errs = append(errs, fmt.Errorf("%s grows: from %s to %s", name, figure(name, from), figure(name, to)))
	}
	if sent == 0 {
		errs = append(errs, errors.New("no webhook was accepted: nothing was measured"))
	}
	last, samples := r.last(), r.warm()
	if got := last.measures[jobsDone]; int(got) < sent {
		errs = append(errs, fmt.Errorf("%d of %d jobs have ended", int(got), sent))
	}
	for _, name := range slices.Sorted(maps.Keys(last.measures)) {
		now := last.measures[name]
		switch {
		case strings.HasPrefix(name, redisKeys):
			if now > slackKeys && !strings.HasSuffix(name, expire) {
				grows(name, 0, now)
			}
		case strings.HasPrefix(name, stream):
			if now > slackNode {
				grows(name, 0, now)
			}
		case strings.HasPrefix(name, goroutines):
			if from := samples[0].measures[name]; now > from+slackGoroutines {
				grows(name, from, now)
			}
		case strings.HasPrefix(name, heap):
			half := len(samples) / 2
			if from, to := least(samples[:half], name), least(samples[half:], name); to > heapFactor*from+slackHeap {
				grows(name, from, to)
			}
		}
	}
	// Under load, a stream holds what is young enough, and what it has not trimmed yet.
	for _, s := range samples {
		young := r.kept.Seconds()*float64(r.rate) + slackNode
		if n := s.measures[stream+"enhancement:queue"]; n > young {
			errs = append(errs, fmt.Errorf("the queue's stream has %.0f entries after %s, of which %.0f are young enough", n, short(s.after), young))
			break
		}
	}
	return errors.Join(errs...)
}

func least(samples []taken, name string) float64 {
	found := 0.0
	for i, s := range samples {
		if v := s.measures[name]; i == 0 || v < found {
			found = v
		}
	}
	return found
}
