package charts_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

// The rules of restricted Pod Security for the chart's own containers. A real API server judges the whole pods, sidecars included, in make test-charts.
func TestPodsAreRestricted(t *testing.T) {
	for name, objects := range installations(t) {
		for owner, pod := range pods(objects) {
			if at[bool](t, pod, "spec", "automountServiceAccountToken") {
				t.Errorf("%s, %s: the app gets a token for the Kubernetes API", name, owner)
			}
			if at[string](t, pod, "spec", "securityContext", "seccompProfile", "type") != "RuntimeDefault" ||
				!at[bool](t, pod, "spec", "securityContext", "runAsNonRoot") || at[int](t, pod, "spec", "securityContext", "runAsUser") == 0 {
				t.Errorf("%s, %s: the pod may run as root, or without seccomp", name, owner)
			}
			for _, c := range containers(t, pod) {
				if at[bool](t, c, "securityContext", "allowPrivilegeEscalation") || !at[bool](t, c, "securityContext", "readOnlyRootFilesystem") ||
					!slices.Equal(texts(t, at[[]any](t, c, "securityContext", "capabilities", "drop")), []string{"ALL"}) {
					t.Errorf("%s, %s: container %v has rights that it does not need", name, owner, c["name"])
				}
				if _, ok := charts.At[string](c, "resources", "limits", "memory"); !ok {
					t.Errorf("%s, %s: container %v has no limit of memory", name, owner, c["name"])
				}
			}
		}
	}
}

func TestSecretsAreInSecretsOnly(t *testing.T) {
	const marker = "example-marker-of-a-secret"
	names := []string{"tenant-keyset", "llm-api-key", "llm-fallback-api-key", "embeddings-api-key", "console-bootstrap-token", "database-url", "console-database-url", "redis-password"}
	args := []string{"--set", "redis.external.address=redis.example.com:6379"}
	for _, name := range names {
		args = append(args, "--set-string", "secrets.values."+name+"="+marker)
	}
	objects := render(t, args...)
	for _, name := range names {
		find(t, objects, "Secret", name)
	}
	for _, o := range objects {
		content, err := yaml.Marshal(map[string]any(o))
		if err != nil {
			t.Fatal(err)
		}
		if o.Kind() != "Secret" && bytes.Contains(content, []byte(marker)) {
			t.Errorf("%s %s shows a secret", o.Kind(), o.Name())
		}
	}
	for owner, pod := range pods(append(objects, render(t, small...)...)) {
		for _, c := range containers(t, pod) {
			env, _ := c["env"].([]any)
			for _, entry := range env {
				variable := as[map[string]any](t, entry)
				name := as[string](t, variable["name"])
				if (strings.HasSuffix(name, "_TOKEN") || strings.HasSuffix(name, "PASSWORD")) && variable["value"] != nil {
					t.Errorf("%s: %s is written into the pod", owner, name)
				}
			}
		}
	}
}

// A policy without rules denies everybody but the app itself; one without scopes would be every app's.
func TestNobodyElseHasWorkflowsBegun(t *testing.T) {
	for name, objects := range installations(t) {
		policy := find(t, objects, "WorkflowAccessPolicy", "enhancer")
		if rules := at[[]any](t, policy, "spec", "rules"); len(rules) != 0 {
			t.Errorf("%s: the policy allows %v", name, rules)
		}
		if scopes := texts(t, at[[]any](t, policy, "scopes")); !slices.Equal(scopes, []string{"enhancer"}) {
			t.Errorf("%s: the policy is that of %v, want the enhancer's alone", name, scopes)
		}
	}
}

// All that connects outward knows the authority: apps, their sidecars, and what migrates.
func TestAnAuthorityOfOnesOwn(t *testing.T) {
	objects := render(t, append([]string{"--set", "trust.configMap=authorities,trust.key=root.pem,dapr.env=EXAMPLE=1"}, small...)...)
	for owner, pod := range pods(objects) {
		containers := containers(t, pod)
		own := strings.HasPrefix(at[string](t, containers[0], "image"), "ghcr.io/ai-agents/")
		content, err := yaml.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"SSL_CERT_FILE", "mountPath: /etc/trust", "name: authorities", "key: root.pem"} {
			if bytes.Contains(content, []byte(part)) != own {
				t.Errorf("%s has %q: %t, want %t", owner, part, !own, own)
			}
		}
		if annotations, ok := charts.At[map[string]any](pod, "metadata", "annotations"); ok && annotations["dapr.io/enabled"] == "true" {
			mounts, env := at[string](t, annotations, "dapr.io/volume-mounts"), at[string](t, annotations, "dapr.io/env")
			if !strings.HasSuffix(mounts, ",trust:/etc/trust") || env != "EXAMPLE=1,SSL_CERT_FILE=/etc/trust/ca.crt" {
				t.Errorf("the sidecar of %s has the mounts %q and the variables %q", owner, mounts, env)
			}
		}
	}
}

