package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// tenantFile is how an operator writes a tenant down. On update secrets may be left out, and stay as they are then.
type tenantFile struct {
	adminapi.TenantSpec

	TenantID string `json:"tenant_id"`

	// APIKey is the authtoken as a string, or the OAuth grant of the cloud as an object.
	APIKey          json.RawMessage `json:"api_key"`
	SigningSecret   string          `json:"signing_secret"`
	KnowledgeAPIKey string          `json:"kb_api_key"`
}

// applying is the work of `tenant apply` and `tenant create`.
type applying struct {
	cmd     *cobra.Command
	client  *adminapi.Client
	file    tenantFile
	apiKey  tenant.Secret
	overlap time.Duration
}

func newTenantWriteCommand(name, short string, do func(*applying) error) *cobra.Command {
	var file, overlap string
	cmd := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		Long: short + `, by a JSON file with its settings and secrets (README.md has an example).

Of a tenant that exists, secrets that the file leaves out stay as they are; a file that names another server or edition
needs the key for it, and without a kb_url no key of one is kept. A signing secret that is replaced is accepted for the
overlap besides the new one.`,
		Example: fmt.Sprintf("  agentctl tenant %[1]s --file tenant.json\n  cat tenant.json | agentctl tenant %[1]s --file -", name),
		RunE: func(cmd *cobra.Command, _ []string) error {
			data, err := readInput(cmd, file)
			if err != nil {
				return err
			}
			a := &applying{cmd: cmd}
			if a.overlap, err = parsePeriod(overlap); err != nil {
				return fmt.Errorf("--overlap: %w", err)
			}
			if err := a.decode(data); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if a.client, err = openConsole(cmd); err != nil {
				return err
			}
			return do(a)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "JSON file with the tenant and its secrets; - for standard input")
	cmd.Flags().StringVar(&overlap, "overlap", defaultOverlap, "for how long a signing secret that is replaced is still accepted; at most 7d")
	_ = cmd.MarkFlagRequired("file") // fails only for a flag that does not exist
	return cmd
}

func (a *applying) decode(data []byte) error {
	if err := checkPrefs(data); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&a.file); err != nil {
		return fmt.Errorf("not a tenant in JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("not a tenant in JSON: something follows the object")
	}
	if !tenant.ValidID(a.file.TenantID) {
		return errors.New("tenant_id: use 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen")
	}
	var key string
	if err := json.Unmarshal(a.file.APIKey, &key); err != nil {
		key = string(a.file.APIKey) // an object stays JSON
	}
	a.apiKey = tenant.Secret(key)
	return nil
}

// checkPrefs looks at the preferences of a tenant's file by their schema, which says more than a decoder does.
func checkPrefs(data []byte) error {
	var outline struct {
		Preferences json.RawMessage `json:"enhancement_prefs"`
	}
	if err := json.Unmarshal(data, &outline); err != nil || len(outline.Preferences) == 0 {
		return nil //nolint:nilerr // the decoder tells
	}
	if _, err := tenant.ParsePreferences(outline.Preferences); err != nil {
		return fmt.Errorf("enhancement_prefs:\n%w", err)
	}
	return nil
}

// create makes the tenant, and names the secrets that are missing.
func (a *applying) create() error {
	var missing []string
	if a.apiKey == "" {
		missing = append(missing, "api_key")
	}
	if a.file.SigningSecret == "" {
		missing = append(missing, "signing_secret")
	}
	if len(missing) > 0 {
		return fmt.Errorf("a new tenant needs %s", strings.Join(missing, " and "))
	}
	_, err := a.client.CreateTenant(a.cmd.Context(), adminapi.CreateTenant{
		TenantID: a.file.TenantID, TenantSpec: a.file.TenantSpec,
		APIKey: a.apiKey.Reveal(), SigningSecret: a.file.SigningSecret, KnowledgeAPIKey: a.file.KnowledgeAPIKey,
	})
	if err != nil {
		return fmt.Errorf("tenant %s was not created: %w", a.file.TenantID, err)
	}
	return say(a.cmd, "tenant %s is ready; try its systems with `agentctl tenant test %s`", a.file.TenantID, a.file.TenantID)
}

