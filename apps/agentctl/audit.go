package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/importfile"
)

func newAuditCommand() *cobra.Command {
	return group(&cobra.Command{Use: "audit", Short: "Read, export and verify the audit log"},
		newAuditListCommand(), newAuditExportCommand(), newAuditVerifyCommand())
}

// auditFlags select entries.
type auditFlags struct {
	query        adminapi.AuditQuery
	since, until string
}

func (f *auditFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.query.TenantID, "tenant", "", "only what concerns this tenant")
	flags.StringVar(&f.query.Operation, "operation", "", "only this operation: tenant.create, webhook.refused, …")
	flags.StringVar(&f.query.Actor, "actor", "", "only what this one did, as whoami shows it")
	flags.StringVar(&f.since, "since", "", "only from then on, as 2026-01-31 or 2026-01-31T15:04:05Z")
	flags.StringVar(&f.until, "until", "", "only before then")
}

// parse reads the times.
func (f *auditFlags) parse() (adminapi.AuditQuery, error) {
	var errs []error
	for _, bound := range []struct {
		flag, text string
		to         *time.Time
	}{{"--since", f.since, &f.query.Since}, {"--until", f.until, &f.query.Until}} {
		if bound.text == "" {
			continue
		}
		at, err := importfile.ParseTime(bound.text)
		if err == nil && at.IsZero() {
			err = errors.New("names no date: write 2026-01-31 or 2026-01-31T15:04:05Z")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", bound.flag, err))
		}
		*bound.to = at
	}
	return f.query, errors.Join(errs...)
}

func newAuditListCommand() *cobra.Command {
	var (
		flags  auditFlags
		limit  int
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List entries, the newest first", Args: cobra.NoArgs,
		Example: "  agentctl audit list --tenant example-clinic --since 2026-01-31\n  agentctl audit list --operation webhook.refused --limit 500",
		RunE: func(cmd *cobra.Command, _ []string) error {
			query, err := flags.parse()
			if limit < 1 {
				err = errors.Join(err, errors.New("--limit: has to be 1 or more"))
			}
			if err != nil {
				return err
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			t, n := newTable(cmd, asJSON, "NO.", "TIME", "OPERATION", "STATUS", "ACTOR", "TENANT", "TARGET", "FROM"), 0
			for r, err := range client.Audit(cmd.Context(), query) {
				if err != nil {
					return t.close(err)
				}
				t.row(r, r.Seq, shown(r.At), r.Operation, r.Status, r.Actor, r.TenantID, r.Target, r.Address)
				if n++; n == limit {
					break
				}
			}
			return t.close(nil)
		},
	}
	flags.bind(cmd)
	cmd.Flags().IntVar(&limit, "limit", adminapi.DefaultPage, "at most so many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line, with details and hashes")
	return cmd
}

func newAuditExportCommand() *cobra.Command {
	var (
		flags auditFlags
		file  string
	)
	cmd := &cobra.Command{
		Use: "export", Short: "Write entries as JSON Lines, the oldest first", Args: cobra.NoArgs,
		Long: `Write entries as JSON Lines, the oldest first. One of all entries can be verified without the console:
agentctl audit verify --file FILE. A file that was not written to its end is removed.`,
		Example: "  agentctl audit export --file audit-2026-01.jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error {
			query, err := flags.parse()
			if err != nil {
				return err
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			if file == "-" {
				_, err := exportAudit(cmd, client, query, cmd.OutOrStdout())
				return err
			}
			return exportAuditTo(cmd, client, query, file)
		},
	}
	flags.bind(cmd)
	cmd.Flags().StringVarP(&file, "file", "f", "-", "where to; must not exist. - for standard output")
	return cmd
}

func exportAuditTo(cmd *cobra.Command, client *adminapi.Client, query adminapi.AuditQuery, path string) (err error) {
	const private = 0o600
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, private)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("there is a file %s already", path)
	}
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	last, err := exportAudit(cmd, client, query, out)
	if err := errors.Join(err, out.Close()); err != nil {
		_ = os.Remove(path) // half a log looks like a whole one
		return err
	}
	if last == nil {
		return say(cmd, "no entry was exported")
	}
	return say(cmd, "exported until entry %d; to verify that nothing is missing later: --expect %[1]d:%s", last.Seq, last.Hash)
}

