package enhancement

import (
	"encoding/json"
	"strings"
	"time"
)

// Step is a station of a job. The names are durable: they are activity names of the workflow and
// keys of the ledger.
type Step string

// The steps of a job, in the order of the ticket's way.
const (
	StepFetchTicket  Step = "fetch_ticket" // of jobs with Refetch only
	StepTicketSearch Step = "ticket_search"
	StepDocSearch    Step = "doc_search"
	StepIPSearch     Step = "ip_search"
	StepSynthesize   Step = "synthesize"
	StepUpdateTicket Step = "update_ticket"
)

// Outcome is how a step ended.
type Outcome string

// The outcomes.
const (
	OutcomeOK       Outcome = "ok"
	OutcomeDegraded Outcome = "degraded" // it gave less than it should; StepRecord.Detail says why
	OutcomeFailed   Outcome = "failed"
)

// StepRecord is what a step produced.
type StepRecord struct {
	// Run is the run of the job that the step belongs to, 1 when zero. It is not read back.
	Run        int
	Step       Step
	Outcome    Outcome
	Detail     string
	Result     json.RawMessage // shape owned by the step; may be empty
	Account    json.RawMessage // how the result came about: figures, no texts; may be empty
	Duration   time.Duration   // stored in whole milliseconds
	FinishedAt time.Time
	// AnswerOf is the model whose earlier answer was given again without a call; empty when none was.
	AnswerOf string
}

// NoteSuperseded is the action of a job that found the note of a later event, and left it. The other actions are those of package
// servicedesk, and of jobs whose note was withheld.
const NoteSuperseded = "superseded"

// NoteAction is what a job did about its ticket's note, of which the detail of StepUpdateTicket says the reason behind a colon.
func NoteAction(detail string) string {
	action, _, _ := strings.Cut(detail, ":")
	return action
}

// LLMCall is one request to a language model and what it cost, whether or not it succeeded.
type LLMCall struct {
	Model            string
	PromptTokens     int
	CompletionTokens int
	CachedTokens     int // of PromptTokens
	CostUSD          float64
	Unpriced         bool // the model's price is not known; not stored with the call, but counted
	Duration         time.Duration
	Error            string
	CalledAt         time.Time
}
