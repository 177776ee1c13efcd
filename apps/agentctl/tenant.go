package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// tenantFile is how an operator writes a tenant down, secrets included.
type tenantFile struct {
	TenantID       string             `json:"tenant_id"`
	Name           string             `json:"name"`
	ServiceDeskURL string             `json:"servicedesk_url"`
	Profile        tenant.Profile     `json:"servicedesk_profile"`
	TechnicianID   string             `json:"technician_id"`
	KnowledgeURL   string             `json:"kb_url"`
	Preferences    tenant.Preferences `json:"enhancement_prefs"`

	// APIKey is the authtoken as a string, or the OAuth grant of the cloud as an object.
	APIKey          json.RawMessage `json:"api_key"`
	SigningSecret   string          `json:"signing_secret"`
	KnowledgeAPIKey string          `json:"kb_api_key"`
}

func newTenantCommand() *cobra.Command {
	var file string
	apply := &cobra.Command{
		Use: "apply", Short: "Create a tenant, or replace it", Args: cobra.NoArgs,
		Example: `  agentctl tenant apply --file tenant.json
  cat tenant.json | agentctl tenant apply --file -`,
		RunE: func(cmd *cobra.Command, _ []string) error { return applyTenant(cmd, file) },
	}
	apply.Flags().StringVarP(&file, "file", "f", "", "JSON file with the tenant and its secrets; - for standard input")
	_ = apply.MarkFlagRequired("file") // fails only for a flag that does not exist
	show := &cobra.Command{
		Use: "show TENANT", Short: "Show a tenant, without its secrets", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return showTenant(cmd, args[0]) },
	}
	return group(&cobra.Command{Use: "tenant", Short: "Create and show tenants"}, apply, show)
}

func applyTenant(cmd *cobra.Command, file string) error {
	data, err := readInput(cmd, file)
	if err != nil {
		return err
	}
	t, credentials, err := decodeTenant(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	b, err := openBackend(cmd.Context())
	if err != nil {
		return err
	}
	defer b.close()
	if err := b.tenants.Save(cmd.Context(), t, credentials); err != nil {
		return err
	}
	cmd.Printf("tenant %s is ready\n", t.ID)
	return nil
}

func decodeTenant(data []byte) (tenant.Tenant, tenant.Credentials, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var f tenantFile
	if err := dec.Decode(&f); err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("not a tenant in JSON: %w", err)
	}
	var key string
	if err := json.Unmarshal(f.APIKey, &key); err != nil {
		key = string(f.APIKey) // an object stays JSON
	}
	t := tenant.Tenant{
		ID: f.TenantID, Name: f.Name, ServiceDeskURL: f.ServiceDeskURL, Profile: f.Profile,
		TechnicianID: f.TechnicianID, KnowledgeURL: f.KnowledgeURL, Preferences: f.Preferences,
	}
	c := tenant.Credentials{
		APIKey: tenant.Secret(key), SigningSecret: tenant.Secret(f.SigningSecret), KnowledgeAPIKey: tenant.Secret(f.KnowledgeAPIKey),
	}
	return t, c, nil
}

func showTenant(cmd *cobra.Command, id string) error {
	b, err := openBackend(cmd.Context())
	if err != nil {
		return err
	}
	defer b.close()
	t, _, err := b.tenants.Get(cmd.Context(), id)
	if err != nil {
		return err
	}
	return printJSON(cmd, map[string]any{
		"tenant_id": t.ID, "name": t.Name, "servicedesk_url": t.ServiceDeskURL, "servicedesk_profile": t.Profile,
		"technician_id": t.TechnicianID, "kb_url": t.KnowledgeURL, "enhancement_prefs": t.Preferences, "updated_at": t.UpdatedAt,
	})
}

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

func printJSON(cmd *cobra.Command, value any) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
