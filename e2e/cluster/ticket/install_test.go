package ticket_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/ai-agents/ai-agents/e2e/cluster"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	platformNamespace = "ai-agents"
	platformRelease   = "ai-agents"
	chart             = "../../../charts/ai-agents"
)

var platformApps = []string{"gateway", "enhancer", "console"}

// migrates makes what an operator makes before the installation, and runs the migrations: with the program, arguments and variables of the chart's
// Job. The release makes the same Job again, as a hook, when all is done.
func (i *installation) migrates(t *testing.T) {
	ctx := bounded(t)
	if _, err := running.Client().CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: platformNamespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	i.makeSecrets(t)
	i.writeValues(t)
	rendered, err := running.Helm(ctx, append([]string{"template", platformRelease, chart, "--show-only", "templates/migrate/job.yaml"}, i.valuesArgs()...)...)
	if err != nil {
		t.Fatal(err)
	}
	var job batchv1.Job
	if err := yaml.UnmarshalStrict([]byte(rendered), &job); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Await(ctx, "the namespace's service account", func(ctx context.Context) error {
		_, err := running.Client().CoreV1().ServiceAccounts(platformNamespace).Get(ctx, "default", metav1.GetOptions{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := running.Client().BatchV1().Jobs(platformNamespace).Create(ctx, &job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	pod := &i.podsOf(t, batchv1.JobNameLabel+"=migrate")[0]
	out, err := running.RunToEnd(ctx, cluster.Container{Process: "migrate", Pod: pod, Container: &pod.Spec.Containers[0], Program: program(t, "migrate")})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, `"msg":"schema"`) && !strings.Contains(out, "schema") {
		t.Errorf("migrate says\n%s", out)
	}
}

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../../bin", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// makeSecrets makes all that docs/deployment.md lists, and leaves out those that are optional.
func (i *installation) makeSecrets(t *testing.T) {
	t.Helper()
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]map[string]string{"migrate": {
		"DATABASE_ADMIN_URL": i.databaseURL(t, postgres.RoleAdmin), "DATABASE_SUPER_URL": i.superURL, "ADMIN_PASSWORD": password(postgres.RoleAdmin),
		"APP_USER_PASSWORD": password(postgres.RoleApp), "CONSOLE_USER_PASSWORD": password(postgres.RoleConsole),
	}}
	for name, value := range map[string]string{
		"tenant-keyset": keyset, "llm-api-key": password("llm"), "console-bootstrap-token": password("bootstrap"), "redis-password": password("redis"),
		"database-url": i.databaseURL(t, postgres.RoleApp), "console-database-url": i.databaseURL(t, postgres.RoleConsole),
	} {
		secrets[name] = map[string]string{name: value}
	}
	for _, app := range platformApps {
		for _, kind := range []string{"dapr-api-token", "app-api-token"} {
			secrets[app+"-"+kind] = map[string]string{"token": password(app + "-" + kind)}
		}
	}
	certificate, err := os.ReadFile(i.certificate)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(i.key)
	if err != nil {
		t.Fatal(err)
	}
	secrets["console-tls"] = map[string]string{"tls.crt": string(certificate), "tls.key": string(key)}
	for name, data := range secrets {
		if _, err := running.Client().CoreV1().Secrets(platformNamespace).Create(bounded(t), &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: data,
		}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	// Redis' certificate is this test's own, and its own authority.
	if _, err := running.Client().CoreV1().ConfigMaps(platformNamespace).Create(bounded(t), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "authorities"}, Data: map[string]string{"ca.crt": string(certificate)},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (i *installation) writeValues(t *testing.T) {
	t.Helper()
	template, err := os.ReadFile("testdata/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	i.values = filepath.Join(running.Dir(), "values.yaml")
	content := strings.NewReplacer("REDIS", i.redis, "SIMULATOR", i.simulator).Replace(string(template))
	if err := os.WriteFile(i.values, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (i *installation) valuesArgs() []string {
	return []string{"--namespace", platformNamespace, "--values", filepath.Join(chart, "values-production.yaml"), "--values", i.values}
}

// podsOf waits for pods that have their addresses.
func (i *installation) podsOf(t *testing.T, selector string) []corev1.Pod {
	t.Helper()
	var found []corev1.Pod
	if err := cluster.Await(bounded(t), "pods with "+selector, func(ctx context.Context) error {
		pods, err := running.Client().CoreV1().Pods(platformNamespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return err
		}
		found = pods.Items
		if len(found) == 0 || slices.ContainsFunc(found, func(p corev1.Pod) bool { return p.Status.PodIP == "" }) {
			return fmt.Errorf("there are %d, and not all have an address", len(found))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func (i *installation) installs(t *testing.T) {
	if _, err := running.Helm(bounded(t), append([]string{"install", platformRelease, chart, "--wait", "--wait-for-jobs", "--timeout", "2m"}, i.valuesArgs()...)...); err != nil {
		t.Fatal(err)
	}
	i.pods = map[string][]corev1.Pod{}
	for _, app := range platformApps {
		i.pods[app] = i.podsOf(t, "app.kubernetes.io/name="+app)
	}
}

// runs starts one pod of each app. The others stay without a process, and are not among the addresses of their Services.
func (i *installation) runs(t *testing.T) {
	ctx := bounded(t)
	first, pods := map[string]*corev1.Pod{}, []*corev1.Pod(nil)
	for _, app := range platformApps {
		pod := &i.pods[app][0]
		first[app], pods = pod, append(pods, pod)
		// Dapr's operator makes the Service by which other sidecars find this one.
		if err := cluster.Await(ctx, "the Service of the sidecar of "+app, func(ctx context.Context) error {
			_, err := running.Client().CoreV1().Services(platformNamespace).Get(ctx, app+"-dapr", metav1.GetOptions{})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := running.NameServices(ctx, platformNamespace, pods...); err != nil {
		t.Fatal(err)
	}
	for _, app := range []string{"gateway", "console"} {
		if err := running.Serve(ctx, platformNamespace, app, first[app]); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if i.sidecars, err = running.RunPods(ctx, first); err != nil {
		t.Fatal(err)
	}
}
