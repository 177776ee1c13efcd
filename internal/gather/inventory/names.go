package inventory

import (
	"iter"
	"strings"
	"unicode"
)

// MaxNames is how many different words of one ticket are looked up as host names or asset tags.
const MaxNames = 500

// Longest names: of a host and of one label in it (RFC 1035), and of an asset tag.
const (
	longestHost  = 253
	longestLabel = 63
	longestTag   = 60
)

// name is a word of a text that is a host name or an asset tag if the inventory knows it by that.
type name struct {
	part

	// host is the name in lower case; empty for what can only be an asset tag.
	host string
	// tag is the tag in the form in which tags are compared; empty for what can only be a host name.
	tag string
}

// label is the host name without its domain.
func (n name) label() string {
	label, _, _ := strings.Cut(n.host, ".")
	return label
}

func (n name) domain() string {
	_, domain, _ := strings.Cut(n.host, ".")
	return domain
}

// isWord tells a host name that could as well be a word: its label has nothing but letters.
func (n name) isWord() bool { return isWord(n.label()) }

// names are the words of text that are worth looking up, each once, in order of appearance, at most
// MaxNames. These are
//
//   - names with a domain (db01.example.com), but not the domain of an e-mail address;
//   - words with a digit, a hyphen or an underscore (db01, print-srv, LT-00423);
//   - words of letters alone (mail, backup), where something says that a host is meant: see hostlike;
//   - numbers behind a word that announces an asset tag, and numbers with letters before a blank
//     (asset 00417, LT 00423).
func names(text string) []name {
	var found []name
	seen := map[[2]string]bool{}
	for w := range words(text) {
		for _, n := range w.names() {
			key := [2]string{n.host, n.tag}
			if seen[key] {
				continue
			}
			seen[key] = true
			if found = append(found, n); len(found) == MaxNames {
				return found
			}
		}
	}
	return found
}

// word is a word of a text with what stands around it.
type word struct {
	part

	text string // the whole of it
	// previous and next to last are the words before, gap what lies between previous and this one.
	previous, nextToLast part
	gap                  string
	// shouted says that the line has no lower-case letter.
	shouted bool
}

// words are the parts of tokens that host names and tags are made of, without punctuation.
func words(text string) iter.Seq[word] {
	return func(yield func(word) bool) {
		w := word{text: text}
		lineEnd := 0
		for token := range tokens(text) {
			if token.at >= lineEnd {
				line, _, _ := strings.Cut(text[token.at:], "\n")
				lineEnd = token.at + len(line) + 1
				w.shouted = !strings.ContainsFunc(line, unicode.IsLower)
			}
			for piece := range pieces(token) {
				w.nextToLast, w.previous = w.previous, w.part
				w.part, w.gap = piece, text[w.end():piece.at]
				if !yield(w) {
					return
				}
			}
		}
	}
}

// pieces are what a token's colons and percent signs separate, without punctuation at either end.
func pieces(token part) iter.Seq[part] {
	return func(yield func(part) bool) {
		for from := 0; from < len(token.text); {
			to := len(token.text)
			if i := strings.IndexAny(token.text[from:], ":%"); i >= 0 {
				to = from + i
			}
			piece := token.slice(from, to)
			left := len(piece.text) - len(strings.TrimLeft(piece.text, ".-_"))
			piece = piece.slice(left, max(left, len(strings.TrimRight(piece.text, ".-_"))))
			if piece.text != "" && !yield(piece) {
				return
			}
			from = to + 1
		}
	}
}

// names is what the word may name. An asset tag behind a word that announces it may be just the number or
// include that word, so there can be two.
func (w word) names() []name {
	if strings.HasPrefix(w.text[w.end():], "@") { // anna in anna@example.com
		return nil
	}
	lower := strings.ToLower(w.part.text)
	switch shapeOf(w.part.text) {
	case shapeOther:
	case shapeQualified:
		n := name{part: w.part, host: lower}
		if n.isWord() && strings.HasSuffix(w.gap, "@") { // anna@mail.example.com
			return nil
		}
		return []name{n}
	case shapeMixed:
		return []name{{part: w.part, host: lower, tag: tagKey(lower)}}
	case shapeWord:
		if w.hostlike() {
			return []name{{part: w.part, host: lower}}
		}
	case shapeNumber:
		return w.tags()
	}
	return nil
}
