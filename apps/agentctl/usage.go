package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

func newUsageCommand() *cobra.Command {
	var (
		tenantID, month string
		asJSON, asCSV   bool
	)
	cmd := &cobra.Command{
		Use: "usage", Short: "Show what language models cost, by tenant, or by day and model of one", Args: cobra.NoArgs,
		Long: `Show what language models cost in a calendar month (UTC), by the prices of LLM_PRICES: without a tenant, of each one that used any;
with --tenant, by day and model, and how it stands with its budget. UNPRICED are requests to models of which no price is known: what they
cost is missing.`,
		Example: "  agentctl usage\n  agentctl usage --tenant example-clinic --month 2026-11\n  agentctl usage --month 2026-11 --csv > november.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && asCSV {
				return errors.New("--csv and --json: choose one of them")
			}
			from, to, err := daysOf(month)
			if err != nil {
				return err
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			out := usageOutput(cmd, asJSON, asCSV)
			if tenantID != "" {
				return showUsage(cmd, client, out, tenantID, from, to)
			}
			totals, err := usageTotals(cmd.Context(), client, from, to)
			for _, u := range totals {
				out.row(u, append([]any{u.TenantID}, sumCells(u.UsageSums)...)...)
			}
			return out.close(err)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "only this tenant, by day and model")
	cmd.Flags().StringVar(&month, "month", "", "the month, as 2026-11 (default the present one)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print comma-separated values, with a line of titles")
	return cmd
}

// daysOf is the first and the last day of a month; empty for the present one, which the console knows.
func daysOf(month string) (from, to string, err error) {
	if month == "" {
		return "", "", nil
	}
	first, err := time.Parse("2006-01", month)
	if err != nil {
		return "", "", fmt.Errorf("--month: %q is no month: write it as 2026-11", month)
	}
	return first.Format(time.DateOnly), first.AddDate(0, 1, -1).Format(time.DateOnly), nil
}

// usageTotals asks for all tenants that the token reaches.
func usageTotals(ctx context.Context, client *adminapi.Client, from, to string) ([]adminapi.UsageTotal, error) {
	who, err := client.WhoAmI(ctx)
	if err != nil {
		return nil, err
	}
	if len(who.Tenants) == 0 {
		return client.AllUsage(ctx, "", from, to)
	}
	var all []adminapi.UsageTotal
	for _, tenantID := range who.Tenants {
		totals, err := client.AllUsage(ctx, tenantID, from, to)
		if adminapi.StatusOf(err) == http.StatusNotFound { // a token may be made before its tenant is, and outlive it
			continue
		}
		if err != nil {
			return all, err
		}
		all = append(all, totals...)
	}
	return all, nil
}

// rows is a table, or what is printed in its place.
type rows interface {
	row(value any, cells ...any)
	close(failure error) error
}

func sumTitles() []any {
	return []any{"CALLS", "FAILED", "CACHED", "UNPRICED", "PROMPT TOKENS", "OF THEM CACHED", "COMPLETION TOKENS", "COST (USD)"}
}

func sumCells(s adminapi.UsageSums) []any {
	return []any{s.Calls, s.Failed, s.CachedAnswers, s.Unpriced, s.PromptTokens, s.CachedTokens, s.CompletionTokens, dollars(s.CostUSD)}
}

// dollars are exact to a ten-thousandth, of which single requests cost a few.
func dollars(usd float64) string { return strconv.FormatFloat(usd, 'f', 4, 64) }

// usageOutput makes the rows of tenants, or of days with a tenant named.
func usageOutput(cmd *cobra.Command, asJSON, asCSV bool) rows {
	titles := []any{"TENANT"}
	if cmd.Flags().Changed("tenant") {
		titles = []any{"DAY", "MODEL", "PURPOSE"}
	}
	titles = append(titles, sumTitles()...)
	if asCSV {
		return newCSV(cmd, titles...)
	}
	return newTable(cmd, asJSON, titles...)
}

func showUsage(cmd *cobra.Command, client *adminapi.Client, out rows, tenantID, from, to string) error {
	used, err := client.Usage(cmd.Context(), tenantID, from, to)
	if err != nil {
		return out.close(err)
	}
	for _, u := range used.Items {
		out.row(u, append([]any{u.Day, u.Model, u.Purpose}, sumCells(u.UsageSums)...)...)
	}
	t, plain := out.(*table)
	if !plain || t.asJSON {
		return out.close(nil)
	}
	out.row(nil, append([]any{"total", "", ""}, sumCells(used.Total)...)...)
	if err := out.close(nil); err != nil {
		return err
	}
	return say(cmd, "%s", budgetLine(used.Budget))
}

// budgetLine says in words how a tenant stands with its budget.
func budgetLine(b adminapi.BudgetStanding) string {
	if b.SoftUSD == 0 && b.HardUSD == 0 {
		return fmt.Sprintf("%s: %s USD spent, no budget", b.Month, dollars(b.SpentUSD))
	}
	limit := func(name string, usd float64) string {
		if usd == 0 {
			return "no " + name + " limit"
		}
		return name + " limit " + dollars(usd)
	}
	said := map[adminapi.BudgetState]string{
		"within": "within the budget", "over_soft": "OVER THE SOFT LIMIT", "over_hard": "OVER THE HARD LIMIT: notes are made without a model",
	}[b.State]
	parts := []string{fmt.Sprintf("%s: %s USD spent, %s, %s: %s", b.Month, dollars(b.SpentUSD), limit("soft", b.SoftUSD), limit("hard", b.HardUSD), said)}
	for _, a := range b.Alerts {
		parts = append(parts, fmt.Sprintf("told of the %s limit at %s", a.Level, shown(a.At)))
	}
	return strings.Join(parts, "; ")
}

// csvRows prints comma-separated values (RFC 4180).
type csvRows struct {
	w   *csv.Writer
	err error
}

func newCSV(cmd *cobra.Command, titles ...any) *csvRows {
	c := &csvRows{w: csv.NewWriter(cmd.OutOrStdout())}
	for i, title := range titles {
		titles[i] = strings.NewReplacer(" (usd)", "_usd", " ", "_").Replace(strings.ToLower(fmt.Sprint(title)))
	}
	c.row(nil, titles...)
	return c
}

func (c *csvRows) row(_ any, cells ...any) {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = unformulated(plain(fmt.Sprint(cell)))
	}
	c.err = errors.Join(c.err, c.w.Write(texts))
}

// unformulated keeps a spreadsheet from taking a text, as a model's name, for a formula.
func unformulated(text string) string {
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}

func (c *csvRows) close(failure error) error {
	c.w.Flush()
	return errors.Join(failure, c.err, c.w.Error())
}
