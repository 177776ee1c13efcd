package htmltext

import "slices"

// innermost is the index of the open element that an end tag of this name ends, -1 for none. The end of
// something outside of a cell does not end the cell.
func (r *reader) innermost(name string) int {
	if r.count[name] == 0 {
		return -1
	}
	part := isTablePart(name)
	for i, e := range slices.Backward(r.open) {
		switch {
		case e.name == name:
			return i
		case name == "table":
		case e.name == "table", !part && isTablePart(e.name):
			return -1
		}
	}
	return -1
}

func isTablePart(name string) bool {
	switch name {
	case "td", "th", "tr", "tbody", "thead", "tfoot", "caption":
		return true
	}
	return false
}

// implyEnds ends what a start tag ends without an end tag.
func (r *reader) implyEnds(name string, what role) {
	switch name {
	case "li":
		r.endWithin([]string{"li"}, "ul", "ol", "menu", "dir")
	case "dt", "dd":
		r.endWithin([]string{"dt", "dd"}, "dl")
	case "td", "th":
		r.endWithin([]string{"td", "th", "caption"}, "tr")
	case "tr":
		r.endWithin([]string{"tr", "td", "th", "caption"}, "tbody", "thead", "tfoot")
	case "tbody", "thead", "tfoot":
		r.endWithin([]string{"tbody", "thead", "tfoot", "tr", "td", "th", "caption"})
	case "a":
		if at := r.innermost("a"); at >= 0 {
			r.end("a", inline)
		}
	default:
		if what == block || what == paragraph {
			r.endWithin([]string{"p"}, "td", "th", "caption")
		}
	}
}

// endWithin closes the outermost element of these names that lies within the innermost boundary.
func (r *reader) endWithin(names []string, boundaries ...string) {
	if !slices.ContainsFunc(names, func(name string) bool { return r.count[name] > 0 }) {
		return
	}
	found := -1
	for i, e := range slices.Backward(r.open) {
		if e.name == "table" || slices.Contains(boundaries, e.name) {
			break
		}
		if slices.Contains(names, e.name) {
			found = i
		}
	}
	if found >= 0 {
		r.closeTo(found)
	}
}

// closeTo leaves all elements from index at on, the innermost first.
func (r *reader) closeTo(at int) {
	for len(r.open) > at {
		last := len(r.open) - 1
		e := r.open[last]
		r.open = r.open[:last]
		r.leave(e)
	}
}
