package synthesis

import "strings"

// DefaultMaxWords is the most words a note shows, headings, notices and reference included.
const DefaultMaxWords = 500

// minMaxWords leaves room for what every note shows: headings, a notice, the reference.
const minMaxWords = 120

// leastWords is what a text is shortened to before it is given up altogether.
const leastWords = 8

// fit makes n show at most maxWords words in every format. It drops whole items, the last of the
// section that has most, down to one per section; then shortens the longest text; and only when all
// are short drops items, notices but the first, and the summary. It gives the number of dropped items.
func fit(n Note, maxWords int) (fitted Note, dropped int) {
	for longest(n) > maxWords {
		if s := fullest(n); s != nil && len(s.Items) > 1 {
			s.drop()
			dropped++
			continue
		}
		if shortenLongest(&n, longest(n)-maxWords) {
			continue
		}
		if s := fullest(n); s != nil {
			s.drop()
			dropped++
			continue
		}
		if len(n.Notices) > 1 {
			n.Notices = n.Notices[:len(n.Notices)-1]
			continue
		}
		if n.Summary == "" {
			break
		}
		n.Summary = ""
	}
	return n, dropped
}

// longest is the number of words of n in the format that shows most. Markdown does, when it is read as it
// is written: "###" and "-" stand alone there.
func longest(n Note) int { return WordCount(Render(n, FormatMarkdown)) }

// fullest is the section with most items; nil when all are empty. Of equals it is the first, so that
// recommendations go last.
func fullest(n Note) *Section {
	var found *Section
	for i := range n.Sections {
		s := &n.Sections[i]
		if len(s.Items) > 0 && (found == nil || len(s.Items) > len(found.Items)) {
			found = s
		}
	}
	return found
}

func (s *Section) drop() {
	s.Items = s.Items[:len(s.Items)-1]
	s.Omitted++
}

// shortenLongest takes about excess words out of the longest text, but leaves leastWords; false when
// every text is that short.
func shortenLongest(n *Note, excess int) bool {
	text := &n.Summary
	for i := range n.Sections {
		for j := range n.Sections[i].Items {
			if t := &n.Sections[i].Items[j].Text; WordCount(*t) > WordCount(*text) {
				text = t
			}
		}
	}
	words := WordCount(*text)
	if words <= leastWords {
		return false
	}
	short := shorten(*text, max(leastWords, words-excess))
	*text = strings.TrimSpace(short)
	return WordCount(short) < words
}
