package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/servicedesk/sender"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// onboardFlags say whom to onboard, and with what. Of a tenant that is there, all but its id may be left out.
type onboardFlags struct {
	tenantID                                           string
	name, deskURL, profile, technician, knowledgeURL   string
	auth, mode                                         string
	apiKeyFile, knowledgeKeyFile, signingSecretFile    string
	gatewayURL, setupDir                               string
	imports                                            []string
	importLimit                                        int
	webhook                                            adminapi.TestWebhook
	wait                                               time.Duration
	skipImport, skipTest, showSecret, asJSON, noPrompt bool

	// What is read of them.
	apiKey, knowledgeKey tenant.Secret
}

func (f *onboardFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.tenantID, flagTenant, "", "id that the tenant has, or gets: lower-case letters, digits and hyphens")
	flags.StringVar(&f.name, "name", "", "the client's name")
	flags.StringVar(&f.deskURL, "servicedesk-url", "", "base of its ServiceDesk Plus API, up to and including /api/v3")
	flags.StringVar(&f.profile, "profile", "", "edition of its ServiceDesk Plus: onprem or cloud")
	flags.StringVar(&f.technician, "technician-id", "", "id of the technician that the key belongs to: only that one's notes are taken for ours")
	flags.StringVar(&f.knowledgeURL, "kb-url", "", "base of its knowledge base's API, if it has one")
	flags.StringVar(&f.auth, "webhook-auth", "", "how its webhooks are proven: signature or static (a secret in a header, weaker); signature when left out")
	flags.StringVar(&f.mode, "mode", "", "what becomes of its notes: live, shadow or off; live when left out")
	flags.StringVar(&f.apiKeyFile, "api-key-file", "", "file with the key to its ServiceDesk Plus; - for standard input")
	flags.StringVar(&f.knowledgeKeyFile, "kb-key-file", "", "file with the key to its knowledge base")
	flags.StringVar(&f.signingSecretFile, "signing-secret-file", "", "file with the secret that its webhooks are signed with; one is made when left out")
	flags.StringVar(&f.gatewayURL, "gateway-url", "", "how its ServiceDesk Plus reaches the gateway, such as https://gateway.example.com")
	flags.StringVar(&f.setupDir, "setup-dir", "", "folder for what to enter in ServiceDesk Plus, secret included (default ai-agents-TENANT)")
	flags.StringSliceVar(&f.imports, "import", []string{"tickets", "kb", "assets"}, "what to import from its ServiceDesk Plus")
	flags.IntVar(&f.importLimit, "import-limit", 0, "end each import after so many records; 0 for all")
	flags.StringVar(&f.webhook.TicketID, "ticket", "", "id of a ticket in its ServiceDesk Plus that is there for the test: it gets a note")
	flags.StringVar(&f.webhook.Subject, "subject", "", "subject that the test webhook has")
	flags.StringVar(&f.webhook.Description, "description", "", "description that the test webhook has; one of its own when left out")
	flags.DurationVar(&f.wait, "wait", 2*time.Minute, "how long to wait for the note")
	flags.BoolVar(&f.skipImport, "skip-import", false, "import nothing now")
	flags.BoolVar(&f.skipTest, "skip-test", false, "send no test webhook now")
	flags.BoolVar(&f.showSecret, "show-secret", false, "print the texts with the signing secret in them")
	flags.BoolVar(&f.noPrompt, "no-prompt", false, "ask nothing, also on a terminal")
	flags.BoolVar(&f.asJSON, "json", false, "print the check-list and the texts as JSON")
	_ = errors.Join(cmd.MarkFlagDirname("setup-dir"), // fail only for flags that do not exist
		cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions([]cobra.Completion{"onprem", "cloud"}, cobra.ShellCompDirectiveNoFileComp)),
		cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]cobra.Completion{"live", "shadow", "off"}, cobra.ShellCompDirectiveNoFileComp)))
}

// importKinds are those of --import, in the order in which they are of use.
func importKinds() []kind { return []kind{kindTickets(), kindArticles(), kindAssets()} }

