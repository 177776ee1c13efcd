package adminapi

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// PreviewSource is where the text of a ticket is taken from.
type PreviewSource string

// The sources of a ticket's text.
const (
	// SourceAuto takes the first of the other three that knows the ticket: as it is now, as it was enhanced last, as it was mirrored.
	SourceAuto        PreviewSource = "auto"
	SourceServiceDesk PreviewSource = "servicedesk" // read from the tenant's ServiceDesk Plus
	SourceLedger      PreviewSource = "ledger"      // the newest job on the ticket
	SourceHistory     PreviewSource = "history"     // the tenant's past tickets, which are mirrored or imported
	// SourceGiven is that of texts that came with the request; it is answered and not asked for.
	SourceGiven PreviewSource = "given"
)

// PreviewRequest asks what would be said on a ticket.
type PreviewRequest struct {
	TicketID string         `json:"ticket_id,omitempty" doc:"Id of the ticket. Required unless there is a ticket; beside one, past tickets of this id are not similar to it." maxLength:"100"`
	Ticket   *PreviewTicket `json:"ticket,omitempty"    doc:"The ticket's texts, when they are not to be read from anywhere."`
	Source   PreviewSource  `json:"source,omitempty"    doc:"Where the ticket's texts are read from. auto takes the first that knows the ticket: ServiceDesk Plus, the newest job on it, the past tickets." enum:"auto,servicedesk,ledger,history" default:"auto"`
	AsOf     *time.Time     `json:"as_of,omitempty"     doc:"Past tickets that were resolved at this time or later are left out, as when the ticket had come then. Articles and systems are those of today."`
	// Preferences take the place of all of the tenant's own but its budget.
	Preferences *tenant.Preferences `json:"preferences,omitempty" doc:"In place of all of the tenant's own enhancement_prefs, but for the budget, which stays. Takes the permission tenants:write, too."`
}

// PreviewTicket is a ticket that need not exist.
type PreviewTicket struct {
	Subject     string   `json:"subject,omitempty"     maxLength:"250"`
	Description string   `json:"description,omitempty" maxLength:"10000"`
	Priority    string   `json:"priority,omitempty"    maxLength:"50"`
	People      []string `json:"people,omitempty" doc:"Names of its requester and technician: what a language model does not see where the tenant masks names." maxItems:"10"`
}

// Preview is what would be said on a ticket. Nothing of it is stored but what it cost.
type Preview struct {
	TicketID string        `json:"ticket_id,omitempty"`
	Subject  string        `json:"subject,omitempty"`
	Source   PreviewSource `json:"source"              doc:"Where the ticket's texts were taken from." enum:"servicedesk,ledger,history,given"`
	Note     RenderedNote  `json:"note"`
	Found    []FoundBy     `json:"found"               doc:"What the three searches found."`
	Account  NoteAccount   `json:"account"`
	LLMCalls []LLMCall     `json:"llm_calls"           doc:"Every request to a language model that it took, failed ones included."`
	TookMS   int64         `json:"took_ms"`
}

// RenderedNote is a note in every form in which it may be written, and whom it names.
type RenderedNote struct {
	HTML     string     `json:"html"`
	Markdown string     `json:"markdown"`
	Text     string     `json:"text"     doc:"Plain text, without the addresses of links."`
	Format   string     `json:"format"   doc:"The one that is, or would be, written on the ticket." enum:"html,markdown"`
	Cited    []Citation `json:"cited"    doc:"The sources that it names, each once."`
}

// Citation is a source that a note names.
type Citation struct {
	Kind string `json:"kind"                enum:"ticket,article,system"`
	Text string `json:"text"                doc:"What the reader sees: #1234, an article's title, a host name."`
	URL  string `json:"url,omitempty"`
	// Relevance is 0 for a source that has none.
	Relevance float64 `json:"relevance,omitempty" doc:"How well it matches, between 0 and 1, as the note says it."`
}

// FoundBy is what one search found.
type FoundBy struct {
	Kind        string `json:"kind"                  enum:"ticket,article,system"`
	Items       int    `json:"items"`
	Unavailable bool   `json:"unavailable,omitempty" doc:"It could not be asked, and the note does without it."`
	Note        string `json:"note,omitempty"        doc:"What was wrong with an answer that is of use all the same."`
}

// NoteAccount is how a note came about, in figures.
type NoteAccount struct {
	TenantVersion  int64          `json:"tenant_version"            doc:"The version of the tenant under whose settings it was drafted."`
	Generated      bool           `json:"generated"                 doc:"A language model wrote it; otherwise it lists what was found."`
	FallbackReason string         `json:"fallback_reason,omitempty" doc:"Why no language model wrote it."`
	Confidence     float64        `json:"confidence,omitempty"      doc:"Between 0 and 1, computed from what was checked."`
	Words          int            `json:"words"`
	Sources        int            `json:"sources"                   doc:"How many sources it could draw from."`
	Dropped        map[string]int `json:"dropped,omitempty"         doc:"What of the model's answer did not pass the checks, by reason."`
	Masked         map[string]int `json:"masked,omitempty"          doc:"What the model was not shown, by kind."`
	Cached         bool           `json:"cached,omitempty"          doc:"The model's answer was an earlier one to the same question, and cost nothing."`
	Model          string         `json:"model,omitempty"           doc:"The model whose answer it is made of, or that failed last."`
	ModelIgnored   string         `json:"model_ignored,omitempty"   doc:"The model that is preferred and that the platform does not offer: another was asked."`
	CostUSD        float64        `json:"cost_usd"`
}

// ResolvedTicket is a past ticket that was resolved.
type ResolvedTicket struct {
	TicketID   string     `json:"ticket_id"`
	Subject    string     `json:"subject"`
	CreatedAt  *time.Time `json:"created_at,omitempty" doc:"Absent when it is not known."`
	ResolvedAt time.Time  `json:"resolved_at"`
}

// JobNote is the note that a job made.
type JobNote struct {
	JobID    string       `json:"job_id"`
	TicketID string       `json:"ticket_id"`
	State    NoteState    `json:"state"             doc:"posted: it was written on the ticket, or one that says the same stood there; a later job may have edited it since. superseded: the note of a later event stood there, and was left. kept: a person has changed or deleted the ticket's note, or the server does not tell what it says, so it was left as it is. withheld: it was not written because of the tenant's mode. not_posted: the job is not done yet, or failed." enum:"posted,superseded,kept,withheld,not_posted"`
	NoteID   string       `json:"note_id,omitempty" doc:"The id of the ticket's note, which is this one only if it was posted; absent when there is none."`
	Note     RenderedNote `json:"note"              doc:"As it was drafted: marks of what has changed since the ticket's note before it are made when it is written."`
	Account  *NoteAccount `json:"account,omitempty" doc:"Absent for a job of an older release."`
	MadeAt   time.Time    `json:"made_at"`
}

// NoteState is what became of a job's note.
type NoteState string

// The states of a note.
const (
	NotePosted     NoteState = "posted"
	NoteSuperseded NoteState = "superseded"
	NoteKept       NoteState = "kept"
	NoteWithheld   NoteState = "withheld"
	NoteNotPosted  NoteState = "not_posted"
)
