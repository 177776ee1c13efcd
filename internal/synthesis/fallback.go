package synthesis

import (
	"cmp"
	"fmt"
	"slices"
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

// telling is how much of the sources a note without a model tells.
type telling struct {
	words    int  // of an item at most, in whole sentences
	title    int  // words of a title
	advice   bool // recommendations too
	together bool // all sources of a kind in one item
}

// tellings are tried from most to least. The last one takes a word for each source.
func tellings() []telling {
	var all []telling
	for _, words := range []int{maxItemWords, 40, usualWords, 14, 0} {
		all = append(all, telling{words: words, title: maxTitleWords, advice: true})
	}
	all = append(all, telling{title: maxTitleWords / 2})
	for _, title := range []int{4, 2, 1} {
		all = append(all, telling{title: title, together: true})
	}
	return all
}

// usualWords are those of a source beside what a model wrote.
const usualWords = 25

// Recommendations of a note without a model, per kind of source.
const (
	maxTicketAdvice  = 3
	maxArticleAdvice = 2
	maxSystemAdvice  = 2
)

// contextNote is the note without a model: what was gathered, in its own words. Rather than to lose a source it tells less of each, until
// all of it fits maxWords, with room for what a later job may mark in it. In DefaultMaxWords every source is named.
func contextNote(in Input, src sources, reason Reason, maxWords int) Note {
	var n Note
	for _, t := range tellings() {
		n = newNote(in, t.items(src))
		n.Summary = foundSummary(src)
		n.Notices = append([]string{reason.notice()}, in.notices()...)
		n = withoutReference(n)
		if longest(allNew(n)) <= maxWords-changeWords {
			break
		}
	}
	return n
}

// noneChecked stands in place of recommendations that were all dropped.
const noneChecked = "No recommendation passed the checks."

// mostFilled is how many sources stand in place of what a model wrote.
const mostFilled = 5

// fill puts what was gathered in the sections of which nothing is left although the model wrote something, or was cut off before: that nothing
// was found would be wrong.
func fill(a answer, src sources, items [sectionCount][]Item) [sectionCount][]Item {
	t := telling{words: usualWords, title: maxTitleWords}
	first := func(found []source) []source { return found[:min(mostFilled, len(found))] }
	for i, told := range [][]Item{t.tickets(first(src.tickets)), t.articles(first(src.articles)), t.systems(first(src.systems))} {
		if len(items[i]) == 0 && (len(a.sections[i]) > 0 || a.truncated && !a.given[i]) {
			items[i] = told
		}
	}
	return items
}

// allNew is n with every item marked, as a later job may.
func allNew(n Note) Note {
	n.Sections = slices.Clone(n.Sections)
	for i := range n.Sections {
		n.Sections[i].Items = slices.Clone(n.Sections[i].Items)
		for j := range n.Sections[i].Items {
			n.Sections[i].Items[j].New = true
		}
	}
	return n
}

func (t telling) items(src sources) [sectionCount][]Item {
	if t.together {
		return [sectionCount][]Item{t.list(src.tickets), t.list(src.articles), t.list(src.systems), nil}
	}
	items := [sectionCount][]Item{t.tickets(src.tickets), t.articles(src.articles), t.systems(src.systems)}
	if t.advice {
		items[adviceSection] = t.recommend(src)
	}
	return items
}

// list names all of found in one item.
func (t telling) list(found []source) []Item {
	if len(found) == 0 {
		return nil
	}
	item := Item{Text: "Found:"}
	for _, s := range found {
		ref := t.ref(s)
		ref.Relevance, ref.Date = 0, ""
		item.Sources = append(item.Sources, ref)
	}
	return []Item{item}
}

// ref is the citation of s, with a title of at most t.title words.
func (t telling) ref(s source) Ref {
	ref := s.ref
	ref.Text = shorten(ref.Text, t.title)
	return ref
}

func (t telling) cited(text string, s source) Item { return Item{Text: text, Sources: []Ref{t.ref(s)}} }

func foundSummary(src sources) string {
	if src.empty() {
		return nothingFound
	}
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

func (t telling) tickets(tickets []source) []Item {
	var items []Item
	for _, s := range tickets {
		text := s.headline(t.title)
		switch resolution := s.shown.Resolution; {
		case t.words == 0:
		case resolution == "":
			text += ": no resolution is recorded."
		default:
			if told := whole(resolution, t.words-WordCount(text)); told != "" {
				text += ": " + told
			}
		}
		items = append(items, t.cited(text, s))
	}
	return items
}

// headline is a past ticket's title, and how many are like it.
func (s source) headline(words int) string {
	text := cmp.Or(shorten(s.shown.Title, words), "Past ticket")
	if s.item.Similar > 0 {
		text += fmt.Sprintf(" (%d more like it)", s.item.Similar)
	}
	return text
}

func (t telling) articles(articles []source) []Item {
	var items []Item
	for _, s := range articles {
		text := "No summary is recorded."
		if about := s.shown.Text; about != "" {
			text = cmp.Or(whole(about, t.words), "Its summary is too long to stand here.")
		}
		if t.words == 0 {
			text = "Article:"
		}
		items = append(items, t.cited(text, s))
	}
	return items
}

func (t telling) systems(systems []source) []Item {
	var items []Item
	for _, s := range systems {
		items = append(items, t.cited(cmp.Or(s.known(t.words), "System:"), s))
	}
	return items
}

// known is what is known of a system in at most so many words, and why it is listed; nothing when there is no room.
func (s source) known(words int) string {
	var facts []string
	for _, fact := range []string{s.shown.Role, s.shown.Client, s.shown.Location, s.shown.Address} {
		if fact != "" && WordCount(strings.Join(facts, " ")+" "+fact) <= words && len(fact) <= words*runesPerWord {
			facts = append(facts, fact)
		}
	}
	text := strings.Join(facts, ", ")
	why := s.shown.Text
	if WordCount(text)+WordCount(why) > words || len(why) > words*runesPerWord {
		why = ""
	}
	switch {
	case text == "" && why == "" && words > 0:
		return "Known system, no details are recorded."
	case text == "":
		return why
	case why != "":
		return text + " (" + why + ")"
	}
	return text
}

// recommend recommends no more than the sources themselves warrant: to check them.
func (t telling) recommend(src sources) []Item {
	var items []Item
	for _, s := range src.tickets {
		if s.shown.Resolution == "" || len(items) == maxTicketAdvice {
			continue
		}
		text := "Check whether this resolution applies"
		if told := whole(safe(s.shown.Resolution, false), t.words-WordCount(text)); told != "" {
			text += ": " + told
		} else {
			text += "."
		}
		items = append(items, t.cited(text, s))
	}
	if articles := src.articles[:min(maxArticleAdvice, len(src.articles))]; len(articles) > 0 {
		item := Item{Text: "See whether this documentation covers the ticket."}
		for _, s := range articles {
			item.Sources = append(item.Sources, t.ref(s))
		}
		items = append(items, item)
	}
	for _, s := range src.systems[:min(maxSystemAdvice, len(src.systems))] {
		text := "Check this system, whose address the ticket mentions."
		if why := safe(s.shown.Text, false); why != "" && WordCount(why) < t.words {
			text = "Check this: " + strings.TrimRight(why, ".") + "."
		}
		items = append(items, t.cited(text, s))
	}
	return items
}

// day is t's date in UTC; empty for no time.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
