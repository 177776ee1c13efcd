package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/importfile/meter"
)

const (
	// fewestTickets is how many a validation takes: below that, percentiles say nothing.
	fewestTickets = 10
	// notePatience is how long each note is waited for, and atOnce how many are.
	notePatience = 3 * time.Minute
	atOnce       = 4

	half, most, nearlyAll, hundred = 50, 95, 99, 100
)

// errInvalid says that a validation found something; the report says what.
var errInvalid = errors.New("the validation failed")

// validateFlags say what is tried.
type validateFlags struct {
	tenantID, otherTenant   string
	tickets                 []string
	simulator, alertmanager string
	out                     string
	wait                    time.Duration
	parallel                int
	asJSON                  bool
}

func newValidateCommand() *cobra.Command {
	var flags validateFlags
	cmd := &cobra.Command{
		Use: "validate", Short: "Try a tenant by a plan before it goes live, and report what happened", Args: cobra.NoArgs,
		Long: `Try a tenant by a plan before it goes live, and write a report of what happened:

  - ten or more tickets are enhanced: how many succeed, and how long they take (p50, p95, p99, from the ledger)
  - with --simulator, its ServiceDesk Plus and its knowledge base fail in three ways
  - with --other-tenant, a token restricted to the tenant asks for all that is the other one's
  - with --alertmanager, an alert is fired there and looked for

What cannot be tried is reported as "not run", with the reason, and never as passed. Each of the tickets gets a webhook with a text of this
run, and a note about it: name tickets that are there for tests. The alert goes to whoever is told of alerts without a severity.

Exit status: 0 nothing failed; 1 something did, see the report; 130 interrupted, and the report says what was not run.`,
		Example: `  agentctl validate --tenant example-clinic --other-tenant example-foundry --out report.md \
    --ticket 20501,20502,20503,20504,20505,20506,20507,20508,20509,20510
  agentctl validate --tenant example-clinic --simulator http://127.0.0.1:8089 --alertmanager http://127.0.0.1:9093 --json \
    --ticket 20501,20502,20503,20504,20505,20506,20507,20508,20509,20510`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			there, err := client.Tenant(cmd.Context(), flags.tenantID)
			if err != nil {
				return err
			}
			if there.Status != adminapi.TenantEnabled {
				return fmt.Errorf("tenant %s is %s, and takes no webhooks: `agentctl tenant enable %[1]s` first", there.TenantID, there.Status)
			}
			v := &validation{validateFlags: flags, cmd: cmd, client: client, tenant: there, mark: strings.ToLower(rand.Text()[:8])}
			return v.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.tenantID, flagTenant, "", "tenant id")
	f.StringVar(&flags.otherTenant, flagOtherTenant, "", "another tenant, of which this one must see nothing")
	f.StringSliceVar(&flags.tickets, "ticket", nil, "ids of tickets in the tenant's ServiceDesk Plus that are there for tests; ten or more")
	f.StringVar(&flags.simulator, "simulator", "", "address of the simulator that is the tenant's ServiceDesk Plus, to have it fail")
	f.StringVar(&flags.alertmanager, "alertmanager", "", "address of Alertmanager, to fire an alert at")
	f.StringVarP(&flags.out, "out", "o", "", "file for the report in Markdown; standard output when left out")
	f.DurationVar(&flags.wait, "wait", notePatience, "how long to wait for each note")
	f.IntVar(&flags.parallel, "parallel", atOnce, "how many tickets at once")
	f.BoolVar(&flags.asJSON, "json", false, "print the report as JSON")
	_ = errors.Join(cmd.MarkFlagRequired(flagTenant), cmd.MarkFlagRequired("ticket")) // fail only for flags that do not exist
	return cmd
}

func (f *validateFlags) check() error {
	var errs []error
	tickets := slices.Compact(slices.Sorted(slices.Values(f.tickets)))
	if len(tickets) < fewestTickets {
		errs = append(errs, fmt.Errorf("--ticket: %d different tickets, and it takes %d: open some for the test", len(tickets), fewestTickets))
	}
	if f.otherTenant == f.tenantID {
		errs = append(errs, errors.New("--other-tenant: has to be another one than --tenant"))
	}
	if f.parallel < 1 {
		errs = append(errs, errors.New("--parallel: has to be 1 or more"))
	}
	for name, address := range map[string]string{"--simulator": f.simulator, "--alertmanager": f.alertmanager} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			errs = append(errs, fmt.Errorf("%s: give an address such as http://127.0.0.1:8089", name))
		}
	}
	return errors.Join(errs...)
}

// validation is the work of `agentctl validate`.
type validation struct {
	validateFlags

	cmd    *cobra.Command
	client *adminapi.Client
	tenant adminapi.Tenant
	// mark is in every text of this run, so that none was seen before.
	mark   string
	report validationReport
}

