package charts_test

import (
	"testing"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

// A policy that selects nobody protects nobody, and a peer that selects nobody is a way that was meant and is not there.
func TestNetworkPoliciesSelectPods(t *testing.T) {
	for name, objects := range installations(t) {
		policies := 0
		for _, o := range objects {
			if o.Kind() != "NetworkPolicy" {
				continue
			}
			policies++
			if !selects(t, objects, at[map[string]any](t, o, "spec", "podSelector")) {
				t.Errorf("%s: policy %s selects no pod", name, o.Name())
			}
			for _, direction := range []string{"ingress", "egress"} {
				rules, _ := charts.At[[]any](o, "spec", direction)
				for _, r := range rules {
					rule := as[map[string]any](t, r)
					peers, _ := rule[map[string]string{"ingress": "from", "egress": "to"}[direction]].([]any)
					if len(peers) == 0 || rule["ports"] == nil {
						t.Errorf("%s: policy %s has a rule for everybody, or for all ports", name, o.Name())
					}
					for _, p := range peers {
						peer := as[map[string]any](t, p)
						selector, ours := peer["podSelector"].(map[string]any)
						if ours && peer["namespaceSelector"] == nil && !selects(t, objects, selector) {
							t.Errorf("%s: a peer of policy %s selects no pod: %v", name, o.Name(), selector)
						}
					}
				}
			}
		}
		if policies < 5 {
			t.Errorf("%s: %d policies", name, policies)
		}
	}
}

// Every pod of the release is under the default deny, and under a policy that says what it may.
func TestEveryPodHasItsPolicy(t *testing.T) {
	for name, objects := range installations(t) {
		for owner, pod := range pods(objects) {
			labels := at[map[string]any](t, pod, "metadata", "labels")
			covered := map[string]bool{}
			for _, o := range objects {
				if o.Kind() == "NetworkPolicy" && matches(t, at[map[string]any](t, o, "spec", "podSelector"), labels) {
					covered[o.Name()] = true
				}
			}
			if !covered["ai-agents-default-deny"] || len(covered) < 2 {
				t.Errorf("%s: %s is under %v", name, owner, covered)
			}
		}
	}
}

func selects(t *testing.T, objects []charts.Object, selector map[string]any) bool {
	t.Helper()
	for _, pod := range pods(objects) {
		if matches(t, selector, at[map[string]any](t, pod, "metadata", "labels")) {
			return true
		}
	}
	return false
}

func matches(t *testing.T, selector, labels map[string]any) bool {
	t.Helper()
	for key, value := range at[map[string]any](t, selector, "matchLabels") {
		if labels[key] != value {
			return false
		}
	}
	return true
}
