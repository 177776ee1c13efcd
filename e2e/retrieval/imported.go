package retrieval

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// imported imports a file with the operator's own tool: once in one go, and once killed in the middle and started again.
func imported(ctx context.Context, w *world, opts Options, r *report) error {
	if opts.Import == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "bench-import-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	console, err := consoletest.Start(ctx, consoletest.Options{DatabaseURL: w.consoleURL})
	if err != nil {
		return fmt.Errorf("start a console: %w", err)
	}
	defer console.Close()
	o := operator{agentctl: opts.Agentctl, consoleURL: console.URL, token: console.Token, file: filepath.Join(dir, "tickets.jsonl")}
	if err := o.writeTickets(opts.Import); err != nil {
		return err
	}
	for _, tenantID := range []string{"import-whole", "import-killed"} {
		if err := o.onboard(ctx, tenantID); err != nil {
			return err
		}
	}
	w.sayf("importing %d tickets with %s", opts.Import, opts.Agentctl)
	started := time.Now()
	if out, err := o.importing(ctx, "import-whole").CombinedOutput(); err != nil {
		return fmt.Errorf("import: %w\n%s", err, out)
	}
	rate := float64(opts.Import) / time.Since(started).Seconds()
	bare, err := w.bareInsert(ctx, opts.Import)
	if err != nil {
		return err
	}
	r.add("import from a file", "tickets/s", fmt.Sprintf("%.0f", rate), "",
		fmt.Sprintf("%d tickets, JSON Lines, by agentctl through a console, stored and indexed; %.2f of a bare INSERT of the same rows", opts.Import, rate/bare))
	return w.killed(ctx, o, opts.Import, r)
}

// bareInsert is how many rows a second Postgres takes from memory, in batches as large, without any search index.
func (w *world) bareInsert(ctx context.Context, size int) (float64, error) {
	_, err := w.admin.Exec(ctx, `CREATE TABLE bare (ticket_id text PRIMARY KEY, subject text, description text, resolution text)`)
	if err != nil {
		return 0, fmt.Errorf("make the bare table: %w", err)
	}
	words := newGenerator(uint64(size)) //nolint:gosec // a count
	var took time.Duration
	for first := 0; first < size; first += history.MaxBatch {
		var ids, subjects, descriptions, resolutions []string
		for _, t := range words.tickets(first, min(history.MaxBatch, size-first)) {
			ids, subjects = append(ids, t.ID), append(subjects, t.Subject)
			descriptions, resolutions = append(descriptions, t.Description), append(resolutions, t.Resolution)
		}
		started := time.Now()
		_, err := w.admin.Exec(ctx, `
			INSERT INTO bare SELECT t.i, t.s, t.d, t.r FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t (i, s, d, r)`,
			ids, subjects, descriptions, resolutions)
		if err != nil {
			return 0, fmt.Errorf("insert bare rows: %w", err)
		}
		took += time.Since(started)
	}
	return float64(size) / took.Seconds(), nil
}

// killed kills an import when a third of it is stored, starts it again, and compares.
func (w *world) killed(ctx context.Context, o operator, size int, r *report) error {
	first := o.importing(ctx, "import-killed")
	if err := first.Start(); err != nil {
		return fmt.Errorf("start an import: %w", err)
	}
	stored := 0
	for stored < size/3 {
		time.Sleep(50 * time.Millisecond)
		if first.ProcessState != nil || ctx.Err() != nil {
			return errors.Join(errors.New("the import ended before it could be killed"), ctx.Err())
		}
		if err := w.admin.QueryRow(ctx, `SELECT count(*) FROM ticket_history WHERE tenant_id = 'import-killed'`).Scan(&stored); err != nil {
			return fmt.Errorf("count: %w", err)
		}
	}
	killed := first.Process.Kill()
	_ = first.Wait() // it says that it was killed
	if out, err := o.importing(ctx, "import-killed").CombinedOutput(); err != nil || killed != nil {
		return fmt.Errorf("import again: %w\n%s", errors.Join(killed, err), out)
	}
	if err := w.settle(ctx); err != nil { // or the planner expects no rows of these tenants
		return err
	}
	const compare = `
		SELECT count(*) FILTER (WHERE tenant_id = 'import-whole'), count(*) FILTER (WHERE tenant_id = 'import-killed'),
		       (SELECT count(*) FROM ticket_history a JOIN ticket_history b USING (ticket_id, digest)
		        WHERE a.tenant_id = 'import-whole' AND b.tenant_id = 'import-killed' AND b.document IS NOT NULL),
		       (SELECT count(DISTINCT live) FROM (SELECT sum(live) AS live FROM search_segments
		        WHERE tenant_id IN ('import-whole', 'import-killed') GROUP BY tenant_id) AS s)
		FROM ticket_history`
	var whole, again, same, lives int
	if err := w.admin.QueryRow(ctx, compare).Scan(&whole, &again, &same, &lives); err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	verdict := "same rows"
	if whole != size || again != size || same != size || lives != 1 {
		verdict = fmt.Sprintf("DIFFERENT: %d and %d rows, %d alike", whole, again, same)
	}
	r.add("import killed, again", "rows", verdict, "", fmt.Sprintf("killed after %d of %d", stored, size))
	return nil
}

// operator uses agentctl, with a console that is in this process: it takes from the database's share of the machine what one
// of its own would.
type operator struct {
	agentctl, consoleURL, file string
	token                      tenant.Secret
}

func (o operator) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.agentctl, args...) //nolint:gosec // what the caller names
	cmd.Env = append(os.Environ(), "CONSOLE_URL="+o.consoleURL, "AGENTCTL_TOKEN="+o.token.Reveal())
	return cmd
}

func (o operator) importing(ctx context.Context, tenantID string) *exec.Cmd {
	return o.command(ctx, "import", "tickets", "--tenant", tenantID, "--file", o.file, "--quiet")
}

func (o operator) writeTickets(n int) (err error) {
	file, err := os.Create(o.file)
	if err != nil {
		return fmt.Errorf("write tickets: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriter(file)
	encoder := json.NewEncoder(buffered)
	words := newGenerator(uint64(n)) //nolint:gosec // a count
	for i := range n {
		if err := encoder.Encode(words.tickets(i, 1)[0]); err != nil {
			return fmt.Errorf("write tickets: %w", err)
		}
	}
	return buffered.Flush()
}

func (o operator) onboard(ctx context.Context, tenantID string) error {
	cmd := o.command(ctx, "tenant", "apply", "--file", "-")
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"tenant_id": %q, "name": "Example", "servicedesk_url": "https://sdp.example.com/api/v3",
		"servicedesk_profile": "onprem", "api_key": "example", "signing_secret": "only-for-this-run"}`, tenantID))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("onboard %s: %w\n%s", tenantID, err, out.String())
	}
	return nil
}
