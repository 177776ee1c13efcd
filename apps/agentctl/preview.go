package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// previewFlags are those of `agentctl preview`.
type previewFlags struct {
	tenantID, ticketID, source string
	subject, description       string
	priority                   string
	preferences, asOf          string
	format                     string
	asJSON                     bool
}

func newPreviewCommand() *cobra.Command {
	var f previewFlags
	cmd := &cobra.Command{
		Use: "preview", Short: "Draft the note that a ticket would get; nothing is posted", Args: cobra.NoArgs,
		Long: "Draft the note that a ticket would get, under the tenant's preferences or others. Nothing is posted, and no job is made;\n" +
			"what the language model costs is the tenant's. The note goes to standard output, how it came about to standard error.",
		Example: "  agentctl preview --tenant example-clinic --ticket 20501\n" +
			"  agentctl preview --tenant example-clinic --ticket 20501 --preferences other.yaml --format html > note.html\n" +
			"  agentctl preview --tenant example-clinic --subject 'VPN drops' --description '192.0.2.10 does not answer'",
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.tenantID, "tenant", "", "tenant id")
	flags.StringVar(&f.ticketID, "ticket", "", "id of the ticket")
	flags.StringVar(&f.source, "source", "auto", "where its text is read from: servicedesk, ledger, history; auto is the first that has it")
	flags.StringVar(&f.subject, "subject", "", "subject of a ticket that need not exist")
	flags.StringVar(&f.description, "description", "", "its description; - reads standard input")
	flags.StringVar(&f.priority, "priority", "", "its priority")
	flags.StringVar(&f.preferences, "preferences", "", "file (JSON or YAML; - is standard input) with preferences in place of the tenant's")
	flags.StringVar(&f.asOf, "as-of", "", "leave out past tickets that were resolved on this day or later: 2026-10-01, or a time as RFC 3339 has it")
	flags.StringVar(&f.format, "format", "text", "text, html or markdown")
	flags.BoolVar(&f.asJSON, "json", false, "print all of it as JSON")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
	return cmd
}

func (f *previewFlags) run(cmd *cobra.Command) error {
	if _, err := inFormat(adminapi.RenderedNote{}, f.format); err != nil {
		return err
	}
	request, err := f.request(cmd)
	if err != nil {
		return err
	}
	client, err := openConsole(cmd)
	if err != nil {
		return err
	}
	shown, err := client.Preview(cmd.Context(), f.tenantID, request)
	if err != nil {
		return err
	}
	if f.asJSON {
		return printJSON(cmd, shown)
	}
	if err := printNote(cmd, shown.Note, f.format); err != nil {
		return err
	}
	cmd.PrintErrln()
	return showPreview(cmd, shown)
}

func (f *previewFlags) request(cmd *cobra.Command) (adminapi.PreviewRequest, error) {
	request := adminapi.PreviewRequest{TicketID: f.ticketID, Source: adminapi.PreviewSource(f.source)}
	switch {
	case f.ticketID == "" && f.subject == "" && f.description == "":
		return request, errors.New("--ticket: name a ticket, or give one with --subject and --description")
	case f.description == "-" && f.preferences == "-":
		return request, errors.New("--preferences: standard input is the description already")
	}
	var err error
	if f.subject != "" || f.description != "" {
		given := adminapi.PreviewTicket{Subject: f.subject, Description: f.description, Priority: f.priority}
		if f.description == "-" {
			text, err := readInput(cmd, f.description)
			if err != nil {
				return request, err
			}
			given.Description = string(text)
		}
		request.Ticket = &given
	}
	if f.asOf != "" {
		asOf, err := parseDay(f.asOf)
		if err != nil {
			return request, fmt.Errorf("--as-of: %w", err)
		}
		request.AsOf = &asOf
	}
	request.Preferences, err = readPreferences(cmd, "--preferences", f.preferences)
	return request, err
}

// parseDay reads a day, which begins at midnight UTC, or a time.
func parseDay(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a day (2026-10-01) nor a time (2026-10-01T08:00:00Z)", text)
}

// readPreferences reads a file in JSON, or in YAML, of which JSON is a part; nil for no file.
func readPreferences(cmd *cobra.Command, flag, file string) (*tenant.Preferences, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // none is a valid choice
	}
	data, err := readInput(cmd, file)
	if err != nil {
		return nil, err
	}
	var document map[string]any
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("%s: %s is neither JSON nor YAML: %w", flag, file, err)
	}
	if len(document) == 0 {
		return nil, fmt.Errorf("%s: %s is empty: `agentctl tenant show` has the tenant's own", flag, file)
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", flag, file, err)
	}
	var preferences tenant.Preferences
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&preferences); err != nil {
		return nil, fmt.Errorf("%s: %s: %s; see enhancement_prefs in docs/admin-api.md", flag, file, strings.TrimPrefix(err.Error(), "json: "))
	}
	return &preferences, nil
}

func inFormat(n adminapi.RenderedNote, format string) (string, error) {
	switch format {
	case "text":
		return n.Text, nil
	case "html":
		return n.HTML, nil
	case "markdown":
		return n.Markdown, nil
	default:
		return "", fmt.Errorf("--format: %q is none of text, html and markdown", format)
	}
}

func printNote(cmd *cobra.Command, n adminapi.RenderedNote, format string) error {
	text, err := inFormat(n, format)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	return say(cmd, "%s", strings.Join(lines, "\n"))
}