// check names everything that makes no sense, or is missing to create the tenant, before any work.
func (f *onboardFlags) check(there *adminapi.Tenant) error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	if there == nil {
		for _, needed := range []struct{ value, flag string }{
			{f.name, "--name"}, {f.deskURL, "--servicedesk-url"}, {f.profile, "--profile"}, {f.apiKeyFile, "--api-key-file"}, {f.gatewayURL, "--gateway-url"},
		} {
			wrong(needed.value == "", "%s: is missing, and the tenant has to be created", needed.flag)
		}
	}
	wrong(!f.skipTest && f.webhook.TicketID == "", "--ticket: names no ticket to test with; open one for that, or leave the test out with --skip-test")
	wrong(f.profile != "" && !slices.Contains([]string{string(tenant.ProfileOnPrem), string(tenant.ProfileCloud)}, f.profile), "--profile: has to be onprem or cloud")
	wrong(f.auth != "" && !slices.Contains([]string{string(tenant.AuthSignature), string(tenant.AuthStatic)}, f.auth), "--webhook-auth: has to be signature or static")
	wrong(f.importLimit < 0, "--import-limit: has to be 0 or more")
	for _, name := range f.imports {
		wrong(!slices.ContainsFunc(importKinds(), func(k kind) bool { return k.name == name }), "--import: %q is none of tickets, kb, assets", name)
	}
	if f.gatewayURL != "" {
		if _, err := sender.ParseGateway(f.gatewayURL); err != nil {
			errs = append(errs, fmt.Errorf("--gateway-url: %w", err))
		}
	}
	wrong(f.apiKeyFile == "-" && (f.knowledgeKeyFile == "-" || f.signingSecretFile == "-") || f.knowledgeKeyFile == "-" && f.signingSecretFile == "-",
		"only one secret can come from standard input")
	return errors.Join(errs...)
}

// readKeys reads the keys that are given.
func (f *onboardFlags) readKeys(cmd *cobra.Command) (err error) {
	if f.apiKeyFile != "" && f.apiKey == "" {
		if f.apiKey, err = readSecret(cmd, f.apiKeyFile, "the key to ServiceDesk Plus"); err != nil {
			return fmt.Errorf("--api-key-file: %w", err)
		}
	}
	if f.knowledgeKeyFile != "" && f.knowledgeKey == "" {
		if f.knowledgeKey, err = readSecret(cmd, f.knowledgeKeyFile, "the key to the knowledge base"); err != nil {
			return fmt.Errorf("--kb-key-file: %w", err)
		}
	}
	return nil
}

// over is spec with what was given in place of what is there.
func (f *onboardFlags) over(spec adminapi.TenantSpec) adminapi.TenantSpec {
	spec.Name = cmp.Or(f.name, spec.Name)
	spec.ServiceDeskURL = cmp.Or(f.deskURL, spec.ServiceDeskURL)
	spec.Profile = cmp.Or(tenant.Profile(f.profile), spec.Profile)
	spec.TechnicianID = cmp.Or(f.technician, spec.TechnicianID)
	spec.KnowledgeURL = cmp.Or(f.knowledgeURL, spec.KnowledgeURL)
	spec.Preferences.WebhookAuth = cmp.Or(tenant.WebhookAuth(f.auth), spec.Preferences.WebhookAuth)
	spec.Preferences.Mode = cmp.Or(tenant.Mode(f.mode), spec.Preferences.Mode)
	return spec
}

// secretName is the file in the setup's folder that the secret is kept in until it was entered.
const secretName = "signing-secret"

func (f *onboardFlags) dir() string { return cmp.Or(f.setupDir, "ai-agents-"+f.tenantID) }

// secret gives the signing secret, or an empty one when only the server has it. A new one is on disk before the tenant has it, so that an
// interruption cannot lose it.
func (f *onboardFlags) secret(cmd *cobra.Command, there *adminapi.Tenant) (tenant.Secret, error) {
	if f.signingSecretFile != "" {
		return readSecret(cmd, f.signingSecretFile, "the signing secret")
	}
	path := filepath.Join(f.dir(), secretName)
	data, err := os.ReadFile(path)
	switch {
	case err == nil && (there == nil || !changedSince(path, there)):
		return nonEmpty(data, "the signing secret in "+path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read the signing secret: %w", err)
	case there != nil:
		return "", nil
	}
	made, err := (&rotation{generate: true}).secret(cmd)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(f.dir(), 0o700); err != nil {
		return "", fmt.Errorf("make the folder of --setup-dir: %w", err)
	}
	return made, writePrivately(path, made.Reveal()+"\n")
}

// changedSince tells whether the tenant got another secret after the file was written. The two clocks may differ a little.
func changedSince(path string, there *adminapi.Tenant) bool {
	const clocks = time.Minute
	at := there.Secrets.SigningSecret.ChangedAt
	info, err := os.Stat(path)
	return err == nil && at != nil && at.After(info.ModTime().Add(clocks)) && at.After(there.CreatedAt.Add(clocks))
}

func writePrivately(path, text string) error {
	// A file that others may read keeps its mode when it is written over: it goes first.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// fileName is the name of a text in the folder.
func fileName(f adminapi.SetupFile) string {
	if strings.Contains(f.Name, ".") {
		return f.Name
	}
	return f.Name + "." + map[sender.Form]string{sender.FormDeluge: "deluge", sender.FormJSON: "json"}[f.Form] + map[bool]string{true: "txt"}[f.Form == sender.FormText]
}
