package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// accountTable shows how a note came about on standard error, so that the note alone can be piped.
func accountTable(cmd *cobra.Command) *table {
	aside := &cobra.Command{}
	aside.SetOut(cmd.ErrOrStderr())
	return newTable(aside, false)
}

func showPreview(cmd *cobra.Command, p adminapi.Preview) error {
	t := accountTable(cmd)
	t.line("ticket", strings.TrimSpace(cmp.Or(p.TicketID, "none")+"  "+p.Subject))
	t.line("read from", p.Source)
	for _, f := range p.Found {
		found := plural(int64(f.Items), "source")
		if f.Unavailable {
			found = "could not be asked"
		}
		t.line("found, "+f.Kind, strings.TrimSpace(found+"  "+f.Note))
	}
	lineAccount(t, p.Account)
	for _, c := range p.LLMCalls {
		t.line("model "+c.Model, fmt.Sprintf("%d + %d tokens  $%.6f  %s  %s", c.PromptTokens, c.CompletionTokens, c.CostUSD, milliseconds(c.DurationMS), c.Error))
	}
	t.line("took", milliseconds(p.TookMS))
	return t.close(nil)
}

func lineAccount(t *table, a adminapi.NoteAccount) {
	switch {
	case !a.Generated:
		t.line("generated", "no: "+a.FallbackReason)
	case a.Cached:
		t.line("generated", "yes, from an earlier answer")
	default:
		t.line("generated", "yes")
	}
	if a.Generated {
		t.line("confidence", fmt.Sprintf("%.2f", a.Confidence))
	}
	t.line("words", a.Words)
	t.line("could draw from", plural(int64(a.Sources), "source"))
	if len(a.Dropped) > 0 {
		t.line("dropped", counted(a.Dropped))
	}
	if len(a.Masked) > 0 {
		t.line("masked", counted(a.Masked))
	}
	if a.ModelIgnored != "" {
		t.line("preferred model", a.ModelIgnored+" is not offered, "+cmp.Or(a.Model, "another")+" was asked")
	}
	t.line("cost", fmt.Sprintf("$%.6f", a.CostUSD))
	t.line("settings", fmt.Sprintf("version %d of the tenant", a.TenantVersion))
}

// counted is "email 2, phone 1".
func counted(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}

func newJobNoteCommand() *cobra.Command {
	var (
		tenantID, format string
		asJSON           bool
	)
	cmd := &cobra.Command{
		Use: "note JOB", Short: "Show the note that a job made, posted or not", Args: cobra.ExactArgs(1),
		Long: "Show the note that a job made. This is how the notes of a tenant in shadow mode are read. The note goes to standard\n" +
			"output, how it came about to standard error.",
		Example: "  agentctl job note --tenant example-clinic 9f8b6979-8851-86b3-9a47-07088f6081d1",
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := inFormat(adminapi.RenderedNote{}, format); err != nil {
				return err
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			made, err := client.JobNote(cmd.Context(), tenantID, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, made)
			}
			if err := printNote(cmd, made.Note, format); err != nil {
				return err
			}
			cmd.PrintErrln()
			return showJobNote(cmd, made)
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().StringVar(&format, "format", "text", "text, html or markdown")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}

func showJobNote(cmd *cobra.Command, made adminapi.JobNote) error {
	t := accountTable(cmd)
	t.line("ticket", made.TicketID)
	switch made.State {
	case adminapi.NotePosted:
		t.line("posted", "yes, as note "+made.NoteID)
	case adminapi.NoteSuperseded:
		t.line("posted", "no: the note of a later event stood there, as note "+made.NoteID)
	case adminapi.NoteKept:
		t.line("posted", "no: note "+made.NoteID+" was not ours to write over; `agentctl job show` says why")
	case adminapi.NoteWithheld:
		t.line("posted", "no: it was withheld, because of the mode that the tenant was in")
	case adminapi.NoteNotPosted:
		t.line("posted", "no: `agentctl job show` says how far the job is")
	}
	t.line("made", shown(made.MadeAt))
	if made.Account != nil {
		lineAccount(t, *made.Account)
	}
	return t.close(nil)
}
