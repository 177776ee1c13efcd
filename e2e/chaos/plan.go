package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Plan is a schedule of faults. The same seed, duration and pace make the same one.
type Plan struct {
	Seed     uint64
	Duration time.Duration
	Steps    []Step
}

// Step is a fault at its time.
type Step struct {
	Fault string
	// At is when it begins, counted from the first moment of the plan.
	At time.Duration
	// Lasts is how long it goes on; no time for what is done in a moment.
	Lasts time.Duration
}

// Pace is how long faults last, and how long the platform is left alone after each.
type Pace struct {
	// Down is the longest time for which a killed process is gone.
	Down time.Duration
	// Pause is how long a process stands still.
	Pause time.Duration
	// Other is the longest time for which anything else goes on.
	Other time.Duration
	// Rest is the shortest time between two faults; it is up to half as long again.
	Rest time.Duration
}

// FullPace is that of a long run.
func FullPace() Pace {
	//nolint:mnd // a table
	return Pace{Down: 6 * time.Second, Pause: 20 * time.Second, Other: 16 * time.Second, Rest: 14 * time.Second}
}

// ShortPace has many faults in little time.
func ShortPace() Pace {
	//nolint:mnd // a table
	return Pace{Down: 2 * time.Second, Pause: 4 * time.Second, Other: 5 * time.Second, Rest: 4 * time.Second}
}

// step rounds times, so that a plan can be read.
const step = 100 * time.Millisecond

// NewPlan draws a plan: every fault once, in an order in which kinds alternate, and then all of them again, as long as
// there is time. Of the faults there are only those that are named, if any are.
func NewPlan(seed uint64, duration time.Duration, pace Pace, only ...string) Plan {
	p := Plan{Seed: seed, Duration: duration}
	draw := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it has to be the same again, not a secret
	at := time.Duration(0)
	if len(only) == 0 {
		only = Names()
	}
	kinds := map[string]kind{}
	for name, f := range catalogue() {
		kinds[name] = f.kind
	}
	for {
		for _, name := range shuffled(draw, kinds, only) {
			lasts := pace.lasts(draw, kinds[name])
			if at+lasts+pace.Rest > duration {
				return p
			}
			p.Steps = append(p.Steps, Step{Fault: name, At: at, Lasts: lasts})
			at += lasts + between(draw, pace.Rest, pace.Rest*3/2)
		}
	}
}

func (p Pace) lasts(draw *rand.Rand, k kind) time.Duration {
	switch k {
	case kindMoment:
		return 0
	case kindKill:
		return between(draw, p.Down/2, p.Down)
	case kindPause:
		return p.Pause
	case kindFill, kindServiceDesk, kindKnowledge, kindModel:
	}
	return between(draw, p.Other/2, p.Other)
}

func between(draw *rand.Rand, least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return (least + time.Duration(draw.Int64N(int64(most-least)))).Round(step)
}

// shuffled draws an order of all faults in which the kinds take turns, so that the beginning of a plan has something of
// everything. Kinds with more faults have more turns at the end.
func shuffled(draw *rand.Rand, kindOf map[string]kind, only []string) []string {
	byKind := map[kind][]string{}
	for _, name := range only {
		k := kindOf[name]
		if k == kindMoment {
			k = kindKill
		}
		byKind[k] = append(byKind[k], name)
	}
	kinds := []kind{kindKill, kindPause, kindFill, kindServiceDesk, kindKnowledge, kindModel}
	for _, k := range kinds {
		draw.Shuffle(len(byKind[k]), func(i, j int) { byKind[k][i], byKind[k][j] = byKind[k][j], byKind[k][i] })
	}
	var order []string
	for len(byKind) > 0 {
		draw.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		for _, k := range slices.Clone(kinds) {
			if len(byKind[k]) == 0 {
				delete(byKind, k)
				continue
			}
			order = append(order, byKind[k][0])
			byKind[k] = byKind[k][1:]
		}
	}
	return order
}

// Left are the faults that the plan has no time for.
func (p Plan) Left() []string {
	return slices.DeleteFunc(Names(), func(name string) bool {
		return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Fault == name })
	})
}

// String has a line for each step.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %s, %d faults\n", p.Seed, p.Duration, len(p.Steps))
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%8s  %-32s %s\n", s.At, s.Fault, s.Lasts)
	}
	return b.String()
}
