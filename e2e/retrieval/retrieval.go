// Package retrieval owns the measurement of the context sources: how well they find, on public data sets by
// their published protocols, and how fast, at the size of real clients. Everything is asked through the sources the
// product uses, as app_user with row-level security in force; beside each figure stands that of a plain BM25
// computed in memory in the same run.
package retrieval

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Options say what to measure.
type Options struct {
	// Data is the folder with the data sets.
	Data string
	// SkipQuality leaves the data sets out.
	SkipQuality bool
	// Sizes of the histories whose search is timed, in tickets.
	Sizes []int
	// Import is how many tickets are imported from a file; 0 for none.
	Import int
	// Agentctl is the program that imports them.
	Agentctl string
	// Dir is where the database lies while it is needed; empty for a temporary folder.
	Dir string
	// Log hears what is being done.
	Log io.Writer
}

// measure adds lines to the report.
type measure func(ctx context.Context, w *world, opts Options, r *report) error

// Run measures and writes the table to out.
func Run(ctx context.Context, opts Options, out io.Writer) error {
	w, err := newWorld(ctx, opts)
	if err != nil {
		return err
	}
	defer w.close()
	results := &report{}
	measures := []measure{speed, imported}
	if !opts.SkipQuality {
		measures = append([]measure{stackfaq, kb, jira, endava, noise}, measures...)
	}
	for _, measure := range measures {
		started := time.Now()
		if err := measure(ctx, w, opts, results); err != nil {
			return err
		}
		w.sayf("  took %s", time.Since(started).Round(time.Second))
	}
	if _, err := io.WriteString(out, results.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
