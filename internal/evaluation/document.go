package evaluation

import (
	"errors"
	"strings"
)

// The table stands between these lines of the document.
const (
	tableBegins = "<!-- table: make eval -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

// WithTable is document with r's table in it.
func (r Report) WithTable(document string) (string, error) {
	before, rest, begins := strings.Cut(document, tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return "", errors.New("the lines that enclose the table are missing: " + strings.TrimSpace(tableBegins) + " and " + strings.TrimSpace(tableEnds))
	}
	return before + tableBegins + "\n" + r.Table() + "\n" + tableEnds + after, nil
}
