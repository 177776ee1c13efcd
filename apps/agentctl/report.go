package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	weekly "github.com/ai-agents/ai-agents/internal/report"
)

func newReportCommand() *cobra.Command {
	return group(&cobra.Command{Use: "report", Short: "Tell what a tenant's enhancements were worth, week by week"},
		newReportShowCommand(), newReportBaselineCommand(), newReportInputsCommand())
}

func newReportShowCommand() *cobra.Command {
	var (
		tenantID, week string
		weeks          int
		asJSON, asCSV  bool
	)
	cmd := &cobra.Command{
		Use: "show", Short: "Show a tenant's report of a week, or of several", Args: cobra.NoArgs,
		Long: `Show a tenant's report of a week (ISO 8601, UTC): tickets, success, how long notes took, votes, cost, the minutes that notes saved by
estimate, how long tickets took to their resolution, and whether the targets are met. docs/reports.md has the formulas.`,
		Example: "  agentctl report show --tenant example-clinic\n  agentctl report show --tenant example-clinic --week 2026-W47 --json\n" +
			"  agentctl report show --tenant example-clinic --weeks 12 --csv > example-clinic.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && asCSV {
				return errors.New("--csv and --json: choose one of them")
			}
			if weeks < 1 {
				return fmt.Errorf("--weeks: %d is not at least 1", weeks)
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			var all []adminapi.WeekReport
			for range weeks {
				made, err := client.Report(cmd.Context(), tenantID, week)
				if err != nil {
					return err
				}
				all = append(all, made)
				week = weekly.WeekOf(made.From.AddDate(0, 0, -1)).String()
			}
			return showReports(cmd, all, asJSON, asCSV)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "the tenant's id")
	cmd.Flags().StringVar(&week, "week", "current", "the week, as 2026-W47")
	cmd.Flags().IntVar(&weeks, "weeks", 1, "how many weeks, back from that one")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print comma-separated values, with a line of titles")
	_ = cmd.MarkFlagRequired("tenant")
	return cmd
}

func showReports(cmd *cobra.Command, all []adminapi.WeekReport, asJSON, asCSV bool) error {
	if asCSV {
		return weekly.WriteCSV(cmd.OutOrStdout(), all...)
	}
	out := newTable(cmd, asJSON, "WEEK", "RECEIVED", "ENHANCED", "FAILED", "SUCCESS", "P95", "VOTES", "SATISFACTION", "MINUTES SAVED", "COST", "RESEARCH", "SATISFIED", "SUCCESSFUL")
	for _, r := range all {
		name := r.Week.String()
		if r.Running {
			name += " (running)"
		}
		out.row(r, name, r.Received, r.Completed, r.Failed, share(r.SuccessRate), time.Duration(r.P95Seconds*float64(time.Second)).Round(time.Millisecond),
			fmt.Sprintf("%d up, %d down", r.Up, r.Down), number(r.Satisfaction), strconv.FormatFloat(r.MinutesSaved, 'f', -1, 64), fmt.Sprintf("$%.4f", r.CostUSD),
			r.Research, r.Satisfied, r.Success)
	}
	return out.close(nil)
}

func share(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(100**v, 'f', 1, 64) + " %"
}

func number(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'f', 1, 64)
}

func newReportBaselineCommand() *cobra.Command {
	var (
		tenantID, from string
		days           int
		remove, asJSON bool
	)
	cmd := &cobra.Command{
		Use: "baseline", Short: "Say which days resolutions are compared with", Args: cobra.NoArgs,
		Long: `Say which days resolutions are compared with: tickets that were resolved in them without a note. They may be over already, as the mirror has
the past tickets' times, or begin now, while the tenant's mode is off or shadow. What was found when they are over stays.`,
		Example: "  agentctl report baseline --tenant example-clinic --from 2026-11-01\n  agentctl report baseline --tenant example-clinic --from 2026-11-01 --days 14",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if remove == (from != "") {
				return errors.New("say since when, as --from 2026-11-01, or --remove")
			}
			var window *adminapi.BaselineWindow
			if from != "" {
				begins, err := time.Parse(time.DateOnly, from)
				if err != nil {
					return fmt.Errorf("--from: %q is no day: write it as 2026-11-01", from)
				}
				window = &adminapi.BaselineWindow{From: begins, Until: begins.AddDate(0, 0, days)}
			}
			return changeReportSettings(cmd, tenantID, asJSON, func(s *adminapi.ReportSettings) { s.Baseline = window })
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "the tenant's id")
	cmd.Flags().StringVar(&from, "from", "", "the first day, in UTC, as 2026-11-01")
	cmd.Flags().IntVar(&days, "days", adminapi.UsualBaselineDays, "how many days")
	cmd.Flags().BoolVar(&remove, "remove", false, "have none")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what holds then as JSON")
	_ = cmd.MarkFlagRequired("tenant")
	return cmd
}

