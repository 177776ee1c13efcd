package infrastructure_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/charts"
	"github.com/ai-agents/ai-agents/e2e/infrastructure"
)

// written are the values that a run of the example made, as files by output.
func written(t *testing.T, result infrastructure.Result, run string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, output := range []string{"platform_values", "ground_values"} {
		files[output] = filepath.Join(t.TempDir(), output+".yaml")
		if err := os.WriteFile(files[output], []byte(result.Outputs[run][output]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// ground renders the chart beside the platform's.
func ground(t *testing.T, values string) []charts.Object {
	t.Helper()
	return helmTemplate(t, filepath.Join(projectRoot(t), infrastructure.Dir, "modules/platform/charts/ground"), values)
}

func helmTemplate(t *testing.T, chart, values string) []charts.Object {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(projectRoot(t), "bin", "helm"), "template", "example", chart,
		"--kube-version", "1.34.4", "--values", values)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("helm template: %v\n%s", err, problems.String())
	}
	var objects []charts.Object
	decoder := yaml.NewDecoder(bytes.NewReader(out))
	for {
		var object map[string]any
		if decoder.Decode(&object) != nil {
			return objects
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
}

func byKind(objects []charts.Object, kind string) map[string]charts.Object {
	found := map[string]charts.Object{}
	for _, o := range objects {
		if o.Kind() == kind {
			found[o.Name()] = o
		}
	}
	return found
}

// The chart's schema refuses what it does not know, and what it renders is for what was made.
func thePlatformTakesTheValues(t *testing.T, result infrastructure.Result) {
	t.Helper()
	files := written(t, result, "small")
	objects, err := charts.Render(t.Context(), projectRoot(t), "--values", files["platform_values"])
	if err != nil {
		t.Fatal(err)
	}
	component := byKind(objects, "Component")["pubsub"]
	metadata, _ := charts.At[[]any](component, "spec", "metadata")
	settings := map[string]any{}
	for _, entry := range metadata {
		field, ok := entry.(map[string]any)
		if name, named := field["name"].(string); ok && named {
			settings[name] = field["value"]
		}
	}
	if settings["redisHost"] != "primary.example.com:6379" || settings["enableTLS"] != "true" {
		t.Errorf("messages go to %v, TLS %v", settings["redisHost"], settings["enableTLS"])
	}
	ingress := byKind(objects, "Ingress")["gateway"]
	if class, _ := charts.At[string](ingress, "spec", "ingressClassName"); class != "traefik" {
		t.Errorf("the ingress is of the class %q, which nobody serves", class)
	}
	if issuer, _ := charts.At[string](ingress, "metadata", "annotations", "cert-manager.io/cluster-issuer"); byKind(ground(t, files["ground_values"]), "ClusterIssuer")[issuer] == nil {
		t.Errorf("certificates are to come from the issuer %q, which is not there", issuer)
	}
	for _, kind := range []string{"PodMonitor", "PrometheusRule", "ScaledObject", "HorizontalPodAutoscaler"} {
		if len(byKind(objects, kind)) == 0 {
			t.Errorf("no %s, though its operator is installed", kind)
		}
	}
}

// What an app cannot start without has to be brought by External Secrets.
func everySecretIsBrought(t *testing.T, result infrastructure.Result) {
	t.Helper()
	files := written(t, result, "large")
	objects, err := charts.Render(t.Context(), projectRoot(t), "--values", files["platform_values"])
	if err != nil {
		t.Fatal(err)
	}
	beside := ground(t, files["ground_values"])
	brought := byKind(beside, "ExternalSecret")
	optional := []string{"console-oidc-client-secret", "llm-fallback-api-key", "embeddings-api-key"}
	needed := map[string]bool{"migrate": true, "redis-password": true}
	for _, configuration := range byKind(objects, "Configuration") {
		for _, name := range allowed(configuration) {
			if !slices.Contains(optional, name) {
				needed[name] = true
			}
		}
	}
	if len(needed) < 6 {
		t.Fatalf("the chart names only %q", slices.Sorted(maps.Keys(needed)))
	}
	for name := range needed {
		if brought[name] == nil {
			t.Errorf("nobody brings the secret %s", name)
		}
	}
	for name, secret := range brought {
		if target, _ := charts.At[string](secret, "spec", "target", "name"); target != name {
			t.Errorf("%s becomes %q", name, target)
		}
		if namespace, _ := charts.At[string](secret, "metadata", "namespace"); namespace != "ai-agents" {
			t.Errorf("%s is in %q", name, namespace)
		}
	}
	if labels, _ := charts.At[string](byKind(beside, "Namespace")["ai-agents"], "metadata", "labels", "pod-security.kubernetes.io/enforce"); labels != "restricted" {
		t.Errorf("the namespace enforces %q", labels)
	}
}

// allowed are the secrets that an app may read.
func allowed(configuration charts.Object) []string {
	var names []string
	scopes, _ := charts.At[[]any](configuration, "spec", "secrets", "scopes")
	for _, scope := range scopes {
		fields, _ := scope.(map[string]any)
		list, _ := fields["allowedSecrets"].([]any)
		for _, name := range list {
			if text, ok := name.(string); ok {
				names = append(names, text)
			}
		}
	}
	return names
}
