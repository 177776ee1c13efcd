package workflows

import (
	"math"
	"time"

	"github.com/dapr/durabletask-go/workflow"
)

// Budget is the time a job may take from its first step to its note. Nothing is repeated that might not end within
// it. A step that could only begin late, because no worker was alive, is still tried once: a late note serves
// the technician, a failed job does not.
const Budget = 120 * time.Second

const (
	// noteLease is how long a writer has the sole right to a ticket's note: longer than it may write, and long
	// enough for an ordinary server to be done with what it was sent last.
	noteLease = 15 * time.Second
	// notePoll is how often a writer that has to wait looks again.
	notePoll = 200 * time.Millisecond
	// bookingTimeout bounds an entry in the ledger that is made whether or not the attempt still has time.
	bookingTimeout = 3 * time.Second
	// verifyTimeout is the most that package servicedesk takes to learn what became of a write.
	verifyTimeout = 10 * time.Second
	// foundFor is how long what a search has found is good for another run of the job.
	foundFor = 10 * time.Minute
	// defaultTidyAfter is when a write of unknown outcome must have arrived, if it ever does.
	defaultTidyAfter = time.Minute
)

// policy bounds a step.
type policy struct {
	attempt      time.Duration // what one attempt may take
	after        time.Duration // what may follow when its time is up, such as booking
	attempts     int
	firstPause   time.Duration // doubles from one attempt to the next
	longestPause time.Duration // zero: no ceiling
}

// The policies; TestPoliciesFitTheBudget adds them up.
//
//nolint:gochecknoglobals,mnd // constants, which structs cannot be
var (
	// The pauses outlast a restart of ServiceDesk Plus's web server, as those of updatePolicy do.
	fetchPolicy = policy{
		attempt: 10 * time.Second, after: bookingTimeout,
		attempts: 4, firstPause: 3 * time.Second,
	}
	gatherPolicy = policy{
		attempt: 12 * time.Second, after: bookingTimeout,
		attempts: 3, firstPause: 250 * time.Millisecond, longestPause: time.Second,
	}
	synthesizePolicy = policy{
		attempt: 40 * time.Second, after: bookingTimeout,
		attempts: 3, firstPause: time.Second,
	}
	// The pauses outlast a restart of ServiceDesk Plus's web server and a short spell of throttling.
	updatePolicy = policy{
		attempt: 10 * time.Second, after: noteLease + verifyTimeout + bookingTimeout,
		attempts: 3, firstPause: 5 * time.Second,
	}
	tidyPolicy = policy{
		attempt: noteLease + 10*time.Second, after: bookingTimeout,
		attempts: 20, firstPause: 10 * time.Second, longestPause: 10 * time.Minute,
	}
	// A failure that is not recorded is the one thing worse than a failure, so this goes on for hours.
	recordPolicy = policy{
		attempt:  10 * time.Second,
		attempts: 200, firstPause: time.Second, longestPause: time.Minute,
	}
)

// holding is the policy of a step after which, besides, a failure of ServiceDesk Plus is booked. A policy that a version
// goes by is not changed: its histories would be decided anew.
func (p policy) holding() policy {
	p.after += bookingTimeout
	return p
}

// ours is the policy for errors of our own side in a step that p bounds: more attempts, for Postgres is back soon.
func (p policy) ours() policy {
	p.attempts, p.firstPause, p.longestPause = 6, time.Second, 15*time.Second //nolint:mnd // half a minute in all
	return p
}

// paced is the policy with the pauses that this worker makes.
func (a *Activities) paced(p policy) policy {
	p.firstPause, p.longestPause = a.pause(p.firstPause), a.pause(p.longestPause)
	return p
}

func (a *Activities) pause(d time.Duration) time.Duration { return d / time.Duration(max(1, a.haste)) }

// longest is the most that one attempt takes.
func (p policy) longest() time.Duration { return p.attempt + p.after }

// lastPause is the longest pause before an attempt.
func (p policy) lastPause() time.Duration {
	return p.firstPause * time.Duration(math.Pow(2, float64(max(0, p.attempts-2))))
}

// until repeats failed attempts as long as another one would end before deadline. The clock is the
// workflow's, so a replay decides alike.
func (p policy) until(ctx *workflow.WorkflowContext, deadline time.Time) workflow.CallActivityOption {
	latest := deadline.Add(-p.lastPause() - p.longest())
	return p.option(func(error) bool { return !ctx.CurrentTimeUTC().After(latest) })
}

// unbounded repeats failed attempts as often as the policy says.
func (p policy) unbounded() workflow.CallActivityOption {
	return p.option(func(error) bool { return true })
}

func (p policy) option(worthwhile func(error) bool) workflow.CallActivityOption {
	return workflow.WithActivityRetryPolicy(&workflow.RetryPolicy{
		MaxAttempts: p.attempts, InitialRetryInterval: p.firstPause, BackoffCoefficient: 2,
		MaxRetryInterval: p.longestPause, Handle: worthwhile,
	})
}
