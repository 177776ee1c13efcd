package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/importfile/meter"
	"github.com/ai-agents/ai-agents/internal/servicedesk/sender"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func newOnboardCommand() *cobra.Command {
	var flags onboardFlags
	cmd := &cobra.Command{
		Use: "onboard", Short: "Bring a client from nothing to a note on a ticket, step by step", Args: cobra.NoArgs,
		Long: `Bring a client from nothing to a note on a ticket: create the tenant, try its credentials, write down what to enter in its
ServiceDesk Plus, import its history, send a signed test webhook, wait for the note. A check-list at the end says what is done.

On a terminal, what is missing is asked for. Run the same command again after a failure or an interruption: what is done is seen
on the platform and not done again. Settings and keys that are given replace those that the tenant has.

A signing secret that is made here is kept in a file of the setup folder that only you can read, and printed only with
--show-secret. Delete the folder when ServiceDesk Plus has the texts.

Exit status: 0 all done; 3 no note came; 1 another step failed; 130 interrupted.`,
		Example: `  agentctl onboard
  agentctl onboard --tenant example-clinic --name "Example Clinic" --profile onprem \
    --servicedesk-url https://sdp.example.com:8080/api/v3 --technician-id 4 --api-key-file key \
    --gateway-url https://gateway.example.com --ticket 20501
  agentctl onboard --tenant example-clinic --api-key-file another-key --ticket 20501`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			return (&onboarding{onboardFlags: flags, cmd: cmd, client: client}).run(cmd.Context())
		},
	}
	flags.bind(cmd)
	return cmd
}

// item is one line of the check-list.
type item struct {
	Step    string      `json:"step"`
	Outcome itemOutcome `json:"outcome"`
	Detail  string      `json:"detail,omitempty"`
	TookMS  int64       `json:"took_ms"`
}

// itemOutcome is how a step went.
type itemOutcome string

// The outcomes of steps.
const (
	itemDone    itemOutcome = "done"
	itemWarned  itemOutcome = "warned"
	itemSkipped itemOutcome = "skipped"
	itemFailed  itemOutcome = "failed"
)

// onboarding is the work of `agentctl onboard`.
type onboarding struct {
	onboardFlags

	cmd    *cobra.Command
	client *adminapi.Client

	signingSecret tenant.Secret
	setup         *adminapi.Setup
	job           *adminapi.Job
	items         []item
}

// run takes the steps. One that failed ends the run where the next ones could not succeed either.
func (o *onboarding) run(ctx context.Context) error {
	there, err := o.begin(ctx)
	if err != nil {
		return err
	}
	failure := o.prepare(ctx, there)
	if failure == nil {
		// What can be imported is independent of whether a note can be written: both are tried.
		failure = o.importAll(ctx)
		if ctx.Err() == nil {
			failure = errors.Join(failure, o.step("test webhook and note", func() (itemOutcome, string, error) { return o.testNote(ctx) }))
		}
	}
	if err := o.tell(); err != nil {
		return errors.Join(failure, err)
	}
	if failure == nil {
		return nil
	}
	return fmt.Errorf("%w\nMend that, and run the same command again: it goes on from there", failure)
}

// prepare takes the steps without which none of the others can succeed. The texts come before the connections: a key that is refused
// does not keep the client's people from entering them.
func (o *onboarding) prepare(ctx context.Context, there *adminapi.Tenant) error {
	if err := o.step("tenant", func() (itemOutcome, string, error) { return o.ensureTenant(ctx, there) }); err != nil {
		return err
	}
	if err := o.step("texts for ServiceDesk Plus", func() (itemOutcome, string, error) { return o.writeSetup(ctx) }); err != nil {
		return err
	}
	return o.step("connections", func() (itemOutcome, string, error) { return o.testConnections(ctx) })
}

