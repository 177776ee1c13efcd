package charts_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

// Examples: networks for documentation, and nobody's names.
const tenantValues = `
redis: {external: {address: "redis.example.com:6379"}}
networkPolicies:
  postgresql: {to: [{ipBlock: {cidr: 192.0.2.10/32}}]}
  redis: {to: [{ipBlock: {cidr: 192.0.2.20/32}}]}
  kubernetesAPI: {to: [{ipBlock: {cidr: 192.0.2.30/32}}]}
  outside: {to: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [443]}
operators: {view: {groups: [example-auditors]}, operate: {users: [operator@example.com]}}
monitoring: {podMonitor: true}
`

// tenantArgs are what installs the chart for the tenant, and more.
func tenantArgs(t *testing.T, tenant string, set ...string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte(tenantValues), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--values", path, "--set", "tenant=" + tenant}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	return args
}

func renderTenant(t *testing.T, set ...string) []charts.Object {
	t.Helper()
	objects, err := charts.RenderTenant(t.Context(), projectRoot(t), "tenant-alpha", tenantArgs(t, "alpha", set...)...)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// One tenant's enhancer is the shared one, but for its name, its tenant and its topics: an operator who knows one knows the other, and what is
// mended in one is mended in both.
func TestATenantsEnhancerIsTheSharedOne(t *testing.T) {
	shared, own := render(t, "--set", "redis.external.address=redis.example.com:6379"), renderTenant(t)
	for _, kind := range []string{"Deployment", "ServiceAccount", "Role", "RoleBinding", "PodDisruptionBudget", "Configuration", "WorkflowAccessPolicy", "ConfigMap"} {
		for _, o := range shared {
			if o.Kind() != kind || !strings.Contains(o.Name(), "enhancer") {
				continue
			}
			name := strings.ReplaceAll(o.Name(), "enhancer", "enhancer-alpha")
			want, got := neutral(t, o, ""), neutral(t, find(t, own, kind, name), "alpha")
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s is\n%v\nand the shared one's\n%v", kind, name, got, want)
			}
		}
	}
	settings := at[map[string]any](t, find(t, own, "ConfigMap", "enhancer-alpha-settings"), "data")
	if settings["ENHANCER_TENANT"] != "alpha" {
		t.Errorf("ENHANCER_TENANT is %v", settings["ENHANCER_TENANT"])
	}
}

// neutral is the object without what is the tenant's, and without what changes with every release.
func neutral(t *testing.T, o charts.Object, tenant string) map[string]any {
	t.Helper()
	content, err := yaml.Marshal(map[string]any{"spec": o["spec"], "data": o["data"], "rules": o["rules"], "roleRef": o["roleRef"], "scopes": o["scopes"]})
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]byte
	for line := range bytes.Lines(content) {
		if !bytes.Contains(line, []byte("checksum/")) && !bytes.Contains(line, []byte("ENHANCER_TENANT")) && !bytes.Contains(line, []byte("helm.sh/chart")) {
			lines = append(lines, line)
		}
	}
	text := string(bytes.Join(lines, nil))
	if tenant != "" {
		text = strings.ReplaceAll(text, "enhancer-"+tenant, "enhancer")
	}
	text = strings.ReplaceAll(text, "app.kubernetes.io/instance: tenant", "app.kubernetes.io/instance: ai-agents")
	var parsed map[string]any
	if err := yaml.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}

// What belongs to one tenant is heard and sent by its enhancer alone; the gateway may send to all.
func TestTopicsAreTheTenants(t *testing.T) {
	const queue, dead, changed = "enhancement:queue:alpha", "enhancement:dead:alpha", "tenant:changed"
	objects := renderTenant(t)
	all := strings.Join([]string{queue, dead, changed}, ",")
	for field, want := range map[string]string{
		"allowedTopics": all, "protectedTopics": all, "publishingScopes": "enhancer-alpha=" + dead, "subscriptionScopes": "enhancer-alpha=" + all,
	} {
		if got := metadata(t, find(t, objects, "Component", "pubsub"), field); got != want {
			t.Errorf("%s of alpha's pubsub is %q, want %q", field, got, want)
		}
	}
	topics := map[string]string{"enhancement-queue": queue, "enhancement-dead": dead, "tenant-changed": changed}
	for _, o := range objects {
		scopes, scoped := o["scopes"].([]any)
		if strings.HasPrefix(fmt.Sprint(o["apiVersion"]), "dapr.io/") && o.Kind() != "Configuration" && (!scoped || !slices.Equal(texts(t, scopes), []string{"enhancer-alpha"})) {
			t.Errorf("%s %s is for %v, want alpha's enhancer alone", o.Kind(), o.Name(), o["scopes"])
		}
		if o.Kind() == "Subscription" {
			if topic := at[string](t, o, "spec", "topic"); topic != topics[o.Name()] {
				t.Errorf("%s hears %s", o.Name(), topic)
			}
			delete(topics, o.Name())
		}
	}
	if len(topics) != 0 {
		t.Errorf("nobody hears %v", topics)
	}
	pubsub := find(t, render(t, append([]string{"--set", "dedicatedTenants={alpha,beta}"}, small...)...), "Component", "pubsub")
	const sent = "enhancement:queue,enhancement:queue:alpha,enhancement:queue:beta"
	if got := metadata(t, pubsub, "publishingScopes"); got != "gateway="+sent+";console=enhancement:queue,tenant:changed;enhancer=enhancement:dead" {
		t.Errorf("the platform's publishingScopes are %q", got)
	}
	for _, field := range []string{"allowedTopics", "protectedTopics"} {
		if got := metadata(t, pubsub, field); got != "enhancement:queue,enhancement:dead,tenant:changed,enhancement:queue:alpha,enhancement:queue:beta" {
			t.Errorf("the platform's %s are %q", field, got)
		}
	}
	if got := metadata(t, pubsub, "subscriptionScopes"); strings.Contains(got, "alpha") {
		t.Errorf("the platform's apps may hear alpha's topic: %q", got)
	}
}

