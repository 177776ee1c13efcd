package chaos_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/e2e/chaos"
)

func TestTheSameSeedMakesTheSamePlan(t *testing.T) {
	t.Parallel()
	plan := func(seed uint64) chaos.Plan { return chaos.NewPlan(seed, 10*time.Minute, chaos.FullPace()) }
	if diff := cmp.Diff(plan(7), plan(7)); diff != "" {
		t.Errorf("one seed, two plans:\n%s", diff)
	}
	if cmp.Equal(plan(7).Steps, plan(8).Steps) {
		t.Error("two seeds make the same plan")
	}
	if text := plan(7).String(); !strings.HasPrefix(text, "seed 7, 10m0s, ") || !strings.Contains(text, plan(7).Steps[0].Fault) {
		t.Errorf("the plan is told as\n%s", text)
	}
}

func TestFaultsDoNotOverlap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		for _, pace := range []chaos.Pace{chaos.FullPace(), chaos.ShortPace()} {
			end := time.Duration(0)
			for _, s := range chaos.NewPlan(seed, time.Hour, pace).Steps {
				if s.At < end {
					t.Errorf("seed %d: %s begins at %s, before the rest until %s is over", seed, s.Fault, s.At, end)
				}
				end = s.At + s.Lasts + pace.Rest
			}
			if end > time.Hour {
				t.Errorf("seed %d: the last fault and its rest end at %s", seed, end)
			}
		}
	}
}

// Half an hour is what the long run takes, and nothing may be left out of it.
func TestHalfAnHourHasTimeForEveryFault(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		if left := chaos.NewPlan(seed, 30*time.Minute, chaos.FullPace()).Left(); len(left) > 0 {
			t.Errorf("seed %d has no time for %q", seed, left)
		}
	}
}

// The first six faults have one of each kind, so that a short run has something of everything.
func TestKindsTakeTurns(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		seen := map[string]bool{}
		for _, s := range chaos.NewPlan(seed, 10*time.Minute, chaos.FullPace()).Steps[:6] {
			kind, _, _ := strings.Cut(s.Fault, " ")
			if kind == "flush" || kind == "roll" {
				kind = "kill"
			}
			seen[kind] = true
		}
		if len(seen) != 6 {
			t.Errorf("seed %d begins with %v", seed, seen)
		}
	}
}

func TestAPlanOfSomeFaults(t *testing.T) {
	t.Parallel()
	only := []string{"kill redis", "flush redis"}
	plan := chaos.NewPlan(1, 5*time.Minute, chaos.FullPace(), only...)
	for _, s := range plan.Steps {
		if !slices.Contains(only, s.Fault) {
			t.Errorf("%s was not asked for", s.Fault)
		}
	}
	if len(plan.Steps) < 4 || len(plan.Left()) != len(chaos.Names())-len(only) {
		t.Errorf("%d steps, %d faults left out", len(plan.Steps), len(plan.Left()))
	}
}

func TestEveryFaultIsDescribed(t *testing.T) {
	t.Parallel()
	for _, name := range chaos.Names() {
		if chaos.Describe(name) == "" {
			t.Errorf("%s: what does it do?", name)
		}
		if strings.Contains(name, ",") {
			t.Errorf("%s: it cannot be named in a list", name)
		}
	}
	if chaos.Describe("gremlins") != "" {
		t.Error("there are no gremlins")
	}
}
