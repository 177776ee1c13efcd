package htmltext

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// enter lays out the beginning of an element that was opened.
func (r *reader) enter(name string, what role, attributes []html.Attribute) {
	switch name {
	case "table":
		r.enterTable()
	case "tr":
		if t := r.table(); t != nil {
			t.endRow()
		}
		r.separate(what)
	case "td", "th":
		if t := r.table(); t != nil {
			r.out = t.beginCell()
			return
		}
		r.separate(what)
	case "ul", "ol", "menu", "dir":
		r.out.beginList(name == "ol")
	case "li":
		r.out.beginItem()
	case "pre", "listing":
		r.separate(what)
		r.pre++
		r.first = true
	case "a":
		r.link = newLink(attribute(attributes, "href"))
	case "p":
		if isTight(attributes) {
			what = block
		}
		r.separate(what)
	default:
		if verbatimInline(name) {
			r.code++
		}
		r.separate(what)
	}
}

// isTight recognises Outlook's paragraphs, each of which is one line.
func isTight(attributes []html.Attribute) bool {
	return slices.Contains(strings.Fields(attribute(attributes, "class")), "MsoNormal")
}

// separate keeps an element apart from what stands before or behind it.
func (r *reader) separate(what role) {
	switch what { //nolint:exhaustive // the others do not separate
	case block:
		r.out.separate(newLine)
	case paragraph:
		r.out.separate(emptyLine)
	}
}

// leave lays out the end of an element that was closed.
func (r *reader) leave(e element) {
	r.count[e.name]--
	if e.hidden {
		r.hidden--
	}
	if !e.shown {
		if e.name == "table" {
			r.tables = r.tables[:len(r.tables)-1]
		}
		return
	}
	switch e.name {
	case "table":
		r.leaveTable()
	case "tr":
		if t := r.table(); t != nil {
			t.endRow()
		}
	case "td", "th":
		if t := r.table(); t != nil && t.cell != nil {
			t.endCell()
			r.out = t.around
			return
		}
		r.out.separate(newLine)
	case "ul", "ol", "menu", "dir":
		r.out.endList()
	case "li":
		r.out.marker = ""
		r.out.separate(newLine)
	case "pre", "listing":
		r.pre--
		if !r.out.empty() {
			r.out.gap = emptyLine
		}
	case "a":
		note := r.link.note()
		r.link = nil
		if note != "" {
			behind := r.out.space
			r.out.space = true
			r.out.flow(note)
			r.out.space = behind
		}
	case "p":
		r.out.separate(newLine) // the next one says whether it wants more
	default:
		if verbatimInline(e.name) {
			r.code--
		}
		r.separate(roleOf(e.name))
	}
}

// table is the innermost open one, nil without one and for one that is nested too deep.
func (r *reader) table() *table {
	if len(r.tables) == 0 {
		return nil
	}
	return r.tables[len(r.tables)-1]
}

func (r *reader) enterTable() {
	r.out.separate(newLine)
	if len(r.tables) >= maxTables {
		r.tables = append(r.tables, nil)
		return
	}
	r.tables = append(r.tables, &table{around: r.out})
}

func (r *reader) leaveTable() {
	t := r.table()
	r.tables = r.tables[:len(r.tables)-1]
	if t == nil {
		r.out.separate(newLine)
		return
	}
	t.end()
	r.out = t.around
	if len(r.tables) == 0 {
		r.out.separate(emptyLine)
	}
}
