package chaos

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	// recoveryLimit is how long it may take until what was accepted is done, counted from the end of the fault.
	recoveryLimit = time.Minute
	p95           = 0.95
	// named is how many tickets of a row are named.
	named = 10
)

// Window is a fault with its times. What was sent until the next one begins is attributed to it.
type Window struct {
	Fault        string
	Began, Ended time.Time
	// Err says that the fault could not be made, or not be put right.
	Err error
}

// Row is what became of the tickets that were sent while a fault lasted, and until the next one.
type Row struct {
	Fault string
	// Missed are those whose webhook never arrived.
	Sent, Accepted, Refused, Unanswered, Missed int
	Noted, Lost, Duplicated, Failed             int
	Recovery                                    time.Duration
	recoveries                                  []time.Duration
}

// Report is what a run has shown.
type Report struct {
	Plan     Plan
	Tenants  int
	Rate     float64
	Rows     []Row
	Problems []string // each names its ticket
	Failures []string // tickets that failed with a reason
	Restarts []string // processes that ended by themselves
	Tidied   int
	// Caught are the tickets that were enhanced although no sender has sent them.
	Caught int
	// Unaccepted are the deliveries that were answered otherwise than 202, or not at all.
	Unaccepted int
	Dir        string
}

// newReport judges every ticket and adds up what was found, by fault.
func newReport(opts Options, windows []Window, found books, dir string, restarts []string) *Report {
	r := &Report{Plan: opts.Plan, Tenants: opts.Tenants, Rate: opts.Rate, Restarts: restarts, Tidied: found.tidied, Caught: found.caught, Dir: dir}
	rows := map[string]*Row{}
	for _, w := range windows {
		if rows[w.Fault] == nil {
			rows[w.Fault] = &Row{Fault: w.Fault}
		}
		if w.Err != nil {
			r.Problems = append(r.Problems, fmt.Sprintf("%s: the fault could not be made, or not be put right: %v", w.Fault, w.Err))
		}
	}
	for i := range found.accounts {
		a := &found.accounts[i]
		at := windowOf(windows, a.At)
		r.enter(rows[windows[at].Fault], a, windows[at:])
	}
	if found.unsettled != "" {
		r.Problems = append(r.Problems, found.unsettled)
	}
	r.Problems = append(r.Problems, found.strays...)
	if len(found.accounts) == 0 {
		r.Problems = append(r.Problems, "no ticket was sent: nothing was shown")
	}
	for _, row := range rows {
		row.Recovery = percentile(row.recoveries, p95)
		if row.Recovery > recoveryLimit {
			r.Problems = append(r.Problems, fmt.Sprintf("%s: recovery took %s, at most %s are allowed", row.Fault, row.Recovery.Round(step), recoveryLimit))
		}
		r.Rows = append(r.Rows, *row)
	}
	slices.SortFunc(r.Rows, func(a, b Row) int { return strings.Compare(a.Fault, b.Fault) })
	return r
}

// enter books one ticket.
func (r *Report) enter(row *Row, a *account, windows []Window) {
	row.Sent++
	switch a.told() {
	case ToldAccepted:
		row.Accepted++
	case ToldRefused:
		row.Refused++
	case ToldNothing:
		row.Unanswered++
	case ToldNobody:
		row.Missed++
	}
	for _, attempt := range a.Attempts {
		if !attempt.accepted() {
			r.Unaccepted++
		}
	}
	v, why := a.judge()
	line := fmt.Sprintf("%s: ticket %s of %s, sent %s (%s): %s", row.Fault, a.TicketID, a.TenantID,
		a.At.UTC().Format("15:04:05.000"), a.answers(), why)
	switch v {
	case verdictNoted:
		switch a.told() {
		case ToldNobody:
			row.Noted++
		case ToldAccepted:
			row.Noted++
			row.recoveries = append(row.recoveries, recovery(windows, a.acceptedAt(), a.notes[0].AddedTime))
		case ToldRefused, ToldNothing: // nobody was promised it
		}
	case verdictFailed:
		row.Failed++
		r.Failures = append(r.Failures, line)
		// A job may fail, with its reason; but there is no fault among these that a job may not outlast.
		r.Problems = append(r.Problems, "FAILED: "+line)
	case verdictLost:
		row.Lost++
		r.Problems = append(r.Problems, "LOST: "+line)
	case verdictDoubled:
		row.Duplicated++
		r.Problems = append(r.Problems, "DUPLICATED: "+line)
	case verdictNone:
	}
}

// windowOf finds the window in which something was sent.
func windowOf(windows []Window, sent time.Time) int {
	at := 0
	for i, w := range windows {
		if !sent.Before(w.Began) {
			at = i
		}
	}
	return at
}

