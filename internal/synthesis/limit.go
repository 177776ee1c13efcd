package synthesis

// DefaultMaxWords is the most words a note shows, headings, notices and reference included.
const DefaultMaxWords = 500

// minMaxWords leaves room for what every note shows: headings, a notice, the reference.
const minMaxWords = 120

// changeWords are kept free in a note without a model for the line that says what has changed, which counts where it cannot name.
const changeWords = 40

// fit makes n, which has its confidence and its footer, show at most maxWords words in every format. It drops whole items, the last
// of the section that has most, down to one per section; then the last sentence of the longest text; and only when all are of one
// sentence drops the summary, items, and notices but the first. No sentence is cut. It gives the number of dropped items.
func fit(n Note, maxWords int) (fitted Note, dropped int) {
	for longest(n) > maxWords {
		if s := fullest(n); s != nil && len(s.Items) > 1 {
			s.drop()
			dropped++
			continue
		}
		if shortenLongest(&n) {
			continue
		}
		if n.Summary != "" {
			n.Summary = ""
			continue
		}
		if s := fullest(n); s != nil {
			s.drop()
			dropped++
			continue
		}
		if len(n.Notices) <= 1 {
			break
		}
		n.Notices = n.Notices[:len(n.Notices)-1]
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

// shortenLongest takes the last sentence off the longest text that has more than one; false when none has.
func shortenLongest(n *Note) bool {
	var text *string
	consider := func(t *string) {
		if withoutLast(*t) != "" && (text == nil || WordCount(*t) > WordCount(*text)) {
			text = t
		}
	}
	consider(&n.Summary)
	for i := range n.Sections {
		for j := range n.Sections[i].Items {
			consider(&n.Sections[i].Items[j].Text)
		}
	}
	if text == nil {
		return false
	}
	*text = withoutLast(*text)
	return true
}
