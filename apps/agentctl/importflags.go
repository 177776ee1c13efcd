package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/importfile"
)

// importFlags say what to import and how.
type importFlags struct {
	tenantID, file, sinceText, rejects, html string
	limit, batch                             int
	dryRun, restart, quiet                   bool

	// What check makes of them.
	fromFile bool
	since    time.Time
}

func (f *importFlags) bind(cmd *cobra.Command, k kind) {
	flags := cmd.Flags()
	flags.StringVar(&f.tenantID, "tenant", "", "tenant id")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	where := "CSV or JSON Lines file, .gz or not; - for standard input"
	if k.feed != "" {
		where += "; without it, ServiceDesk Plus"
	}
	flags.StringVarP(&f.file, "file", "f", "", where)
	flags.StringVar(&f.sinceText, "since", "", "only what changed since, as 2026-01-31 or 2026-01-31T15:04:05Z")
	flags.IntVar(&f.limit, "limit", 0, "end after so many records")
	flags.BoolVar(&f.dryRun, "dry-run", false, "write nothing; a file is checked as a whole, of ServiceDesk Plus the lists are read")
	flags.BoolVar(&f.restart, "restart", false, "begin anew instead of where the last import from ServiceDesk Plus stopped")
	flags.StringVar(&f.rejects, "rejects", "", "where rejected records of a file go (default FILE.rejects.jsonl)")
	flags.StringVar(&f.html, "html", "auto", "texts of a file that are HTML: auto, yes, no")
	flags.IntVar(&f.batch, "batch", adminapi.MaxBatch, "records of a file that are written at once")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress")
}

// check names, before any work, everything that makes no sense.
func (f *importFlags) check(cmd *cobra.Command, k kind) error {
	given := cmd.Flags().Changed
	f.fromFile = given("file")
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(f.tenantID == "", "--tenant: names no tenant")
	wrong(f.fromFile && f.file == "", "--file: names no file")
	wrong(!f.fromFile && k.feed == "", "--file: is missing; ServiceDesk Plus has no %s", k.name)
	wrong(given("limit") && f.limit < 1, "--limit: has to be 1 or more")
	wrong(f.batch < 1 || f.batch > adminapi.MaxBatch, "--batch: has to be between 1 and %d", adminapi.MaxBatch)
	for _, name := range []string{"rejects", "html", "batch"} {
		wrong(!f.fromFile && k.feed != "" && given(name), "--%s: is about files, and there is no --file", name)
	}
	wrong(given("rejects") && f.rejects == "", "--rejects: names no file")
	wrong(f.fromFile && f.restart, "--restart: is about ServiceDesk Plus; a file is always read from its beginning")
	wrong(given("since") && !k.dated, "--since: %s have no time of change", k.name)
	if _, err := importfile.Markup(f.html); err != nil {
		errs = append(errs, fmt.Errorf("--html: %w", err))
	}
	if given("since") {
		errs = append(errs, f.parseSince())
	}
	return errors.Join(errs...)
}

func (f *importFlags) parseSince() error {
	since, err := importfile.ParseTime(f.sinceText)
	switch {
	case err != nil:
		return fmt.Errorf("--since: %w", err)
	case since.IsZero():
		return errors.New("--since: names no date: write 2026-01-31 or 2026-01-31T15:04:05Z")
	case since.After(time.Now()):
		return fmt.Errorf("--since: %s is in the future", f.sinceText)
	}
	f.since = since
	return nil
}
