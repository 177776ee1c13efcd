package htmltext

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// The line breaks between two pieces of text.
const (
	newLine   = 1
	emptyLine = 2
)

// maxIndent bounds the levels by which nested lists are indented.
const maxIndent = 8

// writer lays text out on lines: of the whole document, or of one cell of a table.
type writer struct {
	b strings.Builder
	// gap is how many line breaks stand between what was written and what comes.
	gap   int
	space bool
	lists []list
	// marker is that of a list item that has no text yet.
	marker string
	// solid marks content that would suffer from being put on one line.
	solid bool
	// room is how many bytes may still be written, shared by the writers of a document.
	room *int
}

type list struct {
	ordered bool
	items   int
}

func (w *writer) String() string { return w.b.String() }

func (w *writer) empty() bool { return w.b.Len() == 0 }

// atLineStart tells whether the next text begins a line.
func (w *writer) atLineStart() bool { return w.gap > 0 || w.empty() }

// separate sees to it that what follows stands at least n line breaks away.
func (w *writer) separate(n int) {
	if w.marker != "" || w.empty() {
		return // the first block of a list item stands beside its marker
	}
	w.gap, w.space = max(w.gap, n), false
}

// lineBreak is a <br>: two in a row make an empty line, more do not make more.
func (w *writer) lineBreak() {
	if w.marker == "" && !w.empty() {
		w.gap, w.space = min(w.gap+1, emptyLine), false
	}
}

// begin writes what stands before text.
func (w *writer) begin() {
	if w.atLineStart() {
		w.put(strings.Repeat("\n", w.gap))
		if levels := min(len(w.lists), maxIndent); levels > 0 {
			w.put(strings.Repeat("  ", levels-1))
			if w.marker == "" {
				w.put("  ")
			}
		}
		w.put(w.marker)
		w.gap, w.space, w.marker = 0, false, ""
	}
	if w.space {
		w.put(" ")
		w.space = false
	}
}

func (w *writer) put(s string) {
	if len(s) > *w.room {
		s = upTo(s, max(*w.room, 0))
		*w.room = 0
	}
	*w.room -= len(s)
	w.b.WriteString(s)
}

// flow writes text whose white space only separates words.
func (w *writer) flow(text string) {
	if w.atLineStart() && strings.Contains(text, "\u00a0") && strings.TrimSpace(text) == "" {
		w.separate(emptyLine) // <p>&nbsp;</p> is how mail programs leave a line empty
	}
	for text != "" && *w.room > 0 {
		start := strings.IndexFunc(text, isNoSpace)
		if start != 0 {
			w.space = true
		}
		if start < 0 {
			return
		}
		text = text[start:]
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
		w.begin()
		w.put(text[:end])
		text = text[end:]
	}
}

func isNoSpace(r rune) bool { return !unicode.IsSpace(r) }

// verbatim writes text whose white space matters.
func (w *writer) verbatim(text string) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			w.gap++
			w.solid = w.solid || !w.empty()
		}
		if *w.room <= 0 {
			return
		}
		if line != "" {
			w.begin()
			w.put(line)
		}
	}
}

// beginList and endList enclose the items of a list.
func (w *writer) beginList(ordered bool) {
	w.separate(newLine)
	w.lists = append(w.lists, list{ordered: ordered})
}

func (w *writer) endList() {
	if len(w.lists) > 0 {
		w.lists = w.lists[:len(w.lists)-1]
	}
	w.marker = ""
	w.separate(newLine)
}

func (w *writer) beginItem() {
	w.marker = ""
	w.separate(newLine)
	w.gap = min(w.gap, newLine) // paragraphs in items would tear the list apart
	if len(w.lists) == 0 {
		w.marker = "- "
		return
	}
	l := &w.lists[len(w.lists)-1]
	l.items++
	w.marker = "- "
	if l.ordered {
		w.marker = strconv.Itoa(l.items) + ". "
	}
}

// paste writes what another writer has laid out, and counted.
func (w *writer) paste(text string) {
	room, solid := *w.room, w.solid
	*w.room = math.MaxInt
	w.verbatim(text)
	*w.room, w.solid = room, solid
	w.gap = max(w.gap, newLine)
}
