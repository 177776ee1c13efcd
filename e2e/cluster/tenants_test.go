package cluster_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/apps/agentctl/tenantspace"
	"github.com/ai-agents/ai-agents/e2e/cluster"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

var dedicatedTenants = []string{"alpha", "beta"}

// operatorValues are what an operator adds to what is taken over from the platform.
const operatorValues = `
operators: {view: {groups: [example-auditors]}, operate: {users: [operator@example.com]}}
redis: {external: {username: %TENANT%}}
`

// tenantSpace is the tenant's namespace as agentctl works on it, with this cluster's programs.
func tenantSpace(t *testing.T, tenant string) tenantspace.Space {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(running.Dir(), "helm")
	return tenantspace.Space{Tenant: tenant, Programs: tenantspace.Programs{
		Helm: filepath.Join(root, "bin", "helm"), Kubectl: filepath.Join(root, "bin", "kubectl"),
		Env: []string{
			"KUBECONFIG=" + running.Kubeconfig(), "KUBECACHEDIR=" + filepath.Join(running.Dir(), "kubectl"),
			"HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home,
		},
	}}
}

func (p *platform) provisionsTenants(t *testing.T) {
	for _, tenant := range dedicatedTenants {
		t.Run(tenant, func(t *testing.T) {
			t.Parallel()
			p.redisUser(t, tenant)
			p.provision(t, tenant)
		})
	}
}

// provision does with the real programs what `agentctl tenant provision` does, whose own tests play them.
func (p *platform) provision(t *testing.T, tenant string) {
	t.Helper()
	ctx, space := bounded(t), tenantSpace(t, tenant)
	api, err := space.API(ctx)
	if err != nil || len(api) == 0 {
		t.Fatalf("the API is at %v, %v; want its Service at least", api, err)
	}
	found, err := space.Platform(ctx, platformRelease, platformNamespace)
	if err != nil {
		t.Fatal(err)
	}
	if !found.Knows(tenant) || found.Knows("gamma") {
		t.Error("the platform's dedicatedTenants are not read")
	}
	values, err := found.Values(tenant, []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, api)
	if err != nil {
		t.Fatal(err)
	}
	content, err := tenantspace.Write(values)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "taken.yaml"), filepath.Join(dir, "own.yaml")}
	for i, text := range []string{string(content), strings.ReplaceAll(operatorValues, "%TENANT%", tenant)} {
		if err := os.WriteFile(files[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := space.MakeNamespace(ctx); err != nil {
		t.Fatal(err)
	}
	if missing, err := space.Missing(ctx); err != nil || !slices.Equal(missing, tenantspace.Needed()) {
		t.Errorf("an empty namespace misses %v, %v", missing, err)
	}
	for name, value := range tenantSecrets(tenant) {
		if _, err := running.Kubectl(ctx, "create", "secret", "generic", name, "-n", space.Name(), "--from-literal="+name+"="+value); err != nil {
			t.Fatal(err)
		}
	}
	if missing, err := space.Missing(ctx); err != nil || len(missing) > 0 {
		t.Errorf("misses %v, %v", missing, err)
	}
	for range 2 { // again is no error, and changes nothing
		if err := space.MakeNamespace(ctx); err != nil {
			t.Fatal(err)
		}
		if err := space.Install(ctx, filepath.Join("..", "..", "charts", "tenant"), 2*time.Minute, files...); err != nil {
			t.Fatal(err)
		}
	}
	p.isProvisioned(t, space)
}

func (p *platform) isProvisioned(t *testing.T, space tenantspace.Space) {
	t.Helper()
	namespace, err := running.Client().CoreV1().Namespaces().Get(bounded(t), space.Name(), metav1.GetOptions{})
	if err != nil || namespace.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		t.Errorf("the namespace has the labels %v, %v", namespace.Labels, err)
	}
	found, err := running.Client().AppsV1().Deployments(space.Name()).Get(bounded(t), space.Deployment(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Status.AvailableReplicas != 2 || found.Annotations["deployment.kubernetes.io/revision"] != "1" {
		t.Errorf("%s has %d replicas of revision %s", space.Deployment(), found.Status.AvailableReplicas, found.Annotations["deployment.kubernetes.io/revision"])
	}
	injected, err := cluster.InjectedSidecar(tenantPod(t, space.Tenant))
	if err != nil {
		t.Fatal(err)
	}
	args := " " + strings.Join(injected.Args, " ") + " "
	for _, want := range []string{"--app-id " + space.Deployment(), "--config ai-agents-" + space.Deployment(), "--enable-mtls", "--disable-builtin-k8s-secret-store"} {
		if !strings.Contains(args, " "+want+" ") {
			t.Errorf("the sidecar is not started with %s, but%s", want, args)
		}
	}
}

// removeTenantsAfter removes the tenants' namespaces after the test.
func removeTenantsAfter(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		for _, tenant := range dedicatedTenants {
			err := running.Client().CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), "tenant-"+tenant, metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				t.Error(err)
			}
		}
	})
}

func tenantPod(t *testing.T, tenant string) *corev1.Pod {
	t.Helper()
	return onePod(t, "tenant-"+tenant, "app.kubernetes.io/name=enhancer")
}

// tenantSecrets are examples, and each tenant's own.
func tenantSecrets(tenant string) map[string]string {
	return map[string]string{
		"database-url": "postgres://app_user@192.0.2.10/ai_agents", "tenant-keyset": "example-keyset", "redis-password": "example-of-" + tenant,
		"llm-api-key": "example-key-of-" + tenant, "llm-fallback-api-key": "example-key", "embeddings-api-key": "example-key",
	}
}

