package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-rate 0": "positive", "-tenants 0": "positive", "-duration 0s": "positive", "-only gremlins": "-plan lists them", "-seed x": "flags",
	} {
		if _, err := parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to mention %q", args, err, want)
		}
	}
	s, err := parse([]string{"-long"})
	if err != nil || s.duration != 30*time.Minute || s.seed == 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// What it prints in the end leads to the same run.
func TestTheCommandReproducesTheRun(t *testing.T) {
	t.Parallel()
	want, err := parse([]string{"-seed", "42", "-duration", "7m", "-tenants", "5", "-rate", "2.5", "-short", "-only", "kill redis,flush redis"})
	if err != nil {
		t.Fatal(err)
	}
	command := reproduce(want)
	if got, want := command, `bin/chaos -seed 42 -duration 7m0s -tenants 5 -rate 2.5 -short -only "kill redis,flush redis"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestThePlanAlone(t *testing.T) {
	t.Parallel()
	var once, again bytes.Buffer
	for _, out := range []*bytes.Buffer{&once, &again} {
		if err := run(t.Context(), []string{"-plan", "-seed", "42", "-long"}, out); err != nil {
			t.Fatal(err)
		}
	}
	if once.String() != again.String() || !strings.Contains(once.String(), "SIGKILL to gateway") {
		t.Errorf("printed\n%s", once.String())
	}
}
