package synthesis

import (
	"cmp"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// maxPerKind bounds the sources of one kind that a note considers. The gatherers return fewer; it holds
// for any input all the same.
const maxPerKind = 20

// source is a gathered item under the label by which the prompt and the answer name it.
type source struct {
	label string
	// item is as it was gathered; hidden has its texts as a model may see them, shown has them made plain, for the note.
	item, hidden, shown gather.Item
	ref                 Ref
}

// sources are all sources of a note, by kind in the order of their relevance, and by label.
type sources struct {
	tickets, articles, systems []source
	byLabel                    map[string]source
}

func newSources(in Input) sources {
	s := sources{byLabel: map[string]source{}}
	s.tickets = s.add(in, "T", gather.KindTicket, in.Tickets.Items)
	s.articles = s.add(in, "A", gather.KindArticle, in.Articles.Items)
	s.systems = s.add(in, "S", gather.KindSystem, in.Systems.Items)
	return s
}

// add labels items of one kind T1, T2 and so on. An item found twice gets one label.
func (s sources) add(in Input, prefix string, kind gather.Kind, items []gather.Item) []source {
	var added []source
	seen := map[string]bool{}
	for _, item := range items {
		if item.ID != "" && seen[item.ID] {
			continue
		}
		if len(added) == maxPerKind {
			break
		}
		seen[item.ID] = true
		item.Kind = kind
		src := newSource(in, fmt.Sprintf("%s%d", prefix, len(added)+1), item)
		s.byLabel[src.label] = src
		added = append(added, src)
	}
	return added
}

func (s sources) empty() bool { return len(s.byLabel) == 0 }

// citable says whether a section that v wants could cite anything: where none can, there is nothing to ask a model for.
func (s sources) citable(v Voice) bool {
	return len(s.tickets) > 0 && v.asksFor(keyTickets) || len(s.articles) > 0 && v.asksFor(keyArticles) || len(s.systems) > 0 && v.asksFor(keySystems)
}

// newSource prepares item. Its texts are passed through the veil and back, so that no secret of a past ticket reaches a note, and lose
// the note's reference, by which the note is found again.
func newSource(in Input, label string, item gather.Item) source {
	v, reference := veiled{in.Veil}, plainReference(in.Reference)
	hidden, shown := item, item
	texts := func(i *gather.Item) []*string {
		return []*string{&i.ID, &i.Title, &i.Role, &i.Client, &i.Location, &i.Address, &i.Text, &i.Resolution}
	}
	to := texts(&shown)
	for i, text := range texts(&hidden) {
		*text = v.hide(*text)
		*to[i] = plain(clip(flow(v.show(*text)), maxShownRunes))
		if reference != "" {
			*to[i] = without(*to[i], reference)
		}
	}
	shown.Text, shown.Resolution = safe(shown.Text, true), safe(shown.Resolution, true)
	// Titles and fields are shown beside and in place of texts, and links read as them.
	for _, field := range []*string{&shown.ID, &shown.Title, &shown.Role, &shown.Client, &shown.Location, &shown.Address} {
		*field = safeField(*field)
	}
	ref := Ref{Label: label, Kind: item.Kind, Text: name(label, shown), URL: safeURL(item.URL), Date: day(item.ResolvedAt)}
	if item.Kind != gather.KindSystem { // a system is named by the ticket, or it is not
		ref.Relevance = item.Relevance
	}
	return source{label: label, item: item, hidden: hidden, shown: shown, ref: ref}
}

// safeField is safe for what is no text of its own: where nothing of it may be told, it is as good as not recorded.
func safeField(field string) string {
	told := safe(field, true)
	if told == leftOut+"." {
		return ""
	}
	return told
}

// hiddenName is how a model knows a system.
func (s source) hiddenName() string { return cmp.Or(s.hidden.Title, s.hidden.ID, s.label) }

// name is how a reader knows the source.
func name(label string, shown gather.Item) string {
	title := shorten(shown.Title, maxTitleWords)
	switch {
	case shown.Kind == gather.KindTicket && shown.ID != "":
		return "#" + clip(shown.ID, maxIDRunes)
	case title != "":
		return title
	case shown.ID != "":
		return clip(shown.ID, maxIDRunes)
	default:
		return label
	}
}
