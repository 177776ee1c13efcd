package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, file string) ([]byte, error) {
	if file == "-" {
		data, err := io.ReadAll(cmd.InOrStdin())
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return data, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the input: %w", err)
	}
	return data, nil
}

// readSecret reads a secret from a file or standard input; on a terminal it asks, and does not show what is typed.
func readSecret(cmd *cobra.Command, file, what string) (tenant.Secret, error) {
	if terminal, is := cmd.InOrStdin().(*os.File); file == "-" && is && term.IsTerminal(int(terminal.Fd())) {
		cmd.PrintErrf("%s (is not shown): ", what)
		typed, err := term.ReadPassword(int(terminal.Fd()))
		cmd.PrintErrln()
		if err != nil {
			return "", fmt.Errorf("read %s: %w", what, err)
		}
		return nonEmpty(typed, what)
	}
	data, err := readInput(cmd, file)
	if err != nil {
		return "", err
	}
	return nonEmpty(data, what)
}

func nonEmpty(data []byte, what string) (tenant.Secret, error) {
	text := strings.TrimSpace(string(data)) // a file ends with a line break
	if text == "" {
		return "", fmt.Errorf("%s is empty", what)
	}
	return tenant.Secret(text), nil
}

func printJSON(cmd *cobra.Command, value any) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// say prints a line of a command's result.
func say(cmd *cobra.Command, format string, args ...any) error {
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// table prints rows in columns, or with asJSON each of them as a JSON object on a line.
type table struct {
	w      *tabwriter.Writer
	json   *json.Encoder
	asJSON bool
	titles []any
	err    error
}

// newTable makes a table, whose titles are printed with its first row, or at its end; none for one without.
func newTable(cmd *cobra.Command, asJSON bool, titles ...any) *table {
	t := &table{w: tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0), json: json.NewEncoder(cmd.OutOrStdout()), asJSON: asJSON, titles: titles}
	t.json.SetEscapeHTML(false)
	return t
}

// row prints value as JSON, or its cells.
func (t *table) row(value any, cells ...any) {
	if t.asJSON {
		t.err = errors.Join(t.err, t.json.Encode(value))
		return
	}
	t.line(cells...)
}

func (t *table) line(cells ...any) {
	if titles := t.titles; len(titles) > 0 {
		t.titles = nil
		t.line(titles...)
	}
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = plain(fmt.Sprint(cell))
	}
	_, err := fmt.Fprintln(t.w, strings.TrimRight(strings.Join(texts, "\t"), "\t"))
	t.err = errors.Join(t.err, err)
}

// close prints what is left. After a failure that is the rows until then; without any, nothing.
func (t *table) close(failure error) error {
	if failure == nil && !t.asJSON && len(t.titles) > 0 {
		titles := t.titles
		t.titles = nil
		t.line(titles...)
	}
	if err := errors.Join(t.err, t.w.Flush()); err != nil {
		return errors.Join(failure, fmt.Errorf("print: %w", err))
	}
	return failure
}

// plain is text without control characters: what others wrote must neither break the table nor steer the terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// when is a time that may not be.
func when(t *time.Time, otherwise string) string {
	if t == nil || t.IsZero() {
		return otherwise
	}
	return shown(*t)
}