// apply creates the tenant or, where there is one, updates it.
func (a *applying) apply() error {
	there, err := a.client.Tenant(a.cmd.Context(), a.file.TenantID)
	switch {
	case adminapi.StatusOf(err) == http.StatusNotFound:
		return a.create()
	case err != nil:
		return err
	case there.Status == adminapi.TenantDeleted:
		return fmt.Errorf("tenant %s is deleted: `agentctl tenant restore %[1]s` first, or `agentctl tenant purge %[1]s` to begin anew", there.TenantID)
	default:
		return a.update(there)
	}
}

// change is one call of an update. It takes the version that it is to change, and gives the new one.
type change struct {
	what string
	make func(etag string) (adminapi.Tenant, error)
}

// update sets what the file says: the settings together with their keys, so that no key is ever stored for another server
// than its own, and then the signing secret.
func (a *applying) update(there adminapi.Tenant) error {
	if missing := a.missingKeys(there); len(missing) > 0 {
		return fmt.Errorf("tenant %s was not changed: the file names another server or edition, and the stored key is not sent there: add %s to the file",
			there.TenantID, strings.Join(missing, " and "))
	}
	var done []string
	now := there
	for _, c := range a.changes(there) {
		changed, err := c.make(now.ETag())
		if adminapi.StatusOf(err) == http.StatusConflict && c.what == itsSigningSecret {
			continue // it is that already
		}
		switch {
		case err != nil && len(done) == 0:
			return fmt.Errorf("tenant %s was not changed: %w", there.TenantID, err)
		case err != nil:
			return fmt.Errorf("of tenant %s, %s was set, but not %s; apply the file again: %w", there.TenantID, strings.Join(done, " and "), c.what, err)
		}
		now, done = changed, append(done, c.what)
	}
	if err := say(a.cmd, "tenant %s is ready", there.TenantID); err != nil || now.Status == adminapi.TenantEnabled {
		return err
	}
	return say(a.cmd, "it is %s: its webhooks are accepted after `agentctl tenant enable %s`", now.Status, there.TenantID)
}

const itsSigningSecret = "its signing secret" //nolint:gosec // words, not a secret

// missingKeys are those that the file has to have for the servers that it names.
func (a *applying) missingKeys(there adminapi.Tenant) []string {
	var missing []string
	if a.apiKey == "" && (a.file.Profile != there.Profile || !tenant.SameServer(a.file.ServiceDeskURL, there.ServiceDeskURL)) {
		missing = append(missing, "api_key")
	}
	if a.file.KnowledgeAPIKey == "" && a.file.KnowledgeURL != "" && there.Secrets.KnowledgeAPIKey.Set &&
		!tenant.SameServer(a.file.KnowledgeURL, there.KnowledgeURL) {
		missing = append(missing, "kb_api_key")
	}
	return missing
}

// changes are the calls in their order.
func (a *applying) changes(there adminapi.Tenant) []change {
	ctx, id := a.cmd.Context(), there.TenantID
	settings := "its settings"
	if a.apiKey != "" || a.file.KnowledgeAPIKey != "" {
		settings += " and keys"
	}
	all := []change{{settings, func(etag string) (adminapi.Tenant, error) {
		return a.client.UpdateTenant(ctx, id, etag, adminapi.UpdateTenant{
			TenantSpec: a.file.TenantSpec, APIKey: a.apiKey.Reveal(), KnowledgeAPIKey: a.file.KnowledgeAPIKey,
		})
	}}}
	if a.file.SigningSecret != "" {
		all = append(all, change{itsSigningSecret, func(etag string) (adminapi.Tenant, error) {
			return a.client.RotateSigningSecret(ctx, id, etag, adminapi.RotateSigningSecret{
				Secret: a.file.SigningSecret, OverlapSeconds: int(a.overlap / time.Second),
			})
		}})
	}
	return all
}
