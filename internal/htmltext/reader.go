package htmltext

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// What is remembered of open elements. Beyond it, elements are laid out but not matched with their ends.
const (
	maxDepth  = 128
	maxTables = 16
	// maxUnknown is how long a tag that HTML does not know may be to be shown as text.
	maxUnknown = 200
)

// reader turns tokens into calls of writers.
type reader struct {
	tokens *html.Tokenizer
	out    *writer
	room   int
	open   []element
	count  map[string]int // of open elements, by name
	tables []*table       // that are open; nil for one that is nested too deep
	link   *link
	hidden int // open elements that are not shown
	pre    int // open <pre>
	code   int // open <code> and the like
	raw    string
	first  bool // a line break right behind <pre> does not count
}

type element struct {
	name string
	// hidden: it hides its content. shown: it was laid out when it was opened, so its end has to be.
	hidden, shown bool
}

func newReader(markup string) *reader {
	r := &reader{tokens: html.NewTokenizer(strings.NewReader(markup)), room: MaxText + len(cutMark), count: make(map[string]int)}
	r.out = &writer{room: &r.room}
	return r
}

func (r *reader) run() {
	for r.room > 0 {
		kind := r.tokens.Next()
		if kind == html.ErrorToken {
			break // the end: a string has no other
		}
		switch kind { //nolint:exhaustive // comments and doctypes are not shown
		case html.TextToken:
			r.text(string(r.tokens.Text()))
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			r.tag(kind)
		}
	}
	r.closeTo(0)
}

func (r *reader) text(text string) {
	first := r.first
	r.first = false
	if r.hidden > 0 || r.raw != "" && !shownRaw(r.raw) {
		return
	}
	r.link.add(text)
	switch {
	case r.pre > 0 || r.raw != "":
		if first {
			text = strings.TrimPrefix(strings.TrimPrefix(text, "\r"), "\n")
		}
		r.out.verbatim(text)
	case r.code > 0 && strings.TrimSpace(text) != "":
		r.out.verbatim(text)
	default:
		r.out.flow(text)
	}
}

// tag reads one tag. The tokenizer changes what it gave out as raw, so that is copied first, as far as needed.
func (r *reader) tag(kind html.TokenType) {
	raw := string(r.tokens.Raw()[:min(len(r.tokens.Raw()), maxUnknown+1)])
	written := tagName(raw)
	name := strings.ToLower(written)
	what := writtenRole(written)
	if what == unknown {
		if len(raw) <= maxUnknown && !officeTag.MatchString(written) {
			r.text(html.UnescapeString(raw))
		}
		return
	}
	r.first = false
	if kind == html.EndTagToken {
		r.end(name, what)
		return
	}
	r.start(name, what)
	if kind == html.SelfClosingTagToken && (what == hidden || name == "a") {
		r.end(name, what) // <svg/> and <a name="x"/> enclose nothing
	}
}

func (r *reader) start(name string, what role) {
	attributes := r.tokens.Token().Attr
	if r.raw = ""; what == rawText {
		r.raw = name
	}
	switch what { //nolint:exhaustive // the others have content to be laid out
	case void:
		r.void(name)
		return
	case rawText:
		if shownRaw(name) && r.hidden == 0 {
			r.out.separate(newLine)
		}
		return
	}
	r.implyEnds(name, what)
	e := element{name: name, hidden: what == hidden || isHidden(attributes)}
	e.shown = r.hidden == 0 && !e.hidden
	if len(r.open) >= maxDepth {
		if r.hidden == 0 && what != inline {
			r.out.separate(newLine)
		}
		return
	}
	r.open = append(r.open, e)
	r.count[name]++
	if e.hidden {
		r.hidden++
	}
	if e.shown {
		r.enter(name, what, attributes)
	} else if name == "table" {
		r.tables = append(r.tables, nil)
	}
}

func (r *reader) void(name string) {
	if r.hidden > 0 {
		return
	}
	switch {
	case name == "br" && r.pre > 0:
		r.out.verbatim("\n")
	case name == "br":
		r.out.lineBreak()
	case name == "hr":
		r.out.separate(emptyLine)
	}
}

func (r *reader) end(name string, what role) {
	if r.raw != "" {
		r.raw = ""
		return
	}
	if name == "br" {
		r.void(name)
		return
	}
	at := r.innermost(name)
	switch {
	case at < 0:
		if what >= block && what <= paragraph && r.hidden == 0 {
			r.out.separate(newLine)
		}
	case what == inline:
		// <b><p>text</b> ends the <b> and not the paragraph.
		e := r.open[at]
		r.open = slices.Delete(r.open, at, at+1)
		r.leave(e)
	default:
		r.closeTo(at)
	}
}
