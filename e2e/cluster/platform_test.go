package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/e2e/charts"
	"github.com/ai-agents/ai-agents/e2e/cluster"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

const (
	platformNamespace = "ai-agents"
	platformRelease   = "ai-agents"
)

var platformApps = []string{"gateway", "enhancer", "console"}

// platform is the chart charts/ai-agents, installed once, with an external database and Redis as in production.
type platform struct {
	values string // the file
	redis  string // host:port
}

// Examples, good for nothing but this test.
const platformValues = `
secrets:
  values:
    tenant-keyset: example-keyset
    llm-api-key: example-key
    llm-fallback-api-key: example-key
    embeddings-api-key: example-key
    console-bootstrap-token: example-token
    database-url: postgres://app_user@192.0.2.10/ai_agents
    console-database-url: postgres://console_user@192.0.2.10/ai_agents
    redis-password: example-password
redis:
  external: {address: %q, tls: false}
dedicatedTenants: [alpha, beta]
networkPolicies:
  postgresql: {to: [{ipBlock: {cidr: 192.0.2.10/32}}]}
  redis: {to: [{ipBlock: {cidr: 192.0.2.20/32}}]}
  kubernetesAPI: {to: [{ipBlock: {cidr: 192.0.2.30/32}}]}
`

// TestThePlatformsChart goes the way of an installation, from an empty namespace to nothing: its parts build on each other.
func TestThePlatformsChart(t *testing.T) {
	t.Parallel()
	newNamespace(t, platformNamespace)
	removeTenantsAfter(t)
	p := &platform{redis: startRedis(t), values: filepath.Join(t.TempDir(), "values.yaml")}
	if err := os.WriteFile(p.values, fmt.Appendf(nil, platformValues, p.redis), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := running.Kubectl(bounded(t), "create", "secret", "generic", "migrate", "-n", platformNamespace,
		"--from-literal=DATABASE_ADMIN_URL=postgres://admin@192.0.2.10/ai_agents"); err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		name  string
		check func(*testing.T)
	}{
		{"a missing Secret fails the installation and leaves nothing", p.failsWithoutItsSecrets},
		{"installs under restricted Pod Security", p.installs},
		{"goes back to the release before, and upgrades from it", p.upgradesFromTheReleaseBefore},
		{"every Deployment is available", p.isAvailable},
		{"sidecars have the expected arguments", p.sidecars},
		{"the operator hands out what is an app's own", p.components},
		{"service accounts may read their own secrets and nothing else", p.denials},
		{"network policies allow what is needed and nothing else", p.networkPolicies},
		{"a quota refuses", p.quota},
		{"a migration that fails changes nothing", p.failsToMigrate},
		{"tenants with namespaces of their own are provisioned beside it", p.provisionsTenants},
		{"each of them has its own components and secrets, and no topic of another", p.tenantComponents},
		{"their service accounts and named operators get at no other secrets", p.tenantDenials},
		{"network policies keep tenants apart", p.tenantPolicies},
		{"a tenant's quota refuses one object too many", p.tenantQuota},
		{"removing one tenant's enhancer leaves the other's alone", p.removesOneTenant},
		{"an upgrade keeps tokens and replaces what has changed", p.upgrades},
		{"a rollback brings back what was", p.rollsBack},
		{"an uninstall leaves only what is to outlive it", p.uninstalls},
	} {
		if !t.Run(part.name, part.check) {
			t.Fatalf("the parts behind %q were not checked", part.name)
		}
	}
}

// startRedis runs a Redis that sidecars can reach.
func startRedis(t *testing.T) (address string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("no Redis: install it with tools/install-packages.sh: %v", err)
	}
	port, err := running.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if err := running.StartProcesses(bounded(t), stack.Beside{
		Name: "redis", Command: program, Ports: []int{port}, Dir: t.TempDir(),
		Args: []string{"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--requirepass", "example-password", "--save", ""},
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.StopProcesses(context.WithoutCancel(t.Context()), "redis"); err != nil {
			t.Error(err)
		}
	})
	return "127.0.0.1:" + strconv.Itoa(port)
}

// helm installs, upgrades and so on: the verb, then this chart with its values, then more.
func (p *platform) helm(t *testing.T, verb string, more ...string) (string, error) {
	t.Helper()
	return p.helmOf(t, filepath.Join("..", "..", charts.Dir), verb, more...)
}

