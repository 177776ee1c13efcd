package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/apps/agentctl/tenantspace"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// provisioning is what `agentctl tenant provision` is told.
type provisioning struct {
	kubeContext, chart, platform, platformNamespace string
	egress, values                                  []string
	valuesOut                                       string
	dryRun, noMove                                  bool
	timeout                                         time.Duration
}

func newTenantProvisionCommand() *cobra.Command {
	var p provisioning
	cmd := &cobra.Command{
		Use: "provision TENANT", Short: "Give the tenant an enhancer of its own, in a Kubernetes namespace of its own, and move it there", Args: cobra.ExactArgs(1),
		Long: `Give the tenant an enhancer of its own, in the Kubernetes namespace tenant-<id>, and move it there.

Helm and kubectl do it, as whoever they are logged in as. The values are the platform's, for this tenant. Its Secrets are not copied: they have to be in the
namespace, which is made first. Outside of the cluster the enhancer reaches only the networks of --egress: those of the tenant's ServiceDesk Plus and knowledge
base, and of the language model.

Each step sees what is there already. What was interrupted, or has failed, is given again.`,
		Example: "  agentctl tenant provision alpha --egress 203.0.113.0/24 --egress 198.51.100.7/32\n" +
			"  agentctl tenant provision alpha --egress 203.0.113.0/24 --values quota.yaml --values-out alpha.yaml --dry-run",
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	clusterFlags(cmd, &p.kubeContext, &p.timeout)
	flags.StringVar(&p.chart, "chart", "charts/tenant", "the chart: a folder, a file, or oci://…")
	flags.StringVar(&p.platform, "platform", "ai-agents", "the platform's release")
	flags.StringVar(&p.platformNamespace, "platform-namespace", "ai-agents", "and its namespace")
	flags.StringSliceVar(&p.egress, "egress", nil, "a network outside that the enhancer may reach, such as 203.0.113.0/24")
	flags.StringSliceVar(&p.values, "values", nil, "a file of values that win over the platform's")
	flags.StringVar(&p.valuesOut, "values-out", "", "write the values to this file, too")
	flags.BoolVar(&p.dryRun, "dry-run", false, "print the values and change nothing")
	flags.BoolVar(&p.noMove, "no-move", false, "leave the tenant where it is")
	return cmd
}

// clusterFlags are those of commands that work on a cluster.
func clusterFlags(cmd *cobra.Command, kubeContext *string, timeout *time.Duration) {
	cmd.Flags().StringVar(kubeContext, "kube-context", "", "the context of the kubeconfig (default: its current one)")
	cmd.Flags().DurationVar(timeout, "timeout", provisionTimeout, "how long to wait at most, for each thing that is waited for")
}

const provisionTimeout = 5 * time.Minute

func (p *provisioning) run(cmd *cobra.Command, id string) error {
	networks, err := parseNetworks(p.egress)
	if err != nil {
		return err
	}
	space, client, subject, err := openSpace(cmd, id, p.kubeContext)
	if err != nil {
		return err
	}
	platform, values, err := p.valuesFor(cmd.Context(), space, id, networks)
	if err != nil {
		return err
	}
	content, err := tenantspace.Write(values)
	if err != nil {
		return err
	}
	given, err := readValues(p.values)
	if err != nil {
		return err
	}
	if len(networks) == 0 && !given.outside {
		return fmt.Errorf("say which networks the tenant's enhancer may reach, with --egress: that of %s, and those of its knowledge base and of the language model", hostOf(subject.ServiceDeskURL))
	}
	if p.valuesOut != "" {
		if err := os.WriteFile(p.valuesOut, content, ownerOnly); err != nil {
			return fmt.Errorf("write the values: %w", err)
		}
	}
	if p.dryRun {
		return say(cmd, "# of %s, from the platform's release; nothing was changed\n%s", space.Name(), strings.TrimSpace(string(content)))
	}
	if !platform.Knows(id) {
		return fmt.Errorf("the platform does not know of it: its gateway would not send to %s, nor its databases let it in. Add it to dedicatedTenants of the platform's values, such as by\n"+
			"  helm upgrade %s charts/ai-agents --namespace %s --reset-then-reuse-values --set '%s'", id, p.platform, p.platformNamespace, platform.WithTenant(id))
	}
	if err := p.install(cmd, space, content, given); err != nil {
		return err
	}
	if err := awaitEnhancer(cmd, client, space, p.timeout); err != nil {
		return err
	}
	if p.noMove {
		return say(cmd, "%s stays %s: `agentctl tenant move %s --to dedicated` moves it", id, subject.Isolation, id)
	}
	moved, err := client.MoveTenant(cmd.Context(), id, anyVersion, adminapi.MoveTenant{To: tenant.IsolationDedicated})
	if err != nil {
		return err
	}
	return sayMoved(cmd, moved)
}

// openSpace looks for the programs and the tenant, and says which cluster is meant.
func openSpace(cmd *cobra.Command, id, kubeContext string) (tenantspace.Space, *adminapi.Client, adminapi.Tenant, error) {
	space := tenantspace.Space{Tenant: id}
	client, subject, err := openTenant(cmd, id)
	if err != nil {
		return space, nil, subject, err
	}
	if _, err := tenant.EnhancerOf(id, tenant.IsolationDedicated); err != nil {
		return space, nil, subject, fmt.Errorf("%s: %w", id, err)
	}
	if strings.HasSuffix(id, "-") {
		return space, nil, subject, fmt.Errorf("%s: Kubernetes allows no namespace tenant-%s: a name ends with a letter or a digit", id, id)
	}
	if space.Programs, err = tenantspace.Find(kubeContext); err != nil {
		return space, nil, subject, err
	}
	name, err := space.Cluster(cmd.Context())
	if err != nil {
		return space, nil, subject, fmt.Errorf("which cluster: %w", err)
	}
	cmd.PrintErrf("cluster %s, namespace %s\n", name, space.Name())
	return space, client, subject, nil
}

func (p *provisioning) valuesFor(ctx context.Context, space tenantspace.Space, id string, networks []netip.Prefix) (tenantspace.Platform, map[string]any, error) {
	platform, err := space.Platform(ctx, p.platform, p.platformNamespace)
	if err != nil {
		return platform, nil, err
	}
	api, err := space.API(ctx)
	if err != nil {
		return platform, nil, err
	}
	values, err := platform.Values(id, networks, api)
	return platform, values, err
}

// install makes the namespace, sees that its Secrets are there, and installs the chart.
func (p *provisioning) install(cmd *cobra.Command, space tenantspace.Space, content []byte, given givenValues) error {
	if err := space.MakeNamespace(cmd.Context()); err != nil {
		return err
	}
	if err := say(cmd, "the namespace %s is there, under restricted Pod Security", space.Name()); err != nil {
		return err
	}
	missing, err := space.Missing(cmd.Context())
	if err != nil {
		return err
	}
	var absent []string
	for _, name := range missing {
		if !given.secrets[name] {
			absent = append(absent, fmt.Sprintf("  kubectl --namespace %s create secret generic %s --from-file=%s=FILE", space.Name(), name, name))
		}
	}
	if len(absent) > 0 {
		return fmt.Errorf("the namespace %s misses Secrets of its own. Make them as you make the platform's (docs/deployment.md), and give this command again:\n%s",
			space.Name(), strings.Join(absent, "\n"))
	}
	dir, err := os.MkdirTemp("", "agentctl-")
	if err != nil {
		return fmt.Errorf("keep the values for helm: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "values.yaml")
	if err := os.WriteFile(file, content, ownerOnly); err != nil {
		return fmt.Errorf("keep the values for helm: %w", err)
	}
	if err := space.Install(cmd.Context(), p.chart, p.timeout, append([]string{file}, p.values...)...); err != nil {
		return err
	}
	return say(cmd, "%s is installed, and ready", space.Deployment())
}

const ownerOnly = 0o600

// givenValues is what of the operator's own files is looked at here.
type givenValues struct {
	outside bool            // they say where the enhancer may go
	secrets map[string]bool // and have the chart make these
}

func readValues(files []string) (givenValues, error) {
	given := givenValues{secrets: map[string]bool{}}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return given, fmt.Errorf("read --values: %w", err)
		}
		var values struct {
			Secrets struct {
				Values map[string]string `yaml:"values"`
			} `yaml:"secrets"`
			NetworkPolicies struct {
				Enabled *bool `yaml:"enabled"`
				Outside struct {
					To []any `yaml:"to"`
				} `yaml:"outside"`
			} `yaml:"networkPolicies"`
		}
		if err := yaml.Unmarshal(content, &values); err != nil {
			return given, fmt.Errorf("--values %s: %w", file, err)
		}
		for name, value := range values.Secrets.Values {
			given.secrets[name] = given.secrets[name] || value != ""
		}
		off := values.NetworkPolicies.Enabled != nil && !*values.NetworkPolicies.Enabled
		given.outside = given.outside || off || len(values.NetworkPolicies.Outside.To) > 0
	}
	return given, nil
}

func parseNetworks(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--egress %s is no network: write it as 203.0.113.0/24, one address as 203.0.113.7/32", text)
		}
		if network.Bits() == 0 {
			return nil, fmt.Errorf("--egress %s is everything: name the networks of the tenant's systems and of the language model", text)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

func hostOf(address string) string {
	if parsed, err := url.Parse(address); err == nil && parsed.Hostname() != "" {
		return parsed.Hostname()
	}
	return "the tenant's ServiceDesk Plus"
}

// awaitEnhancer waits until a worker of the tenant's own enhancer takes work.
func awaitEnhancer(cmd *cobra.Command, client *adminapi.Client, space tenantspace.Space, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; {
		workers, err := client.Workers(cmd.Context())
		if err != nil {
			return err
		}
		for i := range workers {
			if w := &workers[i]; w.Enhancer == space.Tenant && w.State == adminapi.WorkerWorking {
				return say(cmd, "its worker %s takes work", w.Replica)
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no worker of %s was heard of in %s, and the tenant is not moved. It says why: kubectl --namespace %s logs deployment/%[1]s --container enhancer",
				space.Deployment(), patience, space.Name())
		}
		if err := pause.For(cmd.Context(), lookEvery); err != nil {
			return errors.Join(errInterrupted, err)
		}
	}
}
