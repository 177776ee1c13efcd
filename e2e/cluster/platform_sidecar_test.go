package cluster_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/ai-agents/ai-agents/e2e/cluster"
)

// appPorts are those of dapr.yaml.
var appPorts = map[string]string{"gateway": "8081", "enhancer": "8082", "console": "8084"}

func (p *platform) sidecars(t *testing.T) {
	for _, app := range platformApps {
		injected, err := cluster.InjectedSidecar(p.pod(t, app))
		if err != nil {
			t.Error(err)
			continue
		}
		args := " " + strings.Join(injected.Args, " ") + " "
		for _, want := range []string{
			"--app-id " + app, "--app-port " + appPorts[app], "--app-protocol http", "--config ai-agents-" + app, "--mode kubernetes",
			"--control-plane-address dapr-api.dapr-system.svc.cluster.local:443", "--sentry-address dapr-sentry.dapr-system.svc.cluster.local:443",
			"--enable-mtls", "--log-as-json", "--disable-builtin-k8s-secret-store",
		} {
			if !strings.Contains(args, " "+want+" ") {
				t.Errorf("the sidecar of %s is not started with %s, but%s", app, want, args)
			}
		}
		if injected.RestartPolicy == nil || *injected.RestartPolicy != corev1.ContainerRestartPolicyAlways {
			t.Errorf("the sidecar of %s is no native one: it starts beside the app and may end before it", app)
		}
		for variable, secret := range map[string]string{"DAPR_API_TOKEN": app + "-dapr-api-token", "APP_API_TOKEN": app + "-app-api-token"} {
			if !takes(injected.Env, variable, secret) {
				t.Errorf("the sidecar of %s does not take %s from %s", app, variable, secret)
			}
		}
		if injected.Resources.Requests.Cpu().IsZero() || injected.Resources.Limits.Memory().IsZero() {
			t.Errorf("the sidecar of %s asks for no processor time, or has no limit of memory", app)
		}
	}
}

func takes(env []corev1.EnvVar, variable, secret string) bool {
	return slices.ContainsFunc(env, func(v corev1.EnvVar) bool {
		return v.Name == variable && v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil && v.ValueFrom.SecretKeyRef.Name == secret
	})
}

// readable are secrets that an app's Configuration allows, and one that it does not.
var readable = map[string]struct {
	may    []string
	mayNot string
}{
	"gateway":  {[]string{"database-url", "tenant-keyset"}, "llm-api-key"},
	"enhancer": {[]string{"database-url", "tenant-keyset", "llm-api-key", "llm-fallback-api-key", "embeddings-api-key"}, "console-database-url"},
	"console":  {[]string{"console-database-url", "tenant-keyset", "console-bootstrap-token", "llm-api-key"}, "database-url"},
}

// A real daprd in Kubernetes mode, for a pod of each app: identity from sentry, components and Configuration from the operator, secrets by the
// pod's own service account.
func (p *platform) components(t *testing.T) {
	ctx := bounded(t)
	for _, app := range platformApps {
		process := "platform-" + app
		// Nothing listens for the app: its sidecar would wait for it, and never be ready.
		sidecar, err := running.RunSidecar(ctx, process, p.pod(t, app), "--app-port", "0")
		if err != nil {
			t.Error(err)
			continue
		}
		defer func() {
			if err := running.StopProcesses(context.WithoutCancel(ctx), process); err != nil {
				t.Error(err)
			}
		}()
		got, err := sidecar.Components(ctx)
		slices.Sort(got)
		if diff := cmp.Diff(localComponents(t, app), got); err != nil || diff != "" {
			t.Errorf("%s has other components than on one machine: %v\n%s", app, err, diff)
		}
		for _, name := range readable[app].may {
			if secret, err := sidecar.Secret(ctx, "secretstore", name); err != nil || secret[name] == "" {
				t.Errorf("%s and its secret %s: %v, %v", app, name, secret, err)
			}
		}
		if _, err := sidecar.Secret(ctx, "secretstore", readable[app].mayNot); !errors.Is(err, cluster.ErrRefused) {
			t.Errorf("%s asks for %s: %v, want it refused", app, readable[app].mayNot, err)
		}
	}
}

// localComponents are those of components/ that are the app's.
func localComponents(t *testing.T, app string) []string {
	t.Helper()
	files, err := filepath.Glob("../../components/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no components: %v", err)
	}
	var names []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var component struct {
			Kind     string                `json:"kind"`
			Metadata struct{ Name string } `json:"metadata"`
			Scopes   []string              `json:"scopes"`
		}
		if err := yaml.Unmarshal(content, &component); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if component.Kind == "Component" && (len(component.Scopes) == 0 || slices.Contains(component.Scopes, app)) {
			names = append(names, component.Metadata.Name)
		}
	}
	slices.Sort(names)
	return names
}

// denials asks the API server, as each service account, for what it must not have, and for what it must.
func (p *platform) denials(t *testing.T) {
	for _, app := range append(slices.Clone(platformApps), "default") {
		account := "system:serviceaccount:" + platformNamespace + ":" + app
		may := func(namespace string, request ...string) bool {
			args := append([]string{"auth", "can-i", "--as", account, "-n", namespace}, request...)
			answer, err := running.Kubectl(bounded(t), args...)
			return err == nil && strings.TrimSpace(answer) == "yes"
		}
		for _, name := range []string{"database-url", "console-database-url", "tenant-keyset", "llm-api-key", "console-bootstrap-token", "migrate", "gateway-dapr-api-token"} {
			want := slices.Contains(readable[app].may, name)
			if got := may(platformNamespace, "get", "secret/"+name); got != want {
				t.Errorf("%s may read the secret %s: %t, want %t", app, name, got, want)
			}
		}
		for _, denied := range [][]string{
			{platformNamespace, "list", "secrets"},
			{platformNamespace, "watch", "secrets"},
			{platformNamespace, "update", "secret/tenant-keyset"},
			{platformNamespace, "create", "pods"},
			{platformNamespace, "create", "pods/exec"},
			{platformNamespace, "patch", "deployments.apps"},
			{platformNamespace, "create", "serviceaccounts/token"},
			{platformNamespace, "get", "components.dapr.io"},
			{platformNamespace, "create", "rolebindings.rbac.authorization.k8s.io"},
			{"default", "get", "secret/tenant-keyset"},
			{cluster.DaprNamespace, "get", "secret/dapr-trust-bundle"},
		} {
			if may(denied[0], denied[1:]...) {
				t.Errorf("%s may %s in %s", app, strings.Join(denied[1:], " "), denied[0])
			}
		}
	}
}
