package cluster_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// onePod is a pod of those that the selector means, and that is not on its way out.
func onePod(t *testing.T, namespace, selector string) *corev1.Pod {
	t.Helper()
	pods, err := running.Client().CoreV1().Pods(namespace).List(bounded(t), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		t.Fatal(err)
	}
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp == nil {
			return &pods.Items[i]
		}
	}
	t.Fatalf("no pod with %s in %s", selector, namespace)
	return nil
}

// Dapr's own control plane does its work: its injector adds the sidecar, sentry gives it an identity, the operator its components, and only its
// own.
func TestASidecarGetsWhatIsItsOwn(t *testing.T) {
	t.Parallel()
	const ns = "ground-dapr"
	newNamespace(t, ns)
	ctx := bounded(t)
	if _, err := running.Helm(ctx, "install", "example", "testdata/example", "--namespace", ns, "--wait", "--timeout", "2m"); err != nil {
		t.Fatal(err)
	}
	for app, want := range map[string][]string{"one": {"store-of-both", "store-of-one"}, "two": {"store-of-both", "store-of-two"}} {
		pod := onePod(t, ns, "app="+app)
		process := ns + "-" + app
		sidecar, err := running.RunSidecar(ctx, process, pod)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := running.StopProcesses(context.WithoutCancel(t.Context()), process); err != nil {
				t.Error(err)
			}
		})
		got, err := sidecar.Components(ctx)
		// Dapr adds a secret store of its own in every namespace.
		got = slices.DeleteFunc(got, func(name string) bool { return name == "kubernetes" })
		slices.Sort(got)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", app, err, diff)
		}
		secret, err := sidecar.Secret(ctx, "kubernetes", "example")
		if app == "one" && (err != nil || secret["key"] != "example") {
			t.Errorf("one: %v, %v, want the secret that its role allows", secret, err)
		}
		if app == "two" && err == nil {
			t.Error("two reads a secret that no role allows it")
		}
	}
}

func TestAPodThatWasNotInjected(t *testing.T) {
	t.Parallel()
	plain := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "plain"}}
	if _, err := running.RunSidecar(bounded(t), "plain", plain); err == nil || !strings.Contains(err.Error(), "not injected") {
		t.Errorf("%v, want to hear that there is no sidecar", err)
	}
}
