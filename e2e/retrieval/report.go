package retrieval

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// report is the one table.
type report struct {
	rows [][]string
}

func (r *report) add(what, measure, ours, reference, note string) {
	r.rows = append(r.rows, []string{what, measure, ours, reference, note})
}

func (r *report) quality(set, measure string, ours, reference float64, note string) {
	r.add(set, measure, fmt.Sprintf("%.3f", ours), fmt.Sprintf("%.3f", reference), note)
}

func (r *report) String() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "set\tmeasure\tours\tBM25, same run\tnote")
	for _, row := range r.rows {
		_, _ = fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	_ = table.Flush()
	return text.String()
}
