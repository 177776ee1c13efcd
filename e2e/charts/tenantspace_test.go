package charts_test

import (
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

// The namespace denies what it does not name; what it names are Dapr, data, DNS, the API and the tenant's own systems.
func TestATenantsNamespaceIsClosed(t *testing.T) {
	objects := renderTenant(t)
	deny := find(t, objects, "NetworkPolicy", "default-deny")
	if selector := at[map[string]any](t, deny, "spec", "podSelector"); len(selector) != 0 || deny["ingress"] != nil || deny["egress"] != nil {
		t.Errorf("default-deny selects %v", selector)
	}
	policy := find(t, objects, "NetworkPolicy", "enhancer-alpha")
	var outside []any
	for _, r := range at[[]any](t, policy, "spec", "egress") {
		rule := as[map[string]any](t, r)
		if rule["ports"] == nil || rule["to"] == nil {
			t.Errorf("a rule for everybody, or all ports: %v", rule)
		}
		for _, p := range as[[]any](t, rule["to"]) {
			if cidr, ok := charts.At[string](as[map[string]any](t, p), "ipBlock", "cidr"); ok {
				outside = append(outside, cidr)
			}
		}
	}
	if got, want := texts(t, outside), []string{"192.0.2.10/32", "192.0.2.20/32", "192.0.2.30/32", "203.0.113.0/24"}; !slices.Equal(got, want) {
		t.Errorf("goes to %v, want %v", got, want)
	}
	var from []string
	for _, r := range at[[]any](t, policy, "spec", "ingress") {
		for _, p := range as[[]any](t, as[map[string]any](t, r)["from"]) {
			namespace, _ := charts.At[string](as[map[string]any](t, p), "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
			from = append(from, namespace)
		}
	}
	if want := []string{"monitoring", "ai-agents", ""}; !slices.Equal(from, want) {
		t.Errorf("is called from %q, want %q", from, want)
	}
}

// The platform's pods reach a tenant's by sidecar alone, and the chart's own Postgres and Redis let them in.
func TestThePlatformKnowsItsTenants(t *testing.T) {
	objects := render(t, append([]string{"--set", "dedicatedTenants={alpha}"}, small...)...)
	for name, direction := range map[string]string{"console": "egress", "postgresql": "ingress", "redis": "ingress"} {
		if got := namespaces(t, find(t, objects, "NetworkPolicy", name), direction); !slices.Contains(got, "tenant-alpha") {
			t.Errorf("%s of %s knows the namespaces %v", direction, name, got)
		}
	}
	for _, name := range []string{"gateway", "enhancer", "migrate"} {
		policy := find(t, objects, "NetworkPolicy", name)
		if slices.Contains(append(namespaces(t, policy, "egress"), namespaces(t, policy, "ingress")...), "tenant-alpha") {
			t.Errorf("%s and a tenant's pods reach each other", name)
		}
	}
	if got := at[map[string]any](t, find(t, objects, "ConfigMap", "console-settings"), "data")["DEDICATED_NAMESPACE_PREFIX"]; got != "tenant-" {
		t.Errorf("the console looks for enhancers in namespaces that begin with %v", got)
	}
}

func namespaces(t *testing.T, policy charts.Object, direction string) (found []string) {
	t.Helper()
	rules, _ := charts.At[[]any](policy, "spec", direction)
	for _, r := range rules {
		for _, p := range as[[]any](t, as[map[string]any](t, r)[map[string]string{"ingress": "from", "egress": "to"}[direction]]) {
			name, _ := charts.At[string](as[map[string]any](t, p), "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
			found = append(found, name)
		}
	}
	return found
}

// Operators get verbs that do not lead to a Secret: whoever writes a pod, or gets into one, reads all that it could mount.
func TestOperatorsDoNotGetAtSecrets(t *testing.T) {
	objects := renderTenant(t)
	written := map[string][]string{}
	for _, role := range []string{"operators-view", "operators-operate"} {
		for _, r := range at[[]any](t, find(t, objects, "Role", role), "rules") {
			rule := as[map[string]any](t, r)
			for _, resource := range texts(t, as[[]any](t, rule["resources"])) {
				if resource == "secrets" || resource == "*" {
					t.Errorf("%s reads %s", role, resource)
				}
				for _, verb := range texts(t, as[[]any](t, rule["verbs"])) {
					if !slices.Contains([]string{"get", "list", "watch"}, verb) {
						written[role] = append(written[role], verb+" "+resource)
					}
				}
			}
		}
	}
	want := []string{"delete pods", "create pods/eviction", "update deployments/scale", "patch deployments/scale"}
	slices.Sort(want)
	slices.Sort(written["operators-operate"])
	if len(written["operators-view"]) != 0 || !slices.Equal(written["operators-operate"], want) {
		t.Errorf("operators may %v, want %v", written, want)
	}
	for _, o := range renderTenant(t, "operators.view.groups=null", "operators.operate.users=null") {
		if name := o.Name(); name == "operators-view" || name == "operators-operate" {
			t.Errorf("%s %s is for nobody", o.Kind(), name)
		}
	}
}

// A rollout has to fit into the quota, with what the injector adds, or it never ends.
func TestARolloutFitsIntoTheQuota(t *testing.T) {
	objects := renderTenant(t)
	hard := at[map[string]any](t, find(t, objects, "ResourceQuota", "tenant"), "spec", "hard")
	for _, name := range []string{"pods", "requests.cpu", "requests.memory", "limits.memory", "count/deployments.apps", "services.loadbalancers", "persistentvolumeclaims"} {
		if hard[name] == nil {
			t.Errorf("the quota has no %s", name)
		}
	}
	limits := as[map[string]any](t, at[[]any](t, find(t, objects, "LimitRange", "tenant"), "spec", "limits")[0])
	if limits["type"] != "Container" || limits["default"] == nil || limits["max"] == nil {
		t.Errorf("limits are %v", limits)
	}
	for _, o := range renderTenant(t, "quota.enabled=false", "limits.enabled=false", "networkPolicies.enabled=false") {
		if kind := o.Kind(); kind == "ResourceQuota" || kind == "LimitRange" || kind == "NetworkPolicy" {
			t.Errorf("there is a %s, though it is off", kind)
		}
	}
}
