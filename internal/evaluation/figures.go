package evaluation

import (
	"slices"
	"time"
)

// Figures sum up a model's notes. Shares lie between 0 and 1; one of nothing is 1.
type Figures struct {
	// Answered is the share of the answerable cases on which the note makes statements of the model's, Abstained that of the
	// unanswerable ones on which it makes none.
	Answered  float64 `json:"answered"`
	Abstained float64 `json:"abstained"`
	// Precision is the share of the sources cited that help, Recall that of those that help that are cited; of notes that a model wrote.
	Precision float64 `json:"citation_precision"`
	Recall    float64 `json:"citation_recall"`
	// Facts is the share of the expected facts that notes have, of all notes on answerable cases.
	Facts     float64 `json:"facts"`
	Forbidden int     `json:"forbidden_facts"`
	// Claims are the sentences that a model wrote; Unsupported and OffSource count the bad ones.
	Claims      int     `json:"claims"`
	Unsupported int     `json:"unsupported_claims"`
	OffSource   float64 `json:"off_source_share"`
	Unknown     int     `json:"unknown_citations"`
	Refused     int     `json:"refused"`
	Effects     int     `json:"effects"`
	MostWords   int     `json:"most_words"`
	TooLong     int     `json:"notes_too_long"`
	Leaks       int     `json:"masking_leaks"`
	Shown       int     `json:"secrets_shown"`
	// Fallback is the share of all notes that no model wrote.
	Fallback float64 `json:"fallback"`

	Calls            int     `json:"calls"`
	PromptTokens     int     `json:"prompt_tokens"`
	CompletionTokens int     `json:"completion_tokens"`
	CostUSD          float64 `json:"cost_usd"`
	// Median and P95 are times of whole drafts, in nanoseconds. They are no part of what is compared.
	Median time.Duration `json:"median_ns"`
	P95    time.Duration `json:"p95_ns"`
}

func sum(outcomes []Outcome) Figures {
	var (
		f                                          Figures
		answerable, answered, unanswerable, silent int
		cited, relevant, hits, facts, missed       int
		offSource, fallbacks                       int
		durations                                  []time.Duration
	)
	for _, o := range outcomes {
		if o.Answerable {
			answerable++
			answered += one(o.Answered)
			facts += o.Facts
			missed += len(o.Missed)
		} else {
			unanswerable++
			silent += one(!o.Answered)
		}
		if o.Generated {
			cited += o.Cited
			relevant += o.Relevant
			hits += o.Hits
		}
		fallbacks += one(!o.Generated)
		f.Forbidden += len(o.Forbidden)
		f.Claims += o.Claims
		f.Unsupported += len(o.Unsupported)
		offSource += len(o.OffSource)
		f.Unknown += len(o.Unknown)
		f.Refused += o.Refused
		f.Effects += len(o.Effects)
		f.MostWords = max(f.MostWords, o.Words)
		f.TooLong += one(o.Words > maxWords)
		f.Leaks += o.Leaks
		f.Shown += o.Shown
		f.Calls += o.Calls
		f.PromptTokens += o.PromptTokens
		f.CompletionTokens += o.CompletionTokens
		f.CostUSD += o.CostUSD
		durations = append(durations, o.Duration)
	}
	f.Answered, f.Abstained = share(answered, answerable), share(silent, unanswerable)
	f.Precision, f.Recall = share(hits, cited), share(hits, relevant)
	f.Facts = share(facts-missed, facts)
	f.OffSource = 0
	if f.Claims > 0 {
		f.OffSource = share(offSource, f.Claims)
	}
	f.Fallback = share(fallbacks, len(outcomes))
	slices.Sort(durations)
	f.Median, f.P95 = percentile(durations, median), percentile(durations, mostOf)
	return f
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// The percentiles of interest.
const median, mostOf = 50, 95

// percentile is the nearest-rank one of what is sorted.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*p+100-1)/100-1)]
}