func (v *validation) run(ctx context.Context) error {
	v.report = validationReport{
		TenantID: v.tenantID, TenantVersion: v.tenant.Version, Mode: string(v.tenant.Preferences.NoteMode()), Profile: string(v.tenant.Profile),
		OtherTenant: v.otherTenant, BeganAt: time.Now().UTC(),
	}
	v.enhanceAll(ctx)
	v.tryFaults(ctx)
	v.tryIsolation(ctx)
	v.tryAlert(ctx)
	v.report.conclude(time.Now().UTC())
	if err := v.write(); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case !v.report.Passed:
		return fmt.Errorf("%w: %s; each is in the report", errInvalid, strings.Join(v.report.failures(), ", "))
	}
	return nil
}

func (v *validation) write() error {
	var errs []error
	if v.out != "" {
		if err := os.WriteFile(v.out, []byte(v.report.markdown()), 0o600); err != nil {
			errs = append(errs, fmt.Errorf("write the report: %w", err))
		} else {
			v.cmd.PrintErrln("The report is in " + v.out)
		}
	}
	switch {
	case v.asJSON:
		errs = append(errs, printJSON(v.cmd, v.report))
	case v.out == "" || errs != nil: // better on the screen than nowhere
		errs = append(errs, say(v.cmd, "%s", strings.TrimSuffix(v.report.markdown(), "\n")))
	}
	return errors.Join(errs...)
}

// enhanceAll has each ticket enhanced, a few at once.
func (v *validation) enhanceAll(ctx context.Context) {
	v.report.Tickets = make([]ticketRun, len(v.tickets))
	progress := meter.New(meter.Options{Mode: meterMode(v.cmd), Out: v.cmd.ErrOrStderr(), What: "tickets"})
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		done int
	)
	turns := make(chan struct{}, v.parallel)
	for i, id := range v.tickets {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			run := ticketRun{TicketID: id}
			job, err := v.enhance(ctx, id, fmt.Sprintf("Ticket %d of a validation", i+1))
			run.tell(job, err)
			mu.Lock()
			defer mu.Unlock()
			v.report.Tickets[i] = run
			done++
			progress.Show(meter.Reading{Rows: done, Done: int64(done), Total: int64(len(v.tickets))})
		})
	}
	all.Wait()
	progress.Close()
}

func meterMode(cmd *cobra.Command) meter.Mode {
	if onTerminal(cmd.ErrOrStderr()) {
		return meter.Bar
	}
	return meter.Lines
}

// enhance sends a webhook for the ticket with a text of its own, and waits for its job. The job is what the ledger has of it, whatever
// came of it.
func (v *validation) enhance(ctx context.Context, ticketID, about string) (adminapi.Job, error) {
	if ctx.Err() != nil {
		return adminapi.Job{}, errInterrupted
	}
	taken, err := v.client.SendTestWebhook(ctx, v.tenantID, adminapi.TestWebhook{
		TicketID: ticketID, Event: enhancement.EventUpdated, Subject: "Validation " + v.mark, Description: about + ", run " + v.mark + ".",
	})
	if err != nil {
		return adminapi.Job{}, err
	}
	job, err := awaitJob(ctx, v.client, v.tenantID, taken.JobID, v.wait)
	if job.JobID == "" {
		job.JobID = taken.JobID
	}
	return job, err
}

// ticketRun is what became of one ticket.
type ticketRun struct {
	TicketID string   `json:"ticket_id"`
	JobID    string   `json:"job_id,omitempty"`
	Enhanced bool     `json:"enhanced"`
	TookMS   int64    `json:"took_ms,omitempty"`
	NoteID   string   `json:"note_id,omitempty"`
	Withheld string   `json:"withheld,omitempty"`
	Degraded []string `json:"degraded,omitempty"`
	Reason   string   `json:"reason,omitempty"`
}

func (r *ticketRun) tell(job adminapi.Job, err error) {
	r.JobID, r.NoteID, r.Withheld, r.Degraded = job.JobID, job.NoteID, string(job.Withheld), job.Degraded
	if job.FinishedAt != nil {
		r.TookMS = job.FinishedAt.Sub(job.AskedAt).Milliseconds()
	}
	if r.Enhanced = err == nil; !r.Enhanced {
		r.Reason = err.Error()
	}
}

// figures are what the tickets come to.
type figures struct {
	Tickets     int     `json:"tickets"`
	Enhanced    int     `json:"enhanced"`
	Degraded    int     `json:"degraded"`
	SuccessRate float64 `json:"success_rate"`
	P50MS       int64   `json:"p50_ms"`
	P95MS       int64   `json:"p95_ms"`
	P99MS       int64   `json:"p99_ms"`
}

func figuresOf(runs []ticketRun) figures {
	f := figures{Tickets: len(runs)}
	var took []int64
	for _, r := range runs {
		if !r.Enhanced {
			continue
		}
		f.Enhanced++
		if len(r.Degraded) > 0 {
			f.Degraded++
		}
		took = append(took, r.TookMS)
	}
	slices.Sort(took)
	f.SuccessRate = float64(f.Enhanced) / float64(max(1, f.Tickets))
	f.P50MS, f.P95MS, f.P99MS = percentile(took, half), percentile(took, most), percentile(took, nearlyAll)
	return f
}

// percentile is the smallest value that so many percent of them do not exceed; 0 of none.
func percentile(sorted []int64, percent float64) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(percent/hundred*float64(len(sorted))))-1)]
}