// redisCLI is redis-cli, as a user of Redis.
func (p *platform) redisCLI(t *testing.T, user, password string, args ...string) (string, error) {
	t.Helper()
	host, port, _ := strings.Cut(p.redis, ":")
	cmd := exec.CommandContext(bounded(t), "redis-cli", append([]string{"-e", "-h", host, "-p", port, "--no-auth-warning", "--user", user, "--pass", password}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// redisUser makes the user that docs/isolation.md describes.
func (p *platform) redisUser(t *testing.T, tenant string) {
	t.Helper()
	content, err := os.ReadFile("../../docs/isolation.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		rules, is := strings.CutPrefix(line, "ACL SETUSER alpha ")
		if !is {
			continue
		}
		rules = strings.ReplaceAll(strings.ReplaceAll(rules, "example-password", "example-of-"+tenant), "alpha", tenant)
		if out, err := p.redisCLI(t, "default", "example-password", append([]string{"ACL", "SETUSER", tenant}, strings.Fields(rules)...)...); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return
	}
	t.Fatal("docs/isolation.md has no ACL SETUSER alpha")
}

func (p *platform) tenantComponents(t *testing.T) {
	ctx := bounded(t)
	for _, tenant := range dedicatedTenants {
		process := "tenant-" + tenant
		sidecar, err := running.RunSidecar(ctx, process, tenantPod(t, tenant), "--app-port", "0")
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
		if diff := cmp.Diff(localComponents(t, "enhancer"), got); err != nil || diff != "" {
			t.Errorf("%s has other components than the shared enhancer: %v\n%s", tenant, err, diff)
		}
		if secret, err := sidecar.Secret(ctx, "secretstore", "llm-api-key"); err != nil || secret["llm-api-key"] != "example-key-of-"+tenant {
			t.Errorf("%s reads the key %v, %v", tenant, secret, err)
		}
		if _, err := sidecar.Secret(ctx, "secretstore", "redis-password"); !errors.Is(err, cluster.ErrRefused) {
			t.Errorf("%s asks for redis-password: %v, want it refused", tenant, err)
		}
		if err := sidecar.SaveState(ctx, "statestore", "example", tenant); err != nil {
			t.Errorf("%s cannot keep state as its own user of Redis: %v", tenant, err)
		}
		for topic, want := range map[string]error{
			"enhancement:dead:" + tenant: nil, "enhancement:queue:alpha": cluster.ErrRefused, "enhancement:queue:beta": cluster.ErrRefused,
			"enhancement:queue": cluster.ErrRefused, "tenant:changed": cluster.ErrRefused, "another": cluster.ErrRefused,
		} {
			if err := sidecar.Publish(ctx, "pubsub", topic, "example"); !errors.Is(err, want) {
				t.Errorf("%s sends to %s: %v, want %v", tenant, topic, err, want)
			}
		}
	}
	p.strangers(t)
	for _, c := range []struct {
		key  string
		want bool
	}{{"enhancement:queue:alpha", true}, {"enhancement:dead:alpha", true}, {"enhancement:queue:beta", false}, {"enhancement:queue", false}} {
		out, err := p.redisCLI(t, "alpha", "example-of-alpha", "XADD", c.key, "*", "data", "example")
		if got := err == nil; got != c.want || !got && !strings.Contains(out, "NOPERM") {
			t.Errorf("alpha's user of Redis writes %s: %t, want %t: %v, %s", c.key, got, c.want, err, out)
		}
	}
}

// A pod in alpha's namespace that says it is beta's enhancer.
const strangerPod = `
apiVersion: v1
kind: Pod
metadata:
  name: stranger
  namespace: tenant-alpha
  annotations: {dapr.io/enabled: "true", dapr.io/app-id: enhancer-beta, dapr.io/disable-builtin-k8s-secret-store: "true", dapr.io/sidecar-seccomp-profile-type: RuntimeDefault}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: app
      image: app.example.com/app:1
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

// strangers call themselves like beta's enhancer in alpha's namespace. A pod that says so is given no component; a process that says other than its pod
// gets no identity.
func (p *platform) strangers(t *testing.T) {
	t.Helper()
	ctx := bounded(t)
	if err := running.Apply(ctx, strangerPod); err != nil {
		t.Fatal(err)
	}
	podIs(t, "tenant-alpha", "stranger", "the stranger's address", func(p *corev1.Pod) bool { return p.Status.PodIP != "" })
	pod, err := running.Client().CoreV1().Pods("tenant-alpha").Get(ctx, "stranger", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sidecar, err := running.RunSidecar(ctx, "stranger", pod)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := sidecar.Components(ctx); err != nil || len(got) > 0 {
		t.Errorf("an app enhancer-beta in alpha's namespace is given %v, %v", got, err)
	}
	if err := running.StopProcesses(ctx, "stranger"); err != nil {
		t.Error(err)
	}
	if _, err := running.Kubectl(ctx, "delete", "pod", "stranger", "-n", "tenant-alpha", "--grace-period=0", "--force"); err != nil {
		t.Error(err)
	}
	liar := tenantPod(t, "alpha").DeepCopy()
	injected, err := cluster.InjectedSidecar(liar)
	if err != nil {
		t.Fatal(err)
	}
	injected.Args[slices.Index(injected.Args, "--app-id")+1] = "enhancer-beta"
	if _, err := running.RunSidecar(ctx, "liar", liar, "--app-port", "0"); err == nil || !strings.Contains(err.Error(), "app-id mismatch") {
		t.Errorf("%v, want sentry to refuse an identity", err)
	}
}