// recovery is how long a ticket took that was accepted in the first window, counted from the end of its fault, or from its
// acceptance if that was later. The time for which later faults lasted is theirs.
func recovery(windows []Window, accepted, noted time.Time) time.Duration {
	from := windows[0].Ended
	if accepted.After(from) {
		from = accepted
	}
	took := noted.Sub(from)
	for _, later := range windows[1:] {
		began, ended := later.Began, later.Ended
		if began.Before(from) {
			began = from
		}
		if ended.After(noted) {
			ended = noted
		}
		took -= max(0, ended.Sub(began))
	}
	return max(0, took)
}

func percentile(all []time.Duration, share float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// Lost and Duplicated are the sums over all faults.
func (r *Report) Lost() int { return r.sum(func(row Row) int { return row.Lost }) }

// Duplicated is how many tickets were done twice.
func (r *Report) Duplicated() int { return r.sum(func(row Row) int { return row.Duplicated }) }

// Sent is how many tickets were sent.
func (r *Report) Sent() int { return r.sum(func(row Row) int { return row.Sent }) }

// Accepted is how many of them were accepted while the faults lasted.
func (r *Report) Accepted() int { return r.sum(func(row Row) int { return row.Accepted }) }

func (r *Report) sum(of func(Row) int) (n int) {
	for _, row := range r.Rows {
		n += of(row)
	}
	return n
}

// Err is nil when nothing was lost, nothing done twice, and everything done in time.
func (r *Report) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return fmt.Errorf("%d lost, %d duplicated, %d problems in all; logs, and what senders were told, are in %s",
		r.Lost(), r.Duplicated(), len(r.Problems), filepath.Join(r.Dir, "logs"))
}

// columns are the heads of the table.
func columns() []string {
	return []string{
		"fault", "sent", "accepted", "refused", "no answer", "never arrived", "noted once", "lost", "duplicated", "failed with reason", "recovery p95",
	}
}

func (r Row) cells() []string {
	cells := []string{r.Fault}
	for _, n := range []int{r.Sent, r.Accepted, r.Refused, r.Unanswered, r.Missed, r.Noted, r.Lost, r.Duplicated, r.Failed} {
		cells = append(cells, strconv.Itoa(n))
	}
	return append(cells, fmt.Sprintf("%.1f s", r.Recovery.Seconds()))
}

// total adds up all rows; its recovery is the longest.
func (r *Report) total() Row {
	all := Row{Fault: "all"}
	for _, row := range r.Rows {
		all.Sent += row.Sent
		all.Accepted += row.Accepted
		all.Refused += row.Refused
		all.Unanswered += row.Unanswered
		all.Missed += row.Missed
		all.Noted += row.Noted
		all.Lost += row.Lost
		all.Duplicated += row.Duplicated
		all.Failed += row.Failed
		all.Recovery = max(all.Recovery, row.Recovery)
	}
	return all
}

// Print writes the table for people, and what is wrong.
func (r *Report) Print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	lines := [][]string{columns()}
	for _, row := range append(slices.Clone(r.Rows), r.total()) {
		lines = append(lines, row.cells())
	}
	var errs []error
	for _, cells := range lines {
		_, err := fmt.Fprintln(table, strings.Join(cells, "\t")+"\t")
		errs = append(errs, err)
	}
	errs = append(errs, table.Flush())
	_, err := fmt.Fprintf(out, "\nseed %d, %s, %d tenants, %g tickets a second; %d tickets had a second note for a while, which was removed; "+
		"%d tickets were enhanced that no sender had sent\n", r.Plan.Seed, r.Plan.Duration, r.Tenants, r.Rate, r.Tidied, r.Caught)
	errs = append(errs, err)
	for _, part := range []struct {
		head  string
		lines []string
	}{{"Ended by themselves", r.Restarts}, {"Failed with a reason", r.Failures}, {"Wrong", r.Problems}} {
		errs = append(errs, printSome(out, part.head, part.lines))
	}
	return errors.Join(errs...)
}

// printSome writes the first lines of a list.
func printSome(out io.Writer, head string, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%d):\n", head, len(lines))
	for i, line := range lines {
		if i == named {
			fmt.Fprintf(&b, "  and %d more\n", len(lines)-named)
			break
		}
		fmt.Fprintf(&b, "  %s\n", line)
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}

// Markdown writes the table for docs/reliability.md.
func (r *Report) Markdown(out io.Writer, command string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s`, %s, seed %d, %d tenants, %g tickets a second\n\n", command, time.Now().UTC().Format(time.DateOnly),
		r.Plan.Seed, r.Tenants, r.Rate)
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns(), " | "), strings.Repeat("---|", len(columns())))
	for _, row := range append(slices.Clone(r.Rows), r.total()) {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row.cells(), " | "))
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}