func newReportInputsCommand() *cobra.Command {
	var (
		tenantID                           string
		research, tickets, articles, other float64
		asJSON                             bool
	)
	cmd := &cobra.Command{
		Use: "inputs", Short: "Set the minutes that a tenant's estimates assume", Args: cobra.NoArgs,
		Long: `Set the minutes that a tenant's estimates assume, or show which hold. No data says them: the defaults are assumptions. Ask technicians, or
time some tickets, and set your own. What is not named stays.`,
		Example: "  agentctl report inputs --tenant example-clinic\n  agentctl report inputs --tenant example-clinic --research 20 --ticket 6",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return changeReportSettings(cmd, tenantID, asJSON, func(s *adminapi.ReportSettings) {
				for flag, into := range map[string]**float64{
					"research": &s.ResearchMinutes, "ticket": &s.TicketMinutes, "article": &s.ArticleMinutes, "system": &s.SystemMinutes,
				} {
					if cmd.Flags().Changed(flag) {
						value, _ := cmd.Flags().GetFloat64(flag) // it is one
						*into = &value
					}
				}
			})
		},
	}
	defaults := weekly.Defaults()
	cmd.Flags().StringVar(&tenantID, "tenant", "", "the tenant's id")
	cmd.Flags().Float64Var(&research, "research", defaults.ResearchMinutes, "minutes of research on a ticket without a note")
	cmd.Flags().Float64Var(&tickets, "ticket", defaults.TicketMinutes, "minutes that a note saves that names a past ticket")
	cmd.Flags().Float64Var(&articles, "article", defaults.ArticleMinutes, "the same for an article")
	cmd.Flags().Float64Var(&other, "system", defaults.SystemMinutes, "the same for a system")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what holds then as JSON")
	_ = cmd.MarkFlagRequired("tenant")
	return cmd
}

// changeReportSettings changes what change says of a tenant's settings, and shows what holds then.
func changeReportSettings(cmd *cobra.Command, tenantID string, asJSON bool, change func(*adminapi.ReportSettings)) error {
	client, err := openConsole(cmd)
	if err != nil {
		return err
	}
	settings, err := client.ReportSettings(cmd.Context(), tenantID)
	if err != nil {
		return err
	}
	before := settings
	change(&settings)
	if settings != before {
		if settings, err = client.SetReportSettings(cmd.Context(), tenantID, settings); err != nil {
			return err
		}
	}
	if asJSON {
		return printJSON(cmd, settings)
	}
	defaults := weekly.Defaults()
	minutes := func(own *float64, usual float64) string {
		if own == nil {
			return fmt.Sprintf("%g minutes (assumed)", usual)
		}
		return fmt.Sprintf("%g minutes", *own)
	}
	baseline := "none"
	if b := settings.Baseline; b != nil {
		baseline = b.From.UTC().Format(time.DateOnly) + " to " + b.Until.UTC().Format(time.DateOnly) + ", the last day not included"
	}
	return say(cmd, "Research without a note: %s\nSaved by a past ticket: %s, by an article: %s, by a system: %s\nBaseline: %s",
		minutes(settings.ResearchMinutes, defaults.ResearchMinutes), minutes(settings.TicketMinutes, defaults.TicketMinutes),
		minutes(settings.ArticleMinutes, defaults.ArticleMinutes), minutes(settings.SystemMinutes, defaults.SystemMinutes), baseline)
}
