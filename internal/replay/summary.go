package replay

import (
	"math"
	"slices"
	"time"
)

const (
	half, most = 0.5, 0.95
	quarters   = 4
)

// Summary is how a configuration fared.
type Summary struct {
	Tickets   int `json:"tickets"`
	Failed    int `json:"failed"`    // there is no draft
	Generated int `json:"generated"` // a model wrote the note
	Abstained int `json:"abstained"` // the note names no source
	Cached    int `json:"cached"`
	// Fallbacks are why no model wrote the others.
	Fallbacks map[string]int `json:"fallbacks"`
	// Confidence counts the generated notes by quarters of it: below 0.25, 0.5, 0.75, and up to 1.
	Confidence     [quarters]int  `json:"confidence"`
	MeanConfidence float64        `json:"mean_confidence"`
	MeanWords      float64        `json:"mean_words"`
	MostWords      int            `json:"most_words"`
	MeanSources    float64        `json:"mean_sources"`
	MeanCitations  float64        `json:"mean_citations"`
	Dropped        map[string]int `json:"dropped"`
	Masked         map[string]int `json:"masked"`
	Calls          int            `json:"calls"`
	PromptTokens   int            `json:"prompt_tokens"`
	OutputTokens   int            `json:"completion_tokens"`
	CostUSD        float64        `json:"cost_usd"`
	MeanCostUSD    float64        `json:"mean_cost_usd"`
	P95CostUSD     float64        `json:"p95_cost_usd"`
	P50MS          int64          `json:"p50_ms"`
	P95MS          int64          `json:"p95_ms"`
	// Versions of the tenant under which the notes were drafted: more than one when it was changed meanwhile.
	Versions []int64 `json:"versions"`
}

// Summarize adds up the drafts of the configuration at place.
func Summarize(results []Result, place int) Summary {
	s := Summary{Fallbacks: map[string]int{}, Dropped: map[string]int{}, Masked: map[string]int{}, Versions: []int64{}}
	var (
		costs []float64
		times []int64
	)
	for _, r := range results {
		s.Tickets++
		if place >= len(r.Drafts) || r.Drafts[place].Preview == nil {
			s.Failed++
			continue
		}
		s.add(r.Drafts[place])
		costs = append(costs, r.Drafts[place].Preview.Account.CostUSD)
		times = append(times, r.Drafts[place].Preview.TookMS)
	}
	if drafted := float64(len(costs)); drafted > 0 {
		s.MeanWords /= drafted
		s.MeanSources /= drafted
		s.MeanCitations /= drafted
		s.MeanCostUSD = s.CostUSD / drafted
	}
	if s.Generated > 0 {
		s.MeanConfidence /= float64(s.Generated)
	}
	s.P95CostUSD = percentile(costs, most)
	s.P50MS, s.P95MS = percentile(times, half), percentile(times, most)
	slices.Sort(s.Versions)
	return s
}

// add counts a draft; the means are sums until the end.
func (s *Summary) add(d Draft) {
	account := d.Preview.Account
	switch {
	case account.Generated:
		s.Generated++
		s.MeanConfidence += account.Confidence
		s.Confidence[min(quarters-1, max(0, int(account.Confidence*quarters)))]++
	default:
		s.Fallbacks[account.FallbackReason]++
	}
	if len(d.Preview.Note.Cited) == 0 {
		s.Abstained++
	}
	if account.Cached {
		s.Cached++
	}
	s.MeanWords += float64(account.Words)
	s.MostWords = max(s.MostWords, account.Words)
	s.MeanSources += float64(account.Sources)
	s.MeanCitations += float64(len(d.Preview.Note.Cited))
	for reason, n := range account.Dropped {
		s.Dropped[reason] += n
	}
	for kind, n := range account.Masked {
		s.Masked[kind] += n
	}
	s.CostUSD += account.CostUSD
	for _, call := range d.Preview.LLMCalls {
		s.Calls++
		s.PromptTokens += call.PromptTokens
		s.OutputTokens += call.CompletionTokens
	}
	if !slices.Contains(s.Versions, account.TenantVersion) {
		s.Versions = append(s.Versions, account.TenantVersion)
	}
}

// percentile is that of the nearest rank; 0 of nothing.
func percentile[T int64 | float64](values []T, share float64) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

// Report is a replay as a whole.
type Report struct {
	Plan    Plan      `json:"plan"`
	MadeAt  time.Time `json:"made_at"`
	Asked   int       `json:"asked"` // more than there are results of when it ended early
	Totals  []Summary `json:"totals"`
	Results []Result  `json:"results"`
}

// NewReport adds up results. asked is how many tickets were to be replayed.
func NewReport(plan Plan, asked int, results []Result, now time.Time) Report {
	report := Report{Plan: plan, MadeAt: now, Asked: asked, Results: results}
	for place := range plan.Configurations {
		report.Totals = append(report.Totals, Summarize(results, place))
	}
	return report
}