func TestAStopHasTheTimeItNeeds(t *testing.T) {
	for name, objects := range installations(t) {
		for _, app := range apps {
			data := at[map[string]any](t, find(t, objects, "ConfigMap", app+"-settings"), "data")
			pod := at[map[string]any](t, find(t, objects, "Deployment", app), "spec", "template")
			need := 2*seconds(t, data["SHUTDOWN_GRACE"]) + 5
			if app == "gateway" {
				need += seconds(t, data["SHUTDOWN_DELAY"])
			}
			if got := at[int](t, pod, "spec", "terminationGracePeriodSeconds"); got < need {
				t.Errorf("%s, %s: is killed after %d s, and may need %d", name, app, got, need)
			}
			annotations := at[map[string]any](t, pod, "metadata", "annotations")
			if annotations["dapr.io/enable-native-sidecar"] != "true" && seconds(t, annotations["dapr.io/block-shutdown-duration"]) < need {
				t.Errorf("%s, %s: its sidecar may go before it", name, app)
			}
		}
	}
}

func seconds(t *testing.T, value any) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSuffix(fmt.Sprint(value), "s"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Probes ask the internal listener, for paths that the app's router has.
func TestProbesAskWhatTheAppServes(t *testing.T) {
	objects := render(t, small...)
	for _, app := range apps {
		routes, err := os.ReadFile(filepath.Join(projectRoot(t), "apps", app, "routes.go"))
		if err != nil {
			t.Fatal(err)
		}
		pod := at[map[string]any](t, find(t, objects, "Deployment", app), "spec", "template")
		container := containers(t, pod)[0]
		for probe, path := range map[string]string{"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
			if got := at[string](t, container, probe, "httpGet", "path"); got != path || !bytes.Contains(routes, []byte(strconv.Quote(path))) {
				t.Errorf("%s: %s asks for %s", app, probe, got)
			}
			if got := at[string](t, container, probe, "httpGet", "port"); got != "internal" {
				t.Errorf("%s: %s asks port %s", app, probe, got)
			}
		}
		for _, entry := range as[[]any](t, container["ports"]) {
			port := as[map[string]any](t, entry)
			if port["name"] == "internal" && fmt.Sprint(port["containerPort"]) != at[map[string]any](t, pod, "metadata", "annotations")["dapr.io/app-port"] {
				t.Errorf("%s: the port internal is %v", app, port["containerPort"])
			}
		}
	}
}

func TestOnlyTheDoorIsExposed(t *testing.T) {
	objects := slices.Concat(installations(t)["production"],
		render(t, append([]string{"--set", "httpRoute.enabled=true,httpRoute.host=agents.example.com,httpRoute.parentRefs[0].name=example"}, small...)...))
	var paths []string
	rule := as[map[string]any](t, at[[]any](t, find(t, objects, "Ingress", "gateway"), "spec", "rules")[0])
	for _, p := range at[[]any](t, rule, "http", "paths") {
		paths = append(paths, as[string](t, as[map[string]any](t, p)["path"]))
	}
	route := as[map[string]any](t, at[[]any](t, find(t, objects, "HTTPRoute", "gateway"), "spec", "rules")[0])
	for _, m := range as[[]any](t, route["matches"]) {
		paths = append(paths, at[string](t, as[map[string]any](t, m), "path", "value"))
	}
	if want := []string{"/webhook/servicedesk", "/feedback/", "/webhook/servicedesk", "/feedback/"}; !slices.Equal(paths, want) {
		t.Errorf("the outside reaches %v", paths)
	}
	for _, o := range objects {
		if o.Kind() == "Ingress" && len(at[[]any](t, o, "spec", "tls")) == 0 {
			t.Error("the Ingress has no TLS")
		}
		if kind, _ := charts.At[string](o, "spec", "type"); o.Kind() == "Service" && (kind == "NodePort" || kind == "LoadBalancer") {
			t.Errorf("Service %s is open to the outside", o.Name())
		}
	}
}