// begin asks for what is missing and checks everything before anything is done. The tenant is nil when there is none.
func (o *onboarding) begin(ctx context.Context) (*adminapi.Tenant, error) {
	ask := o.prompts()
	if o.tenantID == "" && ask != nil {
		if err := ask.line(&o.tenantID, "Tenant id (lower-case letters, digits, hyphens)", "", true); err != nil {
			return nil, err
		}
	}
	if !tenant.ValidID(o.tenantID) {
		return nil, errors.New("--tenant: use 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen")
	}
	var there *adminapi.Tenant
	found, err := o.client.Tenant(ctx, o.tenantID)
	switch {
	case err == nil:
		there = &found
	case adminapi.StatusOf(err) != http.StatusNotFound:
		return nil, err
	}
	if there != nil && there.Status != adminapi.TenantEnabled {
		remedy := map[adminapi.TenantStatus]string{adminapi.TenantDisabled: "enable", adminapi.TenantDeleted: "restore"}[there.Status]
		return nil, fmt.Errorf("tenant %s is %s: `agentctl tenant %s %[1]s` first", o.tenantID, there.Status, remedy)
	}
	if ask != nil {
		if err := o.askFor(ask, there); err != nil {
			return nil, err
		}
	}
	if err := o.check(there); err != nil {
		return nil, err
	}
	if err := o.readKeys(o.cmd); err != nil {
		return nil, err
	}
	o.signingSecret, err = o.secret(o.cmd, there)
	return there, err
}