func metadata(t *testing.T, component charts.Object, name string) string {
	t.Helper()
	for _, entry := range at[[]any](t, component, "spec", "metadata") {
		if field := as[map[string]any](t, entry); field["name"] == name {
			return as[string](t, field["value"])
		}
	}
	t.Fatalf("%s has no %s", component.Name(), name)
	return ""
}

// What the values of the tenant's chart cannot be made to do, most of all to hear another tenant.
func TestATenantsValuesStayWithTheTenant(t *testing.T) {
	for want, set := range map[string]string{
		"belongs into the namespace tenant-beta":      "tenant=beta",
		"'/tenant'":                                   "tenant=",
		"does not match pattern":                      `tenant=alpha\,beta`,
		"ENHANCER_TENANT":                             "enhancer.settings.ENHANCER_TENANT=beta",
		"PUBSUB_NAME":                                 "enhancer.settings.PUBSUB_NAME=other",
		"dapr.io/app-id":                              `enhancer.podAnnotations.dapr\.io/app-id=enhancer-beta`,
		"app.kubernetes.io/name":                      `enhancer.podLabels.app\.kubernetes\.io/name=gateway`,
		"dedicatedTenants":                            "dedicatedTenants={beta}",
		"networkPolicies.outside: say where":          "networkPolicies.outside.to=null",
		"networkPolicies.outside: 0.0.0.0/0 is every": "networkPolicies.outside.to[0].ipBlock.cidr=0.0.0.0/0",
		"networkPolicies.kubernetesAPI: ::/0":         "networkPolicies.kubernetesAPI.to[0].ipBlock.cidr=::/0",
		"networkPolicies.redis: say where":            "networkPolicies.redis.to=null",
		"quota.hard.pods: 6 replicas":                 "enhancer.replicas=6",
		"'/redis/external/address'":                   "redis.external.address=",
		"'/operators/view/groups/0'":                  "operators.view.groups={system:authenticated}",
		"console-database-url":                        "secrets.values.console-database-url=example",
	} {
		_, err := charts.RenderTenant(t.Context(), projectRoot(t), "tenant-alpha", tenantArgs(t, "alpha", set)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the answer does not name %q: %v", set, want, err)
		}
	}
	long := strings.Repeat("a", 50)
	if _, err := charts.RenderTenant(t.Context(), projectRoot(t), "tenant-"+long, tenantArgs(t, long)...); err == nil {
		t.Error("an id is taken from which Dapr cannot make a Service's name")
	}
}

// Both charts have one release and one shape of values, so that one can be taken over from the other.
func TestTheChartsGoTogether(t *testing.T) {
	platform, tenant := document(t, charts.Dir+"/Chart.yaml"), document(t, charts.TenantDir+"/Chart.yaml")
	for _, field := range []string{"appVersion", "kubeVersion", "annotations"} {
		if !reflect.DeepEqual(platform[field], tenant[field]) {
			t.Errorf("%s is %v and %v", field, platform[field], tenant[field])
		}
	}
	theirs, ours := document(t, charts.Dir+"/values.schema.json"), document(t, charts.TenantDir+"/values.schema.json")
	for _, path := range []string{
		"image", "priorityClassName", "dapr", "enhancer.settings", "enhancer.shutdown", "enhancer.workflow", "enhancer.resources", "enhancer.sidecar",
		"enhancer.nodeSelector", "enhancer.tolerations", "enhancer.podLabels", "enhancer.podAnnotations", "networkPolicies.enabled", "networkPolicies.metricsFrom",
		"networkPolicies.dns", "networkPolicies.postgresql", "networkPolicies.redis", "networkPolicies.kubernetesAPI", "networkPolicies.outside", "networkPolicies.tracing",
	} {
		keys := strings.Split("properties."+strings.ReplaceAll(path, ".", ".properties."), ".")
		if !reflect.DeepEqual(at[map[string]any](t, theirs, keys...), at[map[string]any](t, ours, keys...)) {
			t.Errorf("%s is another in the tenant's chart than in the platform's", path)
		}
	}
}
