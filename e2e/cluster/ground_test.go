package cluster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/e2e/cluster"
)

// newNamespace makes one that enforces restricted Pod Security, gone after the test.
func newNamespace(t *testing.T, name string) {
	t.Helper()
	namespaces := running.Client().CoreV1().Namespaces()
	if _, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := namespaces.Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
	if err := cluster.Await(bounded(t), "the namespace's service account", func(ctx context.Context) error {
		_, err := running.Client().CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

const restrictedPod = `
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: %s}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: app
      image: app.example.com/app:1
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      %s
`

func pod(name, namespace, more string) string {
	return fmt.Sprintf(restrictedPod, name, namespace, more)
}

// podIs waits until the pod is as condition says.
func podIs(t *testing.T, namespace, name, what string, condition func(*corev1.Pod) bool) {
	t.Helper()
	if err := cluster.Await(bounded(t), what, func(ctx context.Context) error {
		found, err := running.Client().CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !condition(found) {
			return fmt.Errorf("the pod is %s: %v", found.Status.Phase, found.Status.ContainerStatuses)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestPodsWaitForTheirConfiguration(t *testing.T) {
	t.Parallel()
	const ns = "ground-configuration"
	newNamespace(t, ns)
	ctx := bounded(t)
	if err := running.Apply(ctx, pod("waiting", ns, "envFrom: [{secretRef: {name: later}}]")); err != nil {
		t.Fatal(err)
	}
	podIs(t, ns, "waiting", "a pod without its Secret", func(p *corev1.Pod) bool {
		return len(p.Status.ContainerStatuses) == 1 && p.Status.ContainerStatuses[0].State.Waiting != nil &&
			p.Status.ContainerStatuses[0].State.Waiting.Reason == "CreateContainerConfigError" &&
			strings.Contains(p.Status.ContainerStatuses[0].State.Waiting.Message, `secret "later" not found`)
	})
	if _, err := running.Kubectl(ctx, "create", "secret", "generic", "later", "-n", ns, "--from-literal=key=example"); err != nil {
		t.Fatal(err)
	}
	podIs(t, ns, "waiting", "a pod with its Secret", func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodRunning })
}

func TestTheAPIServerIsStrict(t *testing.T) {
	t.Parallel()
	const ns = "ground-strict"
	newNamespace(t, ns)
	for name, wrong := range map[string]struct{ manifest, says string }{
		"a pod that may become root": {
			strings.ReplaceAll(pod("root", ns, ""), "runAsNonRoot: true, runAsUser: 65532", "runAsNonRoot: false"), `violates PodSecurity "restricted`,
		},
		"a misspelt field": {pod("typo", ns, "imagePulPolicy: Always"), "imagePulPolicy"},
	} {
		if err := running.Apply(bounded(t), wrong.manifest); err == nil || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s: %v, want it refused for %q", name, err, wrong.says)
		}
	}
}

func TestHelmFailsWherePodsDo(t *testing.T) {
	t.Parallel()
	const ns = "ground-atomic"
	newNamespace(t, ns)
	_, err := running.Helm(bounded(t), "install", "broken", "testdata/broken", "--namespace", ns, "--wait", "--timeout", "5s")
	if err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("%v, want a release whose pods lack their Secret to fail", err)
	}
}

func TestStopEndsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	ctx := bounded(t)
	second, err := cluster.Start(ctx, cluster.Options{Dir: t.TempDir(), Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Kubectl(ctx, "get", "node", "node-1"); err != nil {
		t.Error(err)
	}
	if _, err := second.Kubectl(ctx, "get", "node", "node-2"); err == nil {
		t.Error("a second cluster shows the nodes of the first")
	}
	if err := second.Stop(ctx); err != nil {
		t.Error(err)
	}
	if _, err := second.Kubectl(ctx, "get", "nodes"); err == nil {
		t.Error("the API server answers after its end")
	}
	if _, err := running.Kubectl(ctx, "get", "nodes"); err != nil {
		t.Errorf("the other cluster has stopped, too: %v", err)
	}
}