// helmOf does so with another chart.
func (p *platform) helmOf(t *testing.T, chart, verb string, more ...string) (string, error) {
	t.Helper()
	args := []string{
		verb, platformRelease, chart, "--namespace", platformNamespace,
		"--values", p.values, "--atomic", "--wait", "--wait-for-jobs",
	}
	if verb == "install" || verb == "upgrade" {
		args = append(args, "--timeout", "2m")
	}
	return running.Helm(bounded(t), append(args, more...)...)
}

func (p *platform) failsWithoutItsSecrets(t *testing.T) {
	_, err := p.helm(t, "install", "--set", "secrets.createTokens=false", "--timeout", "8s")
	if err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Fatalf("%v, want an installation without tokens to fail in time", err)
	}
	if left := p.objects(t, "deployments,services,configmaps,components.dapr.io"); strings.Contains(left, "gateway") {
		t.Errorf("the failed installation left\n%s", left)
	}
}

func (p *platform) installs(t *testing.T) {
	out, err := p.helm(t, "install")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "STATUS: deployed") {
		t.Error(out)
	}
	// What the chart's own objects do not use of the API's oldest versions.
	if warnings := strings.Count(out, "Warning"); warnings > 0 {
		t.Errorf("the API server warns:\n%s", out)
	}
}

func (p *platform) deployment(t *testing.T, app string) *appsv1.Deployment {
	t.Helper()
	found, err := running.Client().AppsV1().Deployments(platformNamespace).Get(bounded(t), app, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// settled waits until the Deployment has the pods that it wants, this many of them, and no others: helm waits until enough are there, and those before go
// right after.
func (p *platform) settled(t *testing.T, app string, want int32) {
	t.Helper()
	if err := cluster.Await(bounded(t), app+" to have its pods and no others", func(ctx context.Context) error {
		found, err := running.Client().AppsV1().Deployments(platformNamespace).Get(ctx, app, metav1.GetOptions{})
		if err != nil {
			return err
		}
		has := found.Status
		if *found.Spec.Replicas != want || has.Replicas != want || has.AvailableReplicas != want || has.UpdatedReplicas != want {
			return fmt.Errorf("it wants %d, has %d, %d of the newest, %d available; want %d", *found.Spec.Replicas, has.Replicas, has.UpdatedReplicas, has.AvailableReplicas, want)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func (p *platform) isAvailable(t *testing.T) {
	for _, app := range platformApps {
		p.settled(t, app, 2)
		budgets, err := running.Client().PolicyV1().PodDisruptionBudgets(platformNamespace).List(bounded(t), metav1.ListOptions{
			LabelSelector: "app.kubernetes.io/name=" + app,
		})
		if err != nil || len(budgets.Items) != 1 {
			t.Errorf("%s has %d disruption budgets, %v", app, len(budgets.Items), err)
		}
	}
}

// pod is one of the app's.
func (p *platform) pod(t *testing.T, app string) *corev1.Pod {
	t.Helper()
	return onePod(t, platformNamespace, "app.kubernetes.io/name="+app)
}

// objects lists what the namespace has of these kinds, by name.
func (p *platform) objects(t *testing.T, kinds string) string {
	t.Helper()
	out, err := running.Kubectl(bounded(t), "get", kinds, "-n", platformNamespace, "-o", "name")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (p *platform) secret(t *testing.T, name string) map[string][]byte {
	t.Helper()
	found, err := running.Client().CoreV1().Secrets(platformNamespace).Get(bounded(t), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found.Data
}

func (p *platform) quota(t *testing.T) {
	ctx := bounded(t)
	if _, err := running.Kubectl(ctx, "create", "quota", "full", "-n", platformNamespace, "--hard=pods=1"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := running.Kubectl(ctx, "delete", "quota", "full", "-n", platformNamespace); err != nil {
			t.Error(err)
		}
	}()
	// The controller counts what is there first; before, nothing is let in either.
	if err := cluster.Await(ctx, "the quota to be counted", func(ctx context.Context) error {
		quota, err := running.Client().CoreV1().ResourceQuotas(platformNamespace).Get(ctx, "full", metav1.GetOptions{})
		if err == nil && quota.Status.Used == nil {
			err = errors.New("it is not")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := running.Apply(ctx, pod("beyond", platformNamespace, "")); err == nil || !strings.Contains(err.Error(), "exceeded quota") {
		t.Errorf("%v, want a pod beyond the quota to be refused", err)
	}
}
