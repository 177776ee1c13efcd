// Package outcome owns telling an operator what became of an import, wherever it came from.
package outcome

import (
	"fmt"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/importfile/meter"
)

// Outcome is what an import did.
type Outcome struct {
	gather.Change

	// DryRun: nothing was stored; Valid rows would have been, and Change, where it is known, is what that would have done.
	DryRun bool
	Valid  int
	// Read counts all records, the rejected and skipped ones included.
	Read, Rejected, Skipped int
	// WhySkipped says what Skipped records have in common.
	WhySkipped string
	// Repeated rows took the place of an earlier one, Merged ones became part of it.
	Repeated, Merged int
	// Removed rows are gone at their origin.
	Removed int
	// Limited: the import ended at a limit.
	Limited bool
	// Resumed: it went on where an earlier one had stopped.
	Resumed bool
	Took    time.Duration
	// Rejects is the file with the rejected records; empty when there is none.
	Rejects string
}

// Headline is "97 imported (90 new, 5 changed, 2 unchanged), 3 rejected: see tickets.csv.rejects.jsonl".
func (o Outcome) Headline() string {
	var text strings.Builder
	imported, removed := "imported", "removed"
	total := o.Added + o.Changed + o.Unchanged
	if o.DryRun {
		text.WriteString("dry run, nothing was written: ")
		imported, removed, total = "would be imported", "would be removed", o.Valid
	}
	fmt.Fprintf(&text, "%s %s", meter.Thousands(total), imported)
	if !o.DryRun || o.Change != (gather.Change{}) {
		fmt.Fprintf(&text, " (%s new, %s changed, %s unchanged)",
			meter.Thousands(o.Added), meter.Thousands(o.Changed), meter.Thousands(o.Unchanged))
	}
	if o.Removed > 0 {
		fmt.Fprintf(&text, ", %s %s", meter.Thousands(o.Removed), removed)
	}
	if o.Rejected > 0 {
		fmt.Fprintf(&text, ", %s rejected", meter.Thousands(o.Rejected))
		if o.Rejects != "" {
			text.WriteString(": see " + o.Rejects)
		}
	}
	return text.String()
}

// Details are what else there is to say, a line each.
func (o Outcome) Details() []string {
	var lines []string
	say := func(n int, what string) {
		if n > 0 {
			lines = append(lines, meter.Thousands(n)+" "+what)
		}
	}
	say(o.Skipped, "left out: "+o.WhySkipped)
	say(o.Repeated, "had an id that was there before: the later one counts")
	say(o.Merged, "were added to a record with the same id")
	if o.Limited {
		lines = append(lines, "ended at --limit: there may be more")
	}
	if o.Resumed {
		lines = append(lines, "went on where the last import had stopped; --restart begins anew")
	}
	if o.Took > 0 && o.Read > 0 {
		lines = append(lines, fmt.Sprintf("%s records in %s, %s", meter.Thousands(o.Read), o.Took.Round(time.Millisecond), meter.Rate(o.Read, o.Took)))
	}
	return lines
}
