package replay

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// JSON writes the report with the previews as they came.
func (r Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// CSV writes a row for each ticket and configuration, in figures and without the notes.
func (r Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{ // Error tells
		"ticket_id", "subject", "created_at", "resolved_at", "configuration", "generated", "fallback_reason", "confidence", "words",
		"sources", "named", "cached", "model", "cost_usd", "took_ms", "error",
	})
	for _, result := range r.Results {
		for i, d := range result.Drafts {
			_ = out.Write(r.row(result, r.Plan.Configurations[i].Name, d))
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (Report) row(result Result, name string, d Draft) []string {
	created := ""
	if result.CreatedAt != nil {
		created = result.CreatedAt.UTC().Format(time.RFC3339)
	}
	row := []string{inert(result.TicketID), inert(result.Subject), created, result.ResolvedAt.UTC().Format(time.RFC3339), inert(name)}
	if d.Preview == nil {
		return append(row, "", "", "", "", "", "", "", "", "", "", inert(d.Error))
	}
	a := d.Preview.Account
	return append(row, strconv.FormatBool(a.Generated), a.FallbackReason, strconv.FormatFloat(a.Confidence, 'f', 2, 64), strconv.Itoa(a.Words),
		strconv.Itoa(a.Sources), strconv.Itoa(len(d.Preview.Note.Cited)), strconv.FormatBool(a.Cached), inert(a.Model),
		strconv.FormatFloat(a.CostUSD, 'f', 6, 64), strconv.FormatInt(d.Preview.TookMS, 10), "")
}

// inert keeps a spreadsheet from taking a text for a formula (OWASP, CSV injection).
func inert(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r") {
		return "'" + text
	}
	return text
}
