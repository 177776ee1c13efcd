package replay

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

//go:embed report.html
var page string

// column is a draft in the page.
type column struct {
	Name    string
	Draft   Draft
	Lines   []noteLine
	Only    []adminapi.Citation // that the other column does not name
	Changed int                 // lines that the other has not
}

type entry struct {
	Result

	Columns []column
}

type view struct {
	Report

	Entries  []entry
	Compared bool
}

// HTML writes the report as one page: without scripts, and with nothing that is loaded. All texts are escaped.
func (r Report) HTML(w io.Writer) error {
	parsed, err := template.New("report").Funcs(template.FuncMap{
		"money": func(usd float64) string { return fmt.Sprintf("$%.4f", usd) }, "score": func(f float64) string { return fmt.Sprintf("%.2f", f) },
		"mean": func(f float64) string { return fmt.Sprintf("%.1f", f) }, "counts": counts,
		"ms":   func(n int64) time.Duration { return (time.Duration(n) * time.Millisecond).Round(time.Millisecond) },
		"when": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("read the report's page: %w", err)
	}
	v := view{Report: r, Compared: len(r.Plan.Configurations) > 1}
	for _, result := range r.Results {
		e, err := r.entry(result)
		if err != nil {
			return err
		}
		v.Entries = append(v.Entries, e)
	}
	if err := parsed.Execute(w, v); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (r Report) entry(result Result) (entry, error) {
	e := entry{Result: result}
	for i, d := range result.Drafts {
		e.Columns = append(e.Columns, column{Name: r.Plan.Configurations[i].Name, Draft: d})
	}
	if len(e.Columns) == 1 || result.Failed() {
		for i := range e.Columns {
			e.Columns[i].Lines = plainLines(e.Columns[i].Draft)
		}
		return e, nil
	}
	a, b := &e.Columns[0], &e.Columns[1]
	var err error
	if a.Lines, b.Lines, err = compared(a.Draft.Preview.Note.Text, b.Draft.Preview.Note.Text); err != nil {
		return e, err
	}
	a.Only, b.Only = onlyIn(a.Draft.Preview.Note.Cited, b.Draft.Preview.Note.Cited), onlyIn(b.Draft.Preview.Note.Cited, a.Draft.Preview.Note.Cited)
	for _, c := range []*column{a, b} {
		for _, line := range c.Lines {
			if line.Only {
				c.Changed++
			}
		}
	}
	return e, nil
}

func plainLines(d Draft) (lines []noteLine) {
	if d.Preview == nil {
		return nil
	}
	for line := range strings.Lines(d.Preview.Note.Text) {
		lines = append(lines, noteLine{Text: strings.TrimRight(line, "\n")})
	}
	return lines
}

// counts is "email 2, phone 1"; a dash for nothing.
func counts(numbers map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, numbers[name]))
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, ", ")
}
