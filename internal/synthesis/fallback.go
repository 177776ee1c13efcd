package synthesis

import (
	"fmt"
	"strings"
	"time"
)

// Reason says why a note was written without the language model. It is stored and counted.
type Reason string

// The reasons.
const (
	ReasonNoLLM       Reason = "no_llm"      // none is configured
	ReasonNoSources   Reason = "no_sources"  // nothing was found that a model could cite, so it was not asked
	ReasonTimeout     Reason = "timeout"     // no answer in time
	ReasonFailed      Reason = "failed"      // the request failed
	ReasonNotNow      Reason = "not_now"     // it has failed again and again, and was not asked
	ReasonRefused     Reason = "refused"     // the model or its filter declined
	ReasonUnreadable  Reason = "unreadable"  // no answer in the form asked for
	ReasonUnsupported Reason = "unsupported" // nothing in the answer was supported by a source
	ReasonOverBudget  Reason = "over_budget" // the tenant has spent what it may spend this month
)

// notice tells the reader.
func (r Reason) notice() string {
	cause := map[Reason]string{
		ReasonNoLLM:       "none is set up",
		ReasonNoSources:   "nothing was found for it to work on",
		ReasonTimeout:     "it did not answer in time",
		ReasonFailed:      "it could not be reached",
		ReasonNotNow:      "it has not answered lately, and is asked again soon",
		ReasonRefused:     "it declined to answer",
		ReasonUnreadable:  "its answer could not be read",
		ReasonUnsupported: "its answer was not supported by what was found",
		ReasonOverBudget:  "this month's budget for it is spent",
	}[r]
	return "Written without the language model: " + cause + "."
}

// How much of the sources a note without a model tells: words per item, tried from most to least.
const (
	fullContextWords  = 40
	shortContextWords = 25
	leastContextWords = 14
)

// Recommendations of a note without a model, per kind of source.
const (
	maxTicketAdvice  = 3
	maxArticleAdvice = 2
	maxSystemAdvice  = 2
)

// contextNote is the note without a model: what was gathered, in its own words, shortened until all of
// it fits maxWords if it can.
func contextNote(in Input, src sources, reason Reason, maxWords int) Note {
	var n Note
	for _, words := range []int{fullContextWords, shortContextWords, leastContextWords} {
		n = newNote(in, [sectionCount][]Item{
			ticketItems(src.tickets, words),
			articleItems(src.articles, words),
			systemItems(src.systems, words),
			advice(src, words),
		})
		n.Summary = foundSummary(src)
		n.Notices = append([]string{reason.notice()}, in.notices()...)
		if words == leastContextWords || longest(n) <= maxWords {
			break
		}
	}
	return n
}

func foundSummary(src sources) string {
	return fmt.Sprintf("Found: %s, %s, %s.",
		count(len(src.tickets), "similar ticket"),
		count(len(src.articles), "article"),
		count(len(src.systems), "system"))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func ticketItems(tickets []source, words int) []Item {
	var items []Item
	for _, s := range tickets {
		text := shorten(s.shown.Title, maxTitleWords)
		if text == "" {
			text = "Past ticket"
		}
		if s.item.Similar > 0 {
			text += fmt.Sprintf(" (%d more like it)", s.item.Similar)
		}
		resolution := s.shown.Resolution
		if resolution == "" {
			resolution = "no resolution is recorded."
		}
		items = append(items, cited(shorten(text+": "+resolution, words), s))
	}
	return items
}

func articleItems(articles []source, words int) []Item {
	var items []Item
	for _, s := range articles {
		text := s.shown.Text
		if text == "" {
			text = "No summary is recorded."
		}
		items = append(items, cited(shorten(text, words), s))
	}
	return items
}

func systemItems(systems []source, words int) []Item {
	var items []Item
	for _, s := range systems {
		var facts []string
		for _, fact := range []string{s.shown.Role, s.shown.Client, s.shown.Location, s.shown.Address} {
			if fact != "" {
				facts = append(facts, fact)
			}
		}
		text := strings.Join(facts, ", ")
		switch why := s.shown.Text; {
		case text == "" && why == "":
			text = "Known system, no details are recorded."
		case text == "":
			text = why
		case why != "":
			text += " (" + why + ")"
		}
		items = append(items, cited(shorten(text, words), s))
	}
	return items
}

// advice recommends no more than the sources themselves warrant: to check them.
func advice(src sources, words int) []Item {
	var items []Item
	for _, s := range src.tickets {
		if resolution := s.shown.Resolution; resolution != "" && len(items) < maxTicketAdvice {
			items = append(items, cited(shorten("Check whether this resolution applies: "+resolution, words), s))
		}
	}
	if articles := src.articles[:min(maxArticleAdvice, len(src.articles))]; len(articles) > 0 {
		item := Item{Text: "See whether this documentation covers the ticket."}
		for _, s := range articles {
			item.Sources = append(item.Sources, s.ref)
		}
		items = append(items, item)
	}
	for _, s := range src.systems[:min(maxSystemAdvice, len(src.systems))] {
		text := "Check this system, whose address the ticket mentions."
		if why := s.shown.Text; why != "" {
			text = "Check this: " + why + "."
		}
		items = append(items, cited(shorten(text, words), s))
	}
	return items
}

func cited(text string, s source) Item { return Item{Text: text, Sources: []Ref{s.ref}} }

// day is t's date in UTC; empty for no time.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
