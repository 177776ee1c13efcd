package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/replay"
)

// writer is how a report is written to a file of this name; nil for none.
func writer(name string) (func(replay.Report, io.Writer) error, error) {
	switch filepath.Ext(name) {
	case ".html":
		return replay.Report.HTML, nil
	case ".json":
		return replay.Report.JSON, nil
	case ".csv":
		return replay.Report.CSV, nil
	}
	if name == "" {
		return nil, nil //nolint:nilnil // no report is a valid choice
	}
	return nil, fmt.Errorf("--out: %s ends in none of .html, .json and .csv", name)
}

// tell prints the totals and writes the report, also of a replay that ended early.
func (f *replayFlags) tell(cmd *cobra.Command, report replay.Report, failure error) error {
	if err := showTotals(cmd, report); err != nil {
		return errors.Join(failure, err)
	}
	if write, _ := writer(f.out); write != nil {
		if err := writeReport(f.out, report, write); err != nil {
			return errors.Join(failure, err)
		}
		cmd.PrintErrln("the report is in", f.out)
	}
	switch {
	case errors.Is(failure, context.Canceled):
		return fmt.Errorf("%w after %d of %s%s", errReplayStopped, len(report.Results), plural(int64(report.Asked), "ticket"), f.goesOn())
	case failure != nil:
		return fmt.Errorf("after %d of %s: %w", len(report.Results), plural(int64(report.Asked), "ticket"), failure)
	case slices.ContainsFunc(report.Results, replay.Result.Failed):
		return fmt.Errorf("%w: of some tickets there is no draft", errRejected)
	}
	return nil
}

func (f *replayFlags) goesOn() string {
	if f.progress == "" {
		return ""
	}
	return ": the same command goes on where it stopped"
}

// writeReport writes the file as a whole or not at all. It holds clients' texts, so only its owner may read it.
func writeReport(name string, report replay.Report, write func(replay.Report, io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".replay-*")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // it has another name by then, or is not wanted
	err = errors.Join(write(report, file), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func showTotals(cmd *cobra.Command, report replay.Report) error {
	t := newTable(cmd, false)
	row := func(name string, value func(replay.Summary) any) {
		cells := []any{name}
		for _, s := range report.Totals {
			cells = append(cells, value(s))
		}
		t.line(cells...)
	}
	names := []any{""}
	for _, c := range report.Plan.Configurations {
		names = append(names, c.Name)
	}
	t.line(names...)
	row("notes", func(s replay.Summary) any { return s.Tickets - s.Failed })
	row("written by a model", func(s replay.Summary) any { return s.Generated })
	row("of what was found alone", func(s replay.Summary) any { return dash(counted(s.Fallbacks)) })
	row("without any source", func(s replay.Summary) any { return s.Abstained })
	row("failed", func(s replay.Summary) any { return s.Failed })
	row("confidence", func(s replay.Summary) any {
		return fmt.Sprintf("%.2f (below 0.25: %d, 0.5: %d, 0.75: %d, above: %d)", s.MeanConfidence, s.Confidence[0], s.Confidence[1], s.Confidence[2], s.Confidence[3])
	})
	row("words", func(s replay.Summary) any { return fmt.Sprintf("%.1f, at most %d", s.MeanWords, s.MostWords) })
	row("sources", func(s replay.Summary) any { return fmt.Sprintf("%.1f, named %.1f", s.MeanSources, s.MeanCitations) })
	row("dropped", func(s replay.Summary) any { return dash(counted(s.Dropped)) })
	row("masked", func(s replay.Summary) any { return dash(counted(s.Masked)) })
	row("cost", func(s replay.Summary) any {
		return fmt.Sprintf("$%.4f, a note $%.4f, 95 of 100 below $%.4f", s.CostUSD, s.MeanCostUSD, s.P95CostUSD)
	})
	row("time", func(s replay.Summary) any {
		return fmt.Sprintf("%s, 95 of 100 below %s", milliseconds(s.P50MS), milliseconds(s.P95MS))
	})
	return t.close(nil)
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
