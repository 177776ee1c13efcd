package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

const (
	// settlePoll is how often it is asked whether all is done.
	settlePoll = time.Second
	// readers look at tickets side by side.
	readers = 8
)

// row is a job in the ledger.
type row struct {
	jobID    string
	ticketID string
	status   enhancement.Status
	reason   string
	noteID   string
}

// account is a ticket with all that there is to know about it.
type account struct {
	*Sent

	rows  []row
	notes []servicedesktest.Note
}

// books are the accounts of all tickets, and what was found besides.
type books struct {
	accounts []account
	// unsettled says what was not done in time.
	unsettled string
	// tidied is how many tickets had a second note for a while.
	tidied int
	// caught is how many tickets have a note although no sender has sent them: their webhooks count as missed.
	caught int
	// strays are those of them that have more notes than they may.
	strays []string
}

// settle waits for the work that is under way, has what was refused sent again, and reads the books.
func (w *world) settle(ctx context.Context, opts Options) (books, error) {
	conn, err := pgx.Connect(ctx, w.stack.AdminDatabaseURL())
	if err != nil {
		return books{}, fmt.Errorf("open the ledger: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var late []string // what was not done in time, each time
	drained := func() error {
		left, err := w.drain(ctx, conn, opts.Settle)
		if left != "" {
			late = append(late, left)
		}
		return err
	}
	if err := drained(); err != nil {
		return books{}, err
	}
	if n := w.sendAgain(ctx); n > 0 {
		w.sayf("%d tickets that had been refused were sent again", n)
		if err := drained(); err != nil {
			return books{}, err
		}
	}
	if opts.Find > 0 {
		if err := w.awaitFound(ctx, conn, opts.Find); err != nil {
			return books{}, err
		}
		if err := drained(); err != nil {
			return books{}, err
		}
	}
	found, err := w.read(ctx, conn)
	if err != nil {
		return books{}, err
	}
	found.unsettled = strings.Join(late, "; ")
	return w.awaitTidy(ctx, conn, found, opts.Patience)
}

// drain returns when the ledger has no job left to do, or says what it still has after a while.
func (w *world) drain(ctx context.Context, conn *pgx.Conn, within time.Duration) (left string, err error) {
	waiting, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		var unfinished int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM enhancement_history
			WHERE status IN ('pending', 'running') AND tenant_id = ANY($1)`, w.tenantIDs()).Scan(&unfinished)
		if err != nil {
			return "", fmt.Errorf("ask the ledger what is left to do: %w", err)
		}
		if unfinished == 0 {
			return "", nil
		}
		rest(waiting, settlePoll)
		if ctx.Err() != nil {
			return "", fmt.Errorf("interrupted: %w", ctx.Err())
		}
		if waiting.Err() != nil {
			return fmt.Sprintf("after %s, %d jobs were not done", within, unfinished), nil
		}
	}
}

// awaitFound returns when the ledger knows all tickets that are sought, or when they had long enough to be found.
func (w *world) awaitFound(ctx context.Context, conn *pgx.Conn, within time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for waiting.Err() == nil {
		rows, err := readLedger(ctx, conn, w.tenantIDs())
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(w.journal.all(), func(s *Sent) bool {
			return s.Sought && len(rows[key{s.TenantID, s.TicketID}]) == 0
		}) {
			return nil
		}
		rest(waiting, settlePoll)
	}
	return ctx.Err()
}

// sendAgain has each ticket sent once more of which every attempt was refused: nothing may be left of those.
func (w *world) sendAgain(ctx context.Context) int {
	l := newLoad(w, Options{Rate: 1})
	clients := map[string]client{}
	for _, c := range w.tenants {
		clients[c.id] = c
	}
	var group errgroup.Group
	group.SetLimit(readers)
	n := 0
	for _, sent := range w.journal.all() {
		if sent.told() != ToldRefused {
			continue
		}
		n++
		group.Go(func() error {
			again := l.attempt(ctx, clients[sent.TenantID], sent.TicketID)
			sent.Again = &again
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	return n
}

// read collects what stands in the ledger and on the tickets.
func (w *world) read(ctx context.Context, conn *pgx.Conn) (books, error) {
	rows, err := readLedger(ctx, conn, w.tenantIDs())
	if err != nil {
		return books{}, err
	}
	sent := w.journal.all()
	found := books{accounts: make([]account, len(sent))}
	var group errgroup.Group
	group.SetLimit(readers)
	for i, s := range sent {
		group.Go(func() error {
			ticket, err := w.users.Ticket(ctx, s.TenantID, s.TicketID)
			if err != nil {
				return err
			}
			found.accounts[i] = account{Sent: s, rows: rows[key{s.TenantID, s.TicketID}], notes: ticket.Notes}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return books{}, fmt.Errorf("read the tickets: %w", err)
	}
	found.caught, found.strays, err = w.unsent(ctx, sent)
	return found, err
}

// unsent looks at the tickets of which no sender knows: some were opened ahead and never sent.
func (w *world) unsent(ctx context.Context, sent []*Sent) (caught int, strays []string, err error) {
	known := map[key]bool{}
	for _, s := range sent {
		known[key{s.TenantID, s.TicketID}] = true
	}
	for _, c := range w.tenants {
		tickets, err := w.users.Tickets(ctx, c.id)
		if err != nil {
			return 0, nil, err
		}
		for _, t := range tickets {
			switch {
			case known[key{c.id, t.ID}] || t.NoteCount == 0:
			case t.NoteCount == 1:
				caught++
			default:
				strays = append(strays, fmt.Sprintf("DUPLICATED: ticket %s of %s has %d notes, and no sender has sent it", t.ID, c.id, t.NoteCount))
			}
		}
	}
	return caught, strays, nil
}

type key struct{ tenantID, ticketID string }

func (w *world) tenantIDs() []string {
	ids := make([]string, len(w.tenants))
	for i, c := range w.tenants {
		ids[i] = c.id
	}
	return ids
}

func readLedger(ctx context.Context, conn *pgx.Conn, tenantIDs []string) (map[key][]row, error) {
	const query = `SELECT tenant_id, ticket_id, job_id::text, status, failure_reason, note_id
		FROM enhancement_history WHERE tenant_id = ANY($1)`
	found, err := conn.Query(ctx, query, tenantIDs)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	defer found.Close()
	rows := map[key][]row{}
	for found.Next() {
		var (
			k key
			r row
		)
		if err := found.Scan(&k.tenantID, &r.ticketID, &r.jobID, &r.status, &r.reason, &r.noteID); err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		k.ticketID = r.ticketID
		rows[k] = append(rows[k], r)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return rows, nil
}

// awaitTidy gives second notes the time to be removed: a server may commit what was given up, and the platform looks
// again a while later.
func (w *world) awaitTidy(ctx context.Context, conn *pgx.Conn, found books, patience time.Duration) (books, error) {
	before := found.doubled()
	until := time.Now().Add(patience)
	for found.doubled() > 0 && time.Now().Before(until) {
		rest(ctx, settlePoll)
		again, err := w.read(ctx, conn)
		if err != nil {
			return books{}, errors.Join(err, ctx.Err())
		}
		again.unsettled = found.unsettled
		found = again
	}
	found.tidied = before - found.doubled()
	return found, nil
}

// doubled counts the tickets with more than one note.
func (b books) doubled() (n int) {
	for _, a := range b.accounts {
		if len(a.notes) > 1 {
			n++
		}
	}
	return n
}
