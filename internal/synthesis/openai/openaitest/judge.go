package openaitest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What an honest model takes for relevant: so many notions in common with the ticket, or one where the ticket, or the source, has
// few.
const (
	enoughShared = 2
	fewTopics    = 5
)

// judge leaves the sources in d that have to do with the ticket, as a model would that admits when nothing helps. An article may
// also be about what helped on a similar ticket.
func judge(d data) data {
	about := topics(d.Ticket.Subject + " " + d.Ticket.Description)
	known := topics(d.Ticket.Subject + " " + d.Ticket.Description)
	kept := data{Ticket: d.Ticket}
	for _, t := range d.Tickets {
		if related(about, topics(t.Subject+" "+t.Description+" "+t.Resolution)) {
			kept.Tickets = append(kept.Tickets, t)
			known.add(topics(t.Subject + " " + t.Resolution))
		}
	}
	for _, article := range d.Articles {
		if text := topics(article.Title + " " + article.Summary); related(about, text) || related(known, text) {
			kept.Articles = append(kept.Articles, article)
		}
	}
	kept.Systems = d.Systems // they are listed because the ticket names them
	return kept
}

// notions are what a text is about.
type notions map[string]bool

func (n notions) add(others notions) {
	for word := range others {
		n[word] = true
	}
}

func related(ticket, source notions) bool {
	shared := 0
	for word := range source {
		if ticket[word] {
			shared++
		}
	}
	return shared >= enoughShared || (shared > 0 && min(len(ticket), len(source)) <= fewTopics)
}

// topics are the notions of a text: words without those that any ticket has, and pairs of characters where writing has no spaces.
func topics(text string) notions {
	found := notions{}
	for word := range bag(text) {
		switch {
		case unspaced(word):
			runes := []rune(word)
			for i := range len(runes) - 1 {
				if !strings.ContainsFunc(string(runes[i:i+2]), particle) {
					found[string(runes[i:i+2])] = true
				}
			}
		case utf8.RuneCountInString(word) > 2 && !isNumber(word) && !strings.Contains(anyTicket, " "+word+" "):
			found[word] = true
		}
	}
	return found
}

func isNumber(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsDigit(r) })
}

// unspaced says that word is in a script that does not part words.
func unspaced(word string) bool {
	return strings.ContainsFunc(word, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
	})
}

// particle is Japanese grammar, which every text has.
func particle(r rune) bool { return unicode.Is(unicode.Hiragana, r) }

// anyTicket are stems that say nothing of a ticket's subject.
const anyTicket = " user report problem issue error work please help after befor sinc today yesterday morn afternoon everyon someon all new old" +
	" fix solv resolv ticket check ask team get got use via per one two three again only still also then than will would should could into out" +
	" off over under about any some more most other same how what which who why where there here been had did just now day week month minut hour" +
	" message show see open clos try tri need want can't cannot does don thank hello hallo regard service compani client" +
	" der die das und nicht ist ein eine mit auf für von dem den wir ich seit nach hat kein keine bei zum zur wird wurde alle bitte funktioniert problem" +
	" les des une est pas pour dans sur avec aux par nous vous depuis que qui plus tout tous toute bonjour merci erreur" +
	" los las una por con para que del desde todo todos hay esta est este pero com ano problema não uma não dos das mais" +
	" della delle degli non per che dal nel sono het een van niet met voor dat aan naar geen "
