// Package enhancement owns the job (one enhancement of one ticket), its states, its identity and the
// ledger in which it is accounted for.
package enhancement

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/mutation"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Event is what happened to the ticket.
type Event string

// The events that lead to a job.
const (
	EventCreated Event = "created"
	EventUpdated Event = "updated"
)

// Status is the state of a job: pending → running → completed or failed; from running back to pending when it is held, and
// from failed when its event is sent again.
type Status string

// The states of a job.
const (
	StatusPending   Status = "pending"
	StatusRunning   Status = "running"
	StatusCompleted Status = "completed"
	StatusFailed    Status = "failed"
)

// Terminal says whether nothing more will happen to the job.
func (s Status) Terminal() bool { return s == StatusCompleted || s == StatusFailed }

// ErrNotFound says that the ledger has no such job for this tenant.
var ErrNotFound = errors.New("no such job")

// Job is one enhancement of one ticket.
type Job struct {
	ID            string // JobID of the rest; also the workflow's instance id
	TenantID      string
	Event         Event
	Ticket        ticket.Ticket
	CorrelationID string
	// Refetch says that the sender was not to be believed about the ticket's texts: they are empty until they have been
	// fetched from ServiceDesk Plus.
	Refetch bool
	Status  Status
	Run     int // 1 the first time; more when a failed job was begun anew, or one that was held goes on
	// FirstRun is the run since which it is on record what its runs did: a job that was held goes on with that, one that was
	// begun anew does not, or not with all of it.
	FirstRun int
	// CancelledRun is the last run that an operator cancelled; 0 for none.
	CancelledRun int
	// AnnouncedRun is the last run that announced a write of its note; 0 for none.
	AnnouncedRun int
	// HeldFor is what a pending job waits for beside its turn; empty for nothing. HeldSince is when it was held first, zero
	// for never.
	HeldFor       Dependency
	HeldSince     time.Time
	FailureReason string
	// Trouble is what kept the message of the present run from being delivered, and TroubleAt when; empty for nothing. The job
	// goes on without it.
	Trouble   string
	TroubleAt time.Time
	NoteID    string
	// Withheld is the mode of the tenant because of which the note of a completed job was not posted; empty for all others.
	Withheld   tenant.Mode
	Degraded   []string // what the note had to do without
	ReceivedAt time.Time
	// AskedAt is since when the job is waited for: when it was received, or, begun anew by an operator, when that was.
	AskedAt    time.Time
	StartedAt  time.Time // zero until it is admitted for the first time
	FinishedAt time.Time // zero until terminal
	// TraceParent names the span on which everything hangs that is traced of the job, as a W3C traceparent; empty for none.
	TraceParent string
}

// jobNamespace separates job ids from all other name-based UUIDs (RFC 9562, section 5.5).
var jobNamespace = uuid.MustParse("6f1a3c1e-7c0b-5d59-9a53-3a7f6f0f5b52") //nolint:gochecknoglobals // a constant

// uuidVersion8 is RFC 9562's version for name-based ids with another hash than SHA-1.
const uuidVersion8 = 8

// JobID derives the id of the job from what makes two deliveries the same event. A ticket is created
// once, so its content plays no part; it is updated often, so there the content does: an update that
// changes nothing is the same event again.
func JobID(tenantID string, event Event, t ticket.Ticket) string {
	parts := []string{tenantID, t.ID, string(event)}
	if event == EventUpdated {
		parts = append(parts, t.Subject, t.Description, t.Priority)
	}
	if mutation.On(mutation.RandomJobID) {
		parts = append(parts, uuid.NewString())
	}
	// No part can contain NUL once normalised, so the joined name is unambiguous.
	name := strings.Join(parts, "\x00")
	return uuid.NewHash(sha256.New(), jobNamespace, []byte(name), uuidVersion8).String()
}

// InstanceID is the id of the workflow that does a run of the job: the job's own for the first. A later run has
// another one, because the engine may still be busy with the end of the earlier.
func InstanceID(jobID string, run int) string {
	if run <= 1 {
		return jobID
	}
	return fmt.Sprintf("%s-%d", jobID, run)
}

// New makes the pending job of an event. The ticket's texts are normalised first. Its people play no part in the id: who works on a
// ticket changes, and is no update of what is asked.
func New(tenantID string, event Event, t ticket.Ticket, correlationID string) Job {
	t.Subject = ticket.Normalize(t.Subject)
	t.Description = ticket.Normalize(t.Description)
	t.Priority = ticket.Normalize(t.Priority)
	t.People = ticket.People(t.People...)
	return Job{
		ID: JobID(tenantID, event, t), TenantID: tenantID, Event: event, Ticket: t,
		CorrelationID: correlationID, Status: StatusPending, Run: 1, FirstRun: 1,
	}
}

// NewRefetch makes the pending job of an event of which nothing is known but that it happened. A ticket is created once,
// so that job has the id it always has. An update has no content yet by which to know it again, and every word about one
// may be the only one: its job is a new one, unless the ledger has one that has not begun (ledger.Accept).
func NewRefetch(tenantID string, event Event, ticketID, correlationID string) Job {
	job := New(tenantID, event, ticket.Ticket{ID: ticketID}, correlationID)
	job.Refetch = true
	if event == EventUpdated {
		job.ID = uuid.NewString()
	}
	return job
}

// Cancelled says that the job failed because an operator cancelled it.
func (j Job) Cancelled() bool { return j.Status == StatusFailed && j.RunCancelled(j.Run) }

// RunCancelled says that a run of the job was cancelled, whatever began after it.
func (j Job) RunCancelled(run int) bool { return j.CancelledRun >= run }

// NoteMayFollow says that the present run, or one that it goes on with, announced a write of its note: what was sent may arrive.
func (j Job) NoteMayFollow() bool { return j.AnnouncedRun >= j.FirstRun }
