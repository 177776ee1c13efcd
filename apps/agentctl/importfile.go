package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/importfile"
	"github.com/ai-agents/ai-agents/internal/importfile/bulkload"
	"github.com/ai-agents/ai-agents/internal/importfile/meter"
	"github.com/ai-agents/ai-agents/internal/importfile/outcome"
)

// shownRejects is how many rejects are printed; the rest is in the reject file alone.
const shownRejects = 10

// importFromFile loads a file. What is wrong with flags, file or tenant ends it before anything is written.
func importFromFile[T importfile.Record](
	cmd *cobra.Command, k kind, f *importFlags, schema *importfile.Schema[T], put upload[T],
) (err error) {
	rejects, err := openRejects(f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rejects.Close()) }()
	markup, err := importfile.Markup(f.html)
	if err != nil {
		return err
	}
	reader, err := importfile.Open(f.file, cmd.InOrStdin(), schema, importfile.Options{Markup: markup})
	if err != nil {
		return fmt.Errorf("nothing was imported: %s: %w", f.file, err)
	}
	defer func() { _ = reader.Close() }() // it was only read
	for _, warning := range reader.Warnings() {
		cmd.PrintErrln("warning:", warning)
	}
	client, err := openConsole(cmd)
	if err != nil {
		return err
	}
	if err := checkTenant(cmd.Context(), client, f.tenantID); err != nil {
		return err
	}
	began := time.Now()
	progress := newMeter(cmd, k, f)
	heard := &hearing{file: rejects}
	summary, err := bulkload.Load(cmd.Context(), reader, schema, into(client, f.tenantID, put), bulkload.Options{
		Since: f.since, Limit: f.limit, DryRun: f.dryRun, Rows: f.batch, Rejected: heard.reject,
		Progress: func(p bulkload.Progress) {
			progress.Show(meter.Reading{Rows: p.Read, Done: p.Offset, Total: reader.Size()})
		},
	})
	progress.Close()
	result := outcome.Outcome{
		Change: summary.Change, DryRun: f.dryRun, Valid: summary.Valid, Read: summary.Read, Rejected: summary.Rejected,
		Skipped: summary.Skipped, Repeated: summary.Repeated, Merged: summary.Merged, Limited: summary.Limited,
		Took: time.Since(began), Rejects: rejects.Path(), WhySkipped: "older than " + f.since.Format(time.RFC3339),
	}
	return report(cmd, k, result, heard.lines, endOfFile(err))
}

// into has the rows of a file stored through the console.
func into[T importfile.Record](client *adminapi.Client, tenantID string, put upload[T]) bulkload.Put[T] {
	return func(ctx context.Context, rows []T) (gather.Change, error) {
		change, err := put(client, ctx, tenantID, rows)
		switch adminapi.StatusOf(err) {
		case http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
			return gather.Change{}, &bulkload.RefusedError{Reason: refusal(err), Err: err}
		}
		return changeOf(change), err
	}
}

// refusal is what the console says of a row, without where in the upload it was.
func refusal(err error) string {
	problem, is := errors.AsType[*adminapi.Problem](err)
	if !is {
		return err.Error()
	}
	var reasons []string
	for _, f := range problem.Errors {
		// body.rows[0].subject; of all rows together, body.rows.
		f.Location = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(f.Location, "body.rows"), "[0]"), ".")
		reasons = append(reasons, f.String())
	}
	return cmp.Or(strings.Join(reasons, "; "), problem.Detail, problem.Title)
}

// openRejects prepares the reject file. A dry run has one only if it is asked for by name.
func openRejects(f *importFlags) (*importfile.RejectFile, error) {
	switch {
	case f.rejects != "":
		return importfile.NewRejectFile(f.rejects)
	case f.dryRun:
		return importfile.NoRejectFile(), nil
	case f.file == "-":
		return importfile.RejectFileFor("stdin"), nil
	default:
		return importfile.RejectFileFor(f.file), nil
	}
}

// hearing keeps rejects: all in the file, the first ones for the screen.
type hearing struct {
	file  *importfile.RejectFile
	lines []string
}

func (h *hearing) reject(r *importfile.Reject) error {
	if len(h.lines) < shownRejects {
		h.lines = append(h.lines, r.Error())
	}
	return h.file.Write(r)
}

// endOfFile says how to go on after an import that did not get to the end.
func endOfFile(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bulkload.ErrInterrupted):
		return fmt.Errorf("%w: the batch under way was rolled back, those before it stay. Run the same command again: "+
			"it begins at the beginning of the file, and what is there already counts as unchanged", errStopped)
	default:
		return fmt.Errorf("the import stopped; what was imported before stays, and the same command can be run again: %w", err)
	}
}
