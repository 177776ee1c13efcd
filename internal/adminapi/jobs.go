package adminapi

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// TestWebhook is a webhook that the console signs with the tenant's secret and sends to the gateway, to see the whole
// way work.
type TestWebhook struct {
	TicketID    string            `json:"ticket_id"             doc:"Id of a ticket that exists in the tenant's ServiceDesk Plus." pattern:"^[1-9][0-9]{0,24}$"`
	Event       enhancement.Event `json:"event,omitempty"       enum:"created,updated" default:"created"`
	Subject     string            `json:"subject,omitempty"     maxLength:"250"`
	Description string            `json:"description"           minLength:"1" maxLength:"10000"`
	Priority    string            `json:"priority,omitempty"    maxLength:"50" default:"Medium"`
}

// CancelJob asks for a job to be ended, wherever it stands.
type CancelJob struct {
	Run  int    `json:"run"  doc:"The run that is meant, as the job says: one that began since is left alone." minimum:"1"`
	Note string `json:"note" doc:"Why, as it will stand with the job." maxLength:"200" minLength:"3"`
}

// CancelledJob is what became of it.
type CancelledJob struct {
	Job

	Before        bool `json:"before"          doc:"It was cancelled before: nothing was changed."`
	NoteMayFollow bool `json:"note_may_follow" doc:"A write of its note had begun. If it arrives, the job is completed after all; nothing is sent again."`
}

// RerunJob asks for a completed job to be run again.
type RerunJob struct {
	Run     int  `json:"run"               doc:"The run that was completed, as the job says: so that nothing is begun twice." minimum:"1"`
	Refetch bool `json:"refetch,omitempty" doc:"With the text that the ticket has now, and not the one that the job has."`
}

// AcceptedWebhook is what the gateway answered.
type AcceptedWebhook struct {
	JobID  string             `json:"job_id"`
	Status enhancement.Status `json:"status"`
}

// Job is one enhancement of one ticket. A ticket's text is not part of it.
type Job struct {
	JobID         string             `json:"job_id"`
	TenantID      string             `json:"tenant_id"`
	TicketID      string             `json:"ticket_id"`
	Event         enhancement.Event  `json:"event"`
	Priority      string             `json:"priority"`
	Status        enhancement.Status `json:"status"                   enum:"pending,running,completed,failed"`
	Run           int                `json:"run"                      doc:"1 the first time; more when a failed job was begun anew, or one that was held goes on."`
	HeldFor       string             `json:"held_for,omitempty"       doc:"What a pending job waits for, because it does not answer: servicedesk. It goes on by itself."`
	HeldSince     *time.Time         `json:"held_since,omitempty"     doc:"When it was held first."`
	FailureReason string             `json:"failure_reason,omitempty"`
	Cancelled     bool               `json:"cancelled,omitempty"      doc:"An operator cancelled it: no fault of anything."`
	Trouble       string             `json:"trouble,omitempty"        doc:"What kept its message from being delivered. It goes on without it."`
	TroubleAt     *time.Time         `json:"trouble_at,omitempty"`
	NoteID        string             `json:"note_id,omitempty"`
	Withheld      tenant.Mode        `json:"withheld,omitempty"       doc:"The mode of the tenant because of which the note was not posted: shadow, in which it was made and is kept; or off, in which none was made." enum:"shadow,off"`
	Degraded      []string           `json:"degraded,omitempty"       doc:"What the note had to do without."`
	CorrelationID string             `json:"correlation_id"`
	TraceID       string             `json:"trace_id,omitempty"       doc:"Of the trace that its webhook began, if it was traced." pattern:"^[0-9a-f]{32}$"`
	ReceivedAt    time.Time          `json:"received_at"`
	AskedAt       time.Time          `json:"asked_at" doc:"Since when it is waited for: when it was received or, begun anew by an operator, when that was."`
	StartedAt     *time.Time         `json:"started_at,omitempty"`
	FinishedAt    *time.Time         `json:"finished_at,omitempty"`
	// Steps and LLMCalls are shown for a single job, not in lists.
	Steps    []Step    `json:"steps,omitempty"`
	LLMCalls []LLMCall `json:"llm_calls,omitempty"`
	Feedback *Feedback `json:"feedback,omitempty"  doc:"What a technician said of its note, by the link in it. For a single job, not in lists."`
}

// Feedback is what was said last of a job's note. The comment is a technician's own text: show it, and nothing more.
type Feedback struct {
	Vote      feedback.Value  `json:"vote"              enum:"up,down"`
	Reason    feedback.Reason `json:"reason,omitempty"  enum:"wrong,off_topic,incomplete,outdated"`
	Comment   string          `json:"comment,omitempty" doc:"A technician's own words; left out for who may not read notes (notes:read)."`
	FirstAt   time.Time       `json:"first_at"`
	ChangedAt time.Time       `json:"changed_at"        doc:"When the vote was given last."`
	Parts     []FeedbackPart  `json:"parts,omitempty"   doc:"What was said of single parts of the note. What it cites is left out for who may not read notes."`
}

// FeedbackPart is what was said last of a section of a job's note, or of a past ticket or article that it cites.
type FeedbackPart struct {
	Kind      feedback.Kind  `json:"kind"       enum:"section,ticket,article"`
	Name      string         `json:"name"       doc:"A section's name, such as recommendations, or what the note calls the source: #1001, an article's title."`
	Vote      feedback.Value `json:"vote"       enum:"up,down"`
	ChangedAt time.Time      `json:"changed_at"`
}

// Step is what one step of a job did.
type Step struct {
	Step       enhancement.Step    `json:"step"`
	Outcome    enhancement.Outcome `json:"outcome"`
	Detail     string              `json:"detail,omitempty"`
	DurationMS int64               `json:"duration_ms"`
	FinishedAt time.Time           `json:"finished_at"`
}

// LLMCall is one request to a language model and what it cost.
type LLMCall struct {
	Model            string    `json:"model"`
	PromptTokens     int       `json:"prompt_tokens"`
	CachedTokens     int       `json:"cached_tokens,omitempty" doc:"Those of prompt_tokens that the server had read before."`
	CompletionTokens int       `json:"completion_tokens"`
	CostUSD          float64   `json:"cost_usd"`
	DurationMS       int64     `json:"duration_ms"`
	Error            string    `json:"error,omitempty"`
	CalledAt         time.Time `json:"called_at"`
}