// exportAudit writes the entries and returns the last of them.
func exportAudit(cmd *cobra.Command, client *adminapi.Client, query adminapi.AuditQuery, to io.Writer) (*adminapi.AuditRecord, error) {
	var last *adminapi.AuditRecord
	out := bufio.NewWriter(to)
	err := client.ExportAudit(cmd.Context(), query, func(r adminapi.AuditRecord, line []byte) error {
		last = &r
		_, err := fmt.Fprintf(out, "%s\n", line)
		return err
	})
	if err := errors.Join(err, out.Flush()); err != nil {
		return nil, fmt.Errorf("export the audit log: %w", err)
	}
	return last, nil
}

var errNotIntact = errors.New("the audit log is NOT as it was written")

func newAuditVerifyCommand() *cobra.Command {
	var file, expected string
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that the audit log is as it was written", Args: cobra.NoArgs,
		Long: `Check that no entry was changed, removed or put in: each one holds a hash of the one before.

What was cut off at the end, or written anew as a whole, only shows against an entry that was kept elsewhere: the last
line of a verification names it, and --expect has it found again. Exit status 1 when the log is not intact.`,
		Example: "  agentctl audit verify --expect 1042:5d3f…\n  agentctl audit verify --file audit-2026-01.jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error {
			anchor, err := parseAnchor(expected)
			if err != nil {
				return fmt.Errorf("--expect: %w", err)
			}
			v, err := verifyAudit(cmd, file, anchor)
			if err != nil {
				return err
			}
			if !v.Intact {
				return fmt.Errorf("%w: %s", errNotIntact, v.Problem)
			}
			if v.Records == 0 {
				return say(cmd, "intact: it has no entries")
			}
			return say(cmd, "intact: %s, from %d to %d\nkeep this elsewhere, for the next time: --expect %d:%s",
				plural(v.Records, "record"), v.FirstSeq, v.LastSeq, v.LastSeq, v.LastHash)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "verify an exported file, without the console; - for standard input")
	cmd.Flags().StringVar(&expected, "expect", "", "an entry of an earlier verification, as NUMBER:HASH, that has to be there")
	return cmd
}

func parseAnchor(text string) (*audit.Anchor, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // none was given, which is no error
	}
	number, digits, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 1 {
		return nil, fmt.Errorf("%q is no entry: write it as NUMBER:HASH", text)
	}
	hash, err := audit.ParseHash(digits)
	if err != nil {
		return nil, err
	}
	return &audit.Anchor{Seq: seq, Hash: hash}, nil
}

func verifyAudit(cmd *cobra.Command, file string, anchor *audit.Anchor) (adminapi.AuditVerification, error) {
	if file != "" {
		return verifyExported(cmd, file, anchor)
	}
	client, err := openConsole(cmd)
	if err != nil {
		return adminapi.AuditVerification{}, err
	}
	expect := ""
	if anchor != nil {
		expect = fmt.Sprintf("%d:%s", anchor.Seq, anchor.Hash)
	}
	return client.VerifyAudit(cmd.Context(), expect)
}

func verifyExported(cmd *cobra.Command, file string, anchor *audit.Anchor) (adminapi.AuditVerification, error) {
	in := cmd.InOrStdin()
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return adminapi.AuditVerification{}, fmt.Errorf("read the exported log: %w", err)
		}
		defer func() { _ = opened.Close() }() // it was only read
		in = opened
	}
	var anchors []audit.Anchor
	if anchor != nil {
		anchors = append(anchors, *anchor)
	}
	v, err := audit.VerifyStream(in, anchors...)
	if err != nil {
		return adminapi.AuditVerification{}, fmt.Errorf("%s: %w", file, err)
	}
	return adminapi.AuditVerification{
		Intact: v.Intact(), Records: v.Records, FirstSeq: v.FirstSeq, LastSeq: v.LastSeq, LastHash: v.LastHash.String(), Problem: v.Problem,
	}, nil
}
