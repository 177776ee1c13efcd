package importfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// header is the first record of a CSV file and what its columns mean.
type header struct {
	// raw is the header as it was written.
	raw       string
	delimiter byte
	names     []string
	// columns are the places of names in the schema; -1 for one that is ignored.
	columns  []int
	layout   *layout
	warnings []string
}

// delimiters are tried in this order; the one that gives the most columns we know is it.
const delimiters = ",;\t"

// find gives the column that has name, and how good a name that is: 0 is the column's own. The column is -1 when there
// is none.
func (l *layout) find(name string) (column, rank int) {
	wanted := plainName(name)
	for i := range l.names {
		if plainName(l.names[i]) == wanted {
			return i, 0
		}
		for rank, alias := range l.aliases[i] {
			if plainName(alias) == wanted {
				return i, rank + 1
			}
		}
	}
	return -1, 0
}

// newHeader finds out what names mean. Of two names for the same column the better one is taken. A required column that
// is missing is an error.
func newHeader(raw string, delimiter byte, names []string, l *layout) (*header, error) {
	h := &header{raw: strings.TrimRight(raw, "\r\n"), delimiter: delimiter, names: names, layout: l}
	if strings.Contains(h.raw, "\r") && !strings.Contains(h.raw, "\n") {
		return nil, errors.New("the lines end in a carriage return alone: save the file with the line ends of Windows or Linux")
	}
	h.columns = make([]int, len(names))
	taken := make(map[int]int) // column: place of the name it is read from
	ranks := make([]int, len(names))
	for i, name := range names {
		h.columns[i], ranks[i] = l.find(name)
		column := h.columns[i]
		if column < 0 {
			continue
		}
		other, twice := taken[column]
		switch {
		case !twice:
			taken[column] = i
		case ranks[other] == ranks[i]:
			return nil, fmt.Errorf("the header has the column %q twice: rename one of them", strings.TrimSpace(name))
		case ranks[i] < ranks[other]:
			taken[column], h.columns[other] = i, -1
			h.passOver(other, i, column)
		default:
			h.columns[i] = -1
			h.passOver(i, other, column)
		}
	}
	h.warnUnknown()
	return h, h.missing()
}

// passOver warns of two names for one column.
func (h *header) passOver(ignored, taken, column int) {
	h.warnings = append(h.warnings, fmt.Sprintf("column %q is ignored: %s is read from %q",
		h.names[ignored], h.layout.names[column], h.names[taken]))
}

func (h *header) warnUnknown() {
	var unknown []string
	for _, name := range h.names {
		if column, _ := h.layout.find(name); column < 0 && strings.TrimSpace(name) != "" {
			unknown = append(unknown, fmt.Sprintf("%q", strings.TrimSpace(name)))
		}
	}
	if len(unknown) > 0 {
		h.warnings = append(h.warnings, fmt.Sprintf("columns that %s do not have are ignored: %s", h.layout.kind, strings.Join(unknown, ", ")))
	}
}

// missing is an error that names the required columns the header lacks.
func (h *header) missing() error {
	var missing []string
	for _, group := range h.layout.required {
		has := slices.ContainsFunc(group, func(name string) bool {
			column, _ := h.layout.find(name)
			return slices.Contains(h.columns, column)
		})
		if !has {
			missing = append(missing, h.layout.namesOf(group))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the header %q lacks %s: the first record has to name the columns", excerpt(h.raw), strings.Join(missing, ", and "))
}

// namesOf lists the names that one of group's columns could have.
func (l *layout) namesOf(group []string) string {
	var all []string
	for _, name := range group {
		column, _ := l.find(name)
		all = append(all, strings.Join(append([]string{name}, l.aliases[column]...), "|"))
	}
	return strings.Join(all, " or ")
}