// step does one thing and enters it in the check-list.
func (o *onboarding) step(name string, do func() (itemOutcome, string, error)) error {
	o.cmd.PrintErrf("… %s\n", name)
	began := time.Now()
	outcome, detail, err := do()
	if err != nil {
		outcome, detail = itemFailed, err.Error()
	}
	o.items = append(o.items, item{Step: name, Outcome: outcome, Detail: detail, TookMS: time.Since(began).Milliseconds()})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// ensureTenant creates the tenant, or brings the one that is there to what was given.
func (o *onboarding) ensureTenant(ctx context.Context, there *adminapi.Tenant) (itemOutcome, string, error) {
	if there == nil {
		_, err := o.client.CreateTenant(ctx, adminapi.CreateTenant{
			TenantID: o.tenantID, TenantSpec: o.over(adminapi.TenantSpec{}),
			APIKey: o.apiKey.Reveal(), KnowledgeAPIKey: o.knowledgeKey.Reveal(), SigningSecret: o.signingSecret.Reveal(),
		})
		return itemDone, "created", err
	}
	done := "was there"
	if o.signingSecretFile != "" {
		rotated, err := o.client.RotateSigningSecret(ctx, o.tenantID, there.ETag(), adminapi.RotateSigningSecret{
			Secret: o.signingSecret.Reveal(), OverlapSeconds: int(secretOverlap / time.Second),
		})
		switch {
		case err == nil:
			there, done = &rotated, "was there; its signing secret is replaced, and the one before accepted for a day"
		case adminapi.StatusOf(err) != http.StatusConflict: // it is that already
			return itemFailed, "", fmt.Errorf("its signing secret was not replaced: %w", err)
		}
	}
	spec := o.over(there.TenantSpec)
	if o.apiKey == "" && o.knowledgeKey == "" && sameSettings(spec, there.TenantSpec) {
		return itemDone, done, nil
	}
	if o.apiKey == "" && (spec.Profile != there.Profile || !tenant.SameServer(spec.ServiceDeskURL, there.ServiceDeskURL)) {
		return itemFailed, "", errors.New("another server or edition is given, and the stored key is not sent there: add --api-key-file")
	}
	_, err := o.client.UpdateTenant(ctx, o.tenantID, there.ETag(), adminapi.UpdateTenant{
		TenantSpec: spec, APIKey: o.apiKey.Reveal(), KnowledgeAPIKey: o.knowledgeKey.Reveal(),
	})
	return itemDone, done + "; settings and keys that were given are set", err
}

// secretOverlap is time enough to change a sender.
const secretOverlap = 24 * time.Hour

// sameSettings compares what onboardFlags can change.
func sameSettings(a, b adminapi.TenantSpec) bool {
	return a.Name == b.Name && a.ServiceDeskURL == b.ServiceDeskURL && a.Profile == b.Profile && a.TechnicianID == b.TechnicianID &&
		a.KnowledgeURL == b.KnowledgeURL && a.Preferences.WebhookAuth == b.Preferences.WebhookAuth && a.Preferences.Mode == b.Preferences.Mode
}

// writeSetup puts the texts into the folder, with the secret where it is known.
func (o *onboarding) writeSetup(ctx context.Context) (itemOutcome, string, error) {
	setup, err := o.client.Setup(ctx, o.tenantID, o.gatewayURL)
	if err != nil {
		return itemFailed, "", err
	}
	o.setup = &setup
	if o.signingSecret == "" {
		return itemWarned, fmt.Sprintf("printed without the signing secret, which only the platform has. If ServiceDesk Plus does not have it yet: "+
			"mkdir -p %s && agentctl tenant rotate-secret %s --generate > %s", o.dir(), o.tenantID, filepath.Join(o.dir(), secretName)), nil
	}
	if err := os.MkdirAll(o.dir(), 0o700); err != nil {
		return itemFailed, "", fmt.Errorf("make the folder of --setup-dir: %w", err)
	}
	for _, f := range setup.Files {
		if err := writePrivately(filepath.Join(o.dir(), fileName(f)), sender.Fill(f.Text, f.Form, o.signingSecret)); err != nil {
			return itemFailed, "", err
		}
	}
	return itemDone, "in " + o.dir() + ", with the signing secret; delete it when they are entered", nil
}

// testConnections fails when the tenant's own systems do not answer. Without a model there are notes all the same.
func (o *onboarding) testConnections(ctx context.Context) (itemOutcome, string, error) {
	result, err := o.client.TestConnections(ctx, o.tenantID)
	if err != nil {
		return itemFailed, "", err
	}
	var failed, warned []string
	for _, p := range probesOf(result) {
		if p.probe.Outcome != adminapi.ProbeFailed {
			continue
		}
		said := p.name + ": " + p.probe.Detail
		if strings.HasSuffix(p.name, "model") {
			warned = append(warned, said)
		} else {
			failed = append(failed, said)
		}
	}
	if len(failed) > 0 {
		return itemFailed, "", fmt.Errorf("%s. Another key is given with --api-key-file or --kb-key-file", strings.TrimRight(strings.Join(append(failed, warned...), "; "), "."))
	}
	if len(warned) > 0 {
		return itemWarned, strings.Join(warned, "; "), nil
	}
	return itemDone, "ServiceDesk Plus answers" + map[bool]string{true: ", and so does the knowledge base"}[result.Knowledge.Outcome == adminapi.ProbeOK], nil
}

// importAll takes what each import can get: one that fails does not keep the others, and the test, from going on.
func (o *onboarding) importAll(ctx context.Context) (failure error) {
	for _, k := range importKinds() {
		if !slices.Contains(o.imports, k.name) {
			continue
		}
		failure = errors.Join(failure, o.step("import of "+k.name, func() (itemOutcome, string, error) {
			if o.skipImport {
				return itemSkipped, "later: agentctl import " + k.name + " --tenant " + o.tenantID, nil
			}
			sum, err := fetchFromDesk(ctx, o.cmd, o.client, k, &importFlags{tenantID: o.tenantID, limit: o.importLimit})
			if err != nil {
				return itemFailed, "", err
			}
			detail := fmt.Sprintf("%s new, %s changed, %s as they were", meter.Thousands(sum.Added), meter.Thousands(sum.Changed), meter.Thousands(sum.Unchanged))
			if sum.Rejected > 0 {
				return itemWarned, fmt.Sprintf("%s; %s rejected: `agentctl import %s --tenant %s --restart` names them", detail, meter.Thousands(sum.Rejected), k.name, o.tenantID), nil
			}
			return itemDone, detail, nil
		}))
		if ctx.Err() != nil {
			return failure
		}
	}
	return failure
}

// testNote sends a webhook for the ticket, unless it has its note already, and waits for the job's end.
func (o *onboarding) testNote(ctx context.Context) (itemOutcome, string, error) {
	if o.skipTest {
		return itemSkipped, "later: agentctl smoke --tenant " + o.tenantID + " --ticket …", nil
	}
	for job, err := range o.client.Jobs(ctx, o.tenantID, adminapi.JobQuery{Status: enhancement.StatusCompleted, TicketID: o.webhook.TicketID}) {
		if err != nil {
			return itemFailed, "", err
		}
		if job.NoteID != "" {
			o.job = &job
			return itemDone, fmt.Sprintf("ticket %s has its note already (job %s)", job.TicketID, job.JobID), nil
		}
	}
	webhook := o.webhook
	if webhook.Description == "" {
		webhook = probeWebhook(o.cmd, webhook, time.Now())
	}
	taken, err := o.client.SendTestWebhook(ctx, o.tenantID, webhook)
	if err != nil {
		return itemFailed, "", err
	}
	job, err := awaitJob(ctx, o.client, o.tenantID, taken.JobID, o.wait)
	if err != nil {
		return itemFailed, "", err
	}
	o.job = &job
	said := fmt.Sprintf("job %s: note %s", job.JobID, noteOf(job))
	if job.FinishedAt != nil {
		said += fmt.Sprintf(", after %s", job.FinishedAt.Sub(job.AskedAt).Round(time.Millisecond))
	}
	if len(job.Degraded) > 0 {
		return itemWarned, said + "; without " + strings.Join(job.Degraded, "; "), nil
	}
	return itemDone, said, nil
}

// tell prints the texts and the check-list.
func (o *onboarding) tell() error {
	setup := o.setup
	if setup != nil && o.showSecret && o.signingSecret != "" {
		filled := *setup
		filled.Files = slices.Clone(setup.Files)
		for i, f := range filled.Files {
			filled.Files[i].Text = sender.Fill(f.Text, f.Form, o.signingSecret)
		}
		setup = &filled
	}
	if o.asJSON {
		return printJSON(o.cmd, struct {
			TenantID string          `json:"tenant_id"`
			Steps    []item          `json:"steps"`
			Setup    *adminapi.Setup `json:"setup,omitempty"`
			Job      *adminapi.Job   `json:"job,omitempty"`
		}{o.tenantID, o.items, setup, o.job})
	}
	var err error
	if setup != nil {
		err = o.tellSetup(setup)
	}
	err = errors.Join(err, say(o.cmd, "Check-list of %s:", o.tenantID))
	for _, i := range o.items {
		mark, c := map[itemOutcome]string{itemDone: "ok", itemWarned: "look", itemSkipped: "later", itemFailed: "FAILED"}[i.Outcome],
			map[itemOutcome]colour{itemDone: green, itemWarned: yellow, itemSkipped: yellow, itemFailed: red}[i.Outcome]
		err = errors.Join(err, say(o.cmd, "  %s  %s (%s): %s", painted(o.cmd, c, fmt.Sprintf("%-6s", mark)), i.Step, milliseconds(i.TookMS), plain(i.Detail)))
	}
	return err
}

// tellSetup prints the steps, and the texts that are short; all of them are in the folder.
func (o *onboarding) tellSetup(setup *adminapi.Setup) error {
	err := say(o.cmd, "In the ServiceDesk Plus of %s:", o.tenantID)
	for n, s := range setup.Steps {
		err = errors.Join(err, say(o.cmd, "  %d. %s", n+1, s))
	}
	for _, f := range setup.Files {
		err = errors.Join(err, say(o.cmd, "\n----- %s -----\n%s-----", cmp.Or(fileName(f), f.Name), f.Text))
	}
	return errors.Join(err, say(o.cmd, ""))
}
