package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Lengths in characters.
const (
	// MaxKeywords is the length of the longest query.
	MaxKeywords = 200
	longestWord = 40
)

// Keywords are the words of t by which a knowledge base is searched, separated by spaces: in lower case,
// each once, the subject's first, without what any ticket has (articles, pronouns, greetings), and as
// many as fit into MaxKeywords.
func Keywords(t ticket.Ticket) string {
	var words strings.Builder
	room := MaxKeywords
	seen := make(map[string]bool)
	for word := range strings.FieldsFuncSeq(ticket.Normalize(t.Text()), notInWord) {
		word = strings.ToLower(strings.Trim(word, ".-_'’\u200c\u200d"))
		length := utf8.RuneCountInString(word)
		if length < 2 || length > longestWord || seen[word] || isStopWord(word) {
			continue
		}
		seen[word] = true
		if length+1 > room {
			break
		}
		if words.Len() > 0 {
			words.WriteByte(' ')
			room--
		}
		words.WriteString(word)
		room -= length
	}
	return words.String()
}

// notInWord leaves versions, host names and compounds whole: 10.2, db01.example.com, log-in, 0x80_1, and words that
// are written with joiners.
func notInWord(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.N, unicode.M) && !strings.ContainsRune(".-_'’\u200c\u200d", r)
}

func isStopWord(word string) bool {
	switch word {
	case "about", "after", "all", "also", "am", "an", "and", "any", "anyone", "are", "as", "at", "be", "because", "been",
		"before", "being", "but", "by", "can", "can't", "cannot", "could", "did", "do", "does", "doesn't", "doing", "don't",
		"each", "else", "for", "from", "get", "getting", "had", "has", "have", "having", "he", "her", "here", "him", "his",
		"how", "i'm", "i've", "if", "in", "into", "is", "isn't", "it", "it's", "its", "just", "like", "me", "more", "my",
		"no", "nor", "not", "now", "of", "off", "on", "once", "one", "only", "or", "other", "our", "out", "over", "own",
		"she", "since", "so", "some", "still", "such", "than", "that", "that's", "the", "their", "them", "then", "there",
		"these", "they", "this", "those", "through", "to", "too", "until", "up", "us", "very", "was", "wasn't", "we",
		"were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "won't", "would", "you", "your":
		return true
	// What people say to the service desk rather than about the trouble.
	case "dear", "good", "hello", "help", "hey", "hi", "issue", "kind", "morning", "need", "needs", "please", "problem",
		"regards", "support", "team", "thank", "thanks", "ticket", "today", "try", "tried", "trying", "urgent", "yesterday":
		return true
	default:
		return false
	}
}
