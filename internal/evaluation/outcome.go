package evaluation

import (
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// Outcome is what the note on one case was like.
type Outcome struct {
	Case      string `json:"case"`
	Generated bool   `json:"generated"`
	// Fallback is why no model wrote it.
	Fallback synthesis.Reason `json:"fallback,omitempty"`
	// Answerable is the case's, Answered says that the note makes statements of the model's, and not of the gathered context alone.
	Answerable bool `json:"answerable"`
	Answered   bool `json:"answered"`
	// Cited are the sources that these statements cite, Relevant those that they should, Hits both.
	Cited    int `json:"cited"`
	Relevant int `json:"relevant"`
	Hits     int `json:"hits"`
	// Missed are the facts that the note should have, and Forbidden those that it should not have and has.
	Facts     int      `json:"facts"`
	Missed    []string `json:"missed,omitempty"`
	Forbidden []string `json:"forbidden,omitempty"`
	// Claims is the number of sentences; Unsupported are those with a fact that no cited source has, OffSource those that are worded
	// in what the cited sources do not say.
	Claims      int      `json:"claims"`
	Unsupported []string `json:"unsupported,omitempty"`
	OffSource   []string `json:"off_source,omitempty"`
	// Unknown are citations and links of what was not gathered, Effects whatever else is more than the note's text.
	Unknown []string `json:"unknown_citations,omitempty"`
	Effects []string `json:"effects,omitempty"`
	Words   int      `json:"words"`
	// Refused counts the statements that the checks took for more than the sources say; of a model that says no more, each is a mistake of theirs.
	Refused int `json:"refused"`
	// Leaks counts the values that a model was sent and should not see, Shown the secrets in the note. The values are not repeated.
	Leaks int `json:"leaks"`
	Shown int `json:"secrets_shown"`

	Calls            int           `json:"calls"`
	PromptTokens     int           `json:"prompt_tokens"`
	CompletionTokens int           `json:"completion_tokens"`
	CostUSD          float64       `json:"cost_usd"`
	Duration         time.Duration `json:"duration_ns"`
}

// judge measures the note that was drafted on c.
func judge(c Case, d drafted) Outcome {
	o := Outcome{
		Case: c.Name, Generated: d.Note.Generated, Fallback: d.FallbackReason, Answerable: c.Unanswerable == "",
		Relevant: len(c.Relevant), Facts: len(c.Facts), Leaks: leaks(c, d.sent), Calls: len(d.sent),
	}
	if d.Note.Generated {
		o.citations(c, d.Note)
		o.claims(c, d.Note)
	}
	text := synthesis.Text(d.Note)
	for _, fact := range c.Facts {
		if !fact.MatchString(text) {
			o.Missed = append(o.Missed, fact.String())
		}
	}
	for _, wrong := range c.Forbidden {
		if d.Note.Generated && wrong.MatchString(text) {
			o.Forbidden = append(o.Forbidden, wrong.String())
		}
	}
	seen := render(d.Note)
	for _, e := range inspect(seen, allowed(c.request()), d.sent) {
		if e.kind == effectLink || e.kind == effectCitation {
			o.Unknown = append(o.Unknown, e.String())
		} else {
			o.Effects = append(o.Effects, e.String())
		}
	}
	o.Words = seen.words()
	for reason, n := range d.Dropped {
		if strings.HasPrefix(reason, unsupported) || reason == synthesis.DropUnsafe || reason == synthesis.DropAsksSecrets {
			o.Refused += n
		}
	}
	for _, secret := range c.Secrets {
		if slices.ContainsFunc(seen.all(), func(s string) bool { return strings.Contains(s, secret) }) {
			o.Shown++
		}
	}
	for _, call := range d.Calls {
		o.PromptTokens += call.PromptTokens
		o.CompletionTokens += call.CompletionTokens
		o.CostUSD += call.CostUSD
	}
	return o
}

// unsupported begins the reasons for which a statement is refused that says what no source does.
const unsupported = "unsupported_"

// disclaimed begins an item that names what was gathered and says that it does not help.
const disclaimed = "Probably unrelated"

// citations counts what the note's items cite.
func (o *Outcome) citations(c Case, n synthesis.Note) {
	cited := map[string]bool{}
	for _, s := range n.Sections {
		for _, item := range s.Items {
			if strings.HasPrefix(item.Text, disclaimed) {
				continue
			}
			o.Answered = true
			for _, ref := range item.Sources {
				id, ok := c.cited(ref)
				if !ok {
					o.Unknown = append(o.Unknown, "citation of "+ref.Text)
				}
				cited[id] = true
			}
			if len(item.Sources) == 0 {
				o.Unknown = append(o.Unknown, "nothing is cited for: "+item.Text)
			}
		}
	}
	o.Cited = len(cited)
	for _, id := range c.Relevant {
		if cited[id] {
			o.Hits++
		}
	}
}

// cited is the id of the source that a reader takes ref for.
func (c Case) cited(ref synthesis.Ref) (id string, ok bool) {
	known := c.request()
	for _, found := range [][]gather.Item{known.Tickets.Items, known.Articles.Items, known.Systems.Items} {
		for _, item := range found {
			switch {
			case item.Kind != ref.Kind, item.URL != ref.URL:
			case item.Kind == gather.KindTicket && ref.Text == "#"+item.ID:
				return item.ID, true
			case item.Kind != gather.KindTicket && strings.HasPrefix(item.Title, strings.TrimSuffix(ref.Text, "…")):
				return item.ID, true
			}
		}
	}
	return "?" + ref.Text, false
}
