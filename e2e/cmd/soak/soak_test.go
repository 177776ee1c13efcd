package main

import (
	"bufio"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// quiet is a soak in which nothing grows but the database: ten samples under load, one after it.
func quiet() report {
	r := report{warmUp: 30 * time.Second, rate: 4, kept: time.Minute}
	for i := range 10 {
		r.loaded = append(r.loaded, taken{after: time.Duration(i+1) * 15 * time.Second, measures: measures{
			jobsDone: float64(i * 100), database: float64(i * 100_000), "heap bytes enhancer": 20 << 20, "processor seconds enhancer": float64(i) * 1.5, "goroutines enhancer": 100,
			"redis bytes": float64(min(i, 3)) * mebibyte, "redis keys workflows": 900, "redis keys cache (expire)": float64(i * 1000), "stream enhancement:queue": 300,
		}})
	}
	last := maps.Clone(r.loaded[9].measures)
	last["redis keys workflows"], last["stream enhancement:queue"] = 10, 120
	r.settled = []taken{{last, 5 * time.Minute}}
	return r
}

func TestVerdict(t *testing.T) {
	if err := quiet().verdict(0); err == nil {
		t.Error("a load of which nothing was accepted is called good")
	}
	if err := quiet().verdict(900); err != nil {
		t.Errorf("nothing grows: %v", err)
	}
	for says, worsen := range map[string]func(r report){
		"redis keys workflows grows":     func(r report) { r.settled[0].measures["redis keys workflows"] = 5000 },
		"stream enhancement:queue grows": func(r report) { r.settled[0].measures["stream enhancement:queue"] = 1200 },
		"goroutines enhancer grows":      func(r report) { r.settled[0].measures["goroutines enhancer"] = 500 },
		"850 of 900 jobs":                func(r report) { r.settled[0].measures[jobsDone] = 850 },
		"heap bytes enhancer grows": func(r report) {
			for i := 5; i < 10; i++ {
				r.loaded[i].measures["heap bytes enhancer"] = 90 << 20
			}
		},
		"the queue's stream has 1000 entries": func(r report) { r.loaded[8].measures["stream enhancement:queue"] = 1000 },
	} {
		r := quiet()
		worsen(r)
		if err := r.verdict(900); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q is not said: %v", says, err)
		}
	}
}

func TestPrint(t *testing.T) {
	if got := slope(quiet().warm(), database); got < 999_999 || got > 1_000_001 {
		t.Errorf("the database grows by %f for each 1,000 jobs", got)
	}
	if got := slope(quiet().warm()[:1], database); got != 0 {
		t.Errorf("one sample makes a slope of %f", got)
	}
	var out strings.Builder
	quiet().print(&out)
	for _, text := range []string{"per 1,000 jobs", "database bytes", "0.95 MiB", "redis keys workflows", "15.0 s", "holds 10.00 MiB more"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q is missing in\n%s", text, &out)
		}
	}
}

func TestAsk(t *testing.T) {
	for answer, want := range map[string]string{"+OK\r\n": "+OK\r\n", "$5\r\na\t1\n\n\r\n": "a\t1\n\n"} {
		var sent strings.Builder
		if got, err := ask(&sent, bufio.NewReader(strings.NewReader(answer)), []string{"PING", "ä"}); err != nil || got != want || sent.String() != "*2\r\n$4\r\nPING\r\n$2\r\nä\r\n" {
			t.Errorf("%q: %q, %v; sent %q", answer, got, err, &sent)
		}
	}
	for _, answer := range []string{"", "-ERR example\r\n", "$-1\r\n", "$9\r\nshort\r\n"} {
		if got, err := ask(&strings.Builder{}, bufio.NewReader(strings.NewReader(answer)), []string{"PING"}); err == nil {
			t.Errorf("%q is taken for %q", answer, got)
		}
	}
	if err := figures("a\tb\n", "\t", measures{}); err == nil {
		t.Error("what is no figure is taken for one")
	}
}

func TestDescribeShortensTheStream(t *testing.T) {
	dir := t.TempDir()
	if _, err := describe(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "components", "pubsub.yaml"))
	if err != nil || !strings.Contains(string(text), "value: "+kept.String()+"\n") || strings.Contains(string(text), "value: 1h\n") {
		t.Errorf("%v: %s", err, text)
	}
}
