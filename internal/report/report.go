package report

import "time"

// Inputs are what is assumed, since no data says it. The defaults are assumptions of ours to begin with: measure, and set your own.
type Inputs struct {
	ResearchMinutes float64 `json:"research_minutes" doc:"How long a technician looks for context on a ticket that has no note."`
	TicketMinutes   float64 `json:"ticket_minutes"   doc:"What a note saves that names a past ticket."`
	ArticleMinutes  float64 `json:"article_minutes"  doc:"What a note saves that names an article."`
	SystemMinutes   float64 `json:"system_minutes"   doc:"What a note saves that names a system."`
}

// Defaults are the Inputs of a tenant that has set none.
func Defaults() Inputs {
	const research, ticket, article, system = 15, 5, 3, 2
	return Inputs{ResearchMinutes: research, TicketMinutes: ticket, ArticleMinutes: article, SystemMinutes: system}
}

// Facts are what the data says of a tenant's week. All are of the tickets that were received in it, but for the cost and the resolutions.
type Facts struct {
	Received   int `json:"received"   doc:"All jobs."`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"     doc:"Without those that operators cancelled."`
	Cancelled  int `json:"cancelled"`
	Unfinished int `json:"unfinished"`
	Withheld   int `json:"withheld"   doc:"Completed ones whose note was not posted, because of the tenant's mode."`
	Degraded   int `json:"degraded"   doc:"Completed ones that had to do without a source or a model."`

	P50Seconds float64 `json:"p50_seconds" doc:"Half of the notes were on their ticket so long after its receipt, or sooner; 0 without any."`
	P95Seconds float64 `json:"p95_seconds"`
	P99Seconds float64 `json:"p99_seconds"`

	Up   int `json:"votes_up"`
	Down int `json:"votes_down"`

	Notes   int   `json:"notes"   doc:"Those that were posted."`
	Named   Named `json:"named"   doc:"How many of the notes name a source of each kind."`
	Helpful Named `json:"helpful" doc:"The same without the notes that were voted down: one that did not help saved nothing."`

	CostUSD  float64 `json:"cost_usd" doc:"What models cost in the week, drafts included."`
	Unpriced int     `json:"unpriced" doc:"Requests to models of which no price is known: what they cost is missing."`

	Enhanced Resolution `json:"enhanced" doc:"The tickets that were resolved in the week, with a note on them by then."`
}

// Named counts notes that name at least one past ticket, article or system.
type Named struct {
	Tickets  int `json:"tickets"`
	Articles int `json:"articles"`
	Systems  int `json:"systems"`
}

// Resolution is how long tickets took from their creation to their resolution, as ServiceDesk Plus has them; only those of which both are known.
type Resolution struct {
	Tickets       int     `json:"tickets"`
	MedianSeconds float64 `json:"median_seconds" doc:"0 without tickets."`
}

// Baseline is what was before: tickets that were resolved in the window without a note of ours.
type Baseline struct {
	Resolution

	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Final bool      `json:"final" doc:"The window is over, and the figures do not change any more."`
}

// Verdict says whether a target is met.
type Verdict string

// The verdicts.
const (
	Met       Verdict = "met"
	NotMet    Verdict = "not_met"
	TooLittle Verdict = "not_enough_data"
)

// What the customer expects (story 5.5), and how much there has to be before anything is said of it.
const (
	TargetResearch     = 0.20 // less research time, as a share
	TargetSatisfaction = 4.0  // of 5
	TargetSuccess      = 0.95 // as a share

	LeastNotes = 5
	LeastVotes = 5
	LeastEnded = 5
)

// Report is a tenant's week.
type Report struct {
	Facts

	TenantID string    `json:"tenant_id"`
	Week     Week      `json:"week"    doc:"Of ISO 8601, in UTC."`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Running  bool      `json:"running" doc:"The week is not over."`

	Inputs           Inputs    `json:"inputs"                       doc:"What is assumed, since no data says it."`
	SuccessRate      *float64  `json:"success_rate,omitempty"       doc:"Completed jobs as a share of those that ended, without the cancelled ones; absent without any."`
	Satisfaction     *float64  `json:"satisfaction,omitempty"       doc:"From 1 (every vote down) to 5 (every vote up): 1 + 4 * votes_up / (votes_up + votes_down); absent without votes."`
	MinutesSaved     float64   `json:"minutes_saved"                doc:"An estimate: helpful.tickets * ticket_minutes + helpful.articles * article_minutes + helpful.systems * system_minutes."`
	ResearchSaved    *float64  `json:"research_saved,omitempty"     doc:"minutes_saved as a share of notes * research_minutes, at most 1; absent without notes."`
	Baseline         *Baseline `json:"baseline,omitempty"           doc:"Absent when none was captured."`
	ResolutionChange *float64  `json:"resolution_change,omitempty"  doc:"How much shorter (negative) or longer the median resolution was than in the baseline, as a share; absent where one of them is not known. It may have other causes."`

	Research  Verdict `json:"target_research"     enum:"met,not_met,not_enough_data" doc:"More than a fifth less research; of 5 notes at least."`
	Satisfied Verdict `json:"target_satisfaction" enum:"met,not_met,not_enough_data" doc:"Satisfaction above 4; of 5 votes at least."`
	Success   Verdict `json:"target_success"      enum:"met,not_met,not_enough_data" doc:"A success rate above 0.95; of 5 ended jobs at least."`
}

// New reckons a report.
func New(tenantID string, week Week, now time.Time, facts Facts, inputs Inputs, baseline *Baseline) Report {
	r := Report{
		Facts: facts, TenantID: tenantID, Week: week, From: week.Begins(), Until: week.Ends(), Running: now.Before(week.Ends()), Inputs: inputs, Baseline: baseline,
	}
	if ended := facts.Completed + facts.Failed; ended > 0 {
		r.SuccessRate = share(facts.Completed, ended)
	}
	if votes := facts.Up + facts.Down; votes > 0 {
		const worst, best = 1, 5
		satisfaction := worst + (best-worst)**share(facts.Up, votes)
		r.Satisfaction = &satisfaction
	}
	r.MinutesSaved = float64(facts.Helpful.Tickets)*inputs.TicketMinutes + float64(facts.Helpful.Articles)*inputs.ArticleMinutes +
		float64(facts.Helpful.Systems)*inputs.SystemMinutes
	if facts.Notes > 0 && inputs.ResearchMinutes > 0 {
		saved := min(1, r.MinutesSaved/(float64(facts.Notes)*inputs.ResearchMinutes))
		r.ResearchSaved = &saved
	}
	if baseline != nil && baseline.Tickets > 0 && baseline.MedianSeconds > 0 && facts.Enhanced.Tickets > 0 {
		change := facts.Enhanced.MedianSeconds/baseline.MedianSeconds - 1
		r.ResolutionChange = &change
	}
	r.Success = verdict(r.SuccessRate, TargetSuccess, facts.Completed+facts.Failed, LeastEnded)
	r.Satisfied = verdict(r.Satisfaction, TargetSatisfaction, facts.Up+facts.Down, LeastVotes)
	r.Research = verdict(r.ResearchSaved, TargetResearch, facts.Notes, LeastNotes)
	return r
}

func share(part, whole int) *float64 {
	s := float64(part) / float64(whole)
	return &s
}

// verdict is about more than the target: what just reaches it does not meet it.
func verdict(figure *float64, target float64, n, least int) Verdict {
	switch {
	case figure == nil || n < least:
		return TooLittle
	case *figure > target:
		return Met
	default:
		return NotMet
	}
}
