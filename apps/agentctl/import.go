package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
)

// importBatch is how many rows go into one transaction.
const importBatch = 500

// longestLine bounds one JSON line.
const longestLine = 4 << 20

func newImportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Import what the sources search, from JSON Lines files"}
	cmd.AddCommand(
		newImportKind("tickets", "past tickets: ticket_id, subject, description, resolution, created_at, resolved_at, url",
			func(ctx context.Context, b *backend, tenantID string, rows []history.PastTicket) error {
				return history.Put(ctx, b.db, tenantID, rows)
			}),
		newImportKind("systems", "the inventory: hostname, address, role, client, location",
			func(ctx context.Context, b *backend, tenantID string, rows []inventory.System) error {
				return inventory.Put(ctx, b.db, tenantID, rows)
			}))
	return cmd
}

type row interface{ Validate() error }

func newImportKind[T row](kind, fields string, put func(context.Context, *backend, string, []T) error) *cobra.Command {
	var tenantID, file string
	cmd := &cobra.Command{
		Use: kind, Short: "Import " + fields, Args: cobra.NoArgs,
		Example: fmt.Sprintf("  agentctl import %s --tenant example-clinic --file %s.jsonl", kind, kind),
		RunE: func(cmd *cobra.Command, _ []string) error {
			data, err := readInput(cmd, file)
			if err != nil {
				return err
			}
			rows, err := decodeLines[T](data)
			if err != nil {
				return fmt.Errorf("nothing was imported: %s: %w", file, err)
			}
			b, err := openBackend(cmd.Context())
			if err != nil {
				return err
			}
			defer b.close()
			if _, _, err := b.tenants.Get(cmd.Context(), tenantID); err != nil {
				return fmt.Errorf("nothing was imported: %w (create it with `agentctl tenant apply`)", err)
			}
			for start := 0; start < len(rows); start += importBatch {
				end := min(start+importBatch, len(rows))
				if err := put(cmd.Context(), b, tenantID, rows[start:end]); err != nil {
					return fmt.Errorf("%d of %d rows were imported: %w", start, len(rows), err)
				}
			}
			cmd.Printf("%d %s imported for tenant %s\n", len(rows), kind, tenantID)
			return nil
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "tenant id")
	cmd.Flags().StringVarP(&file, "file", "f", "", "JSON Lines file; - for standard input")
	for _, name := range []string{"tenant", "file"} {
		_ = cmd.MarkFlagRequired(name) // fails only for a flag that does not exist
	}
	return cmd
}

// decodeLines reads one T a line and names the line of the first that is wrong.
func decodeLines[T row](data []byte) ([]T, error) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, longestLine)
	var rows []T
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		dec.DisallowUnknownFields()
		var r T
		if err := dec.Decode(&r); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if err := r.Validate(); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		rows = append(rows, r)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the lines: %w", err)
	}
	return rows, nil
}
