package kubelet

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

var now = metav1.Now()

func podOf(kind string, policy corev1.RestartPolicy) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "app", Namespace: "example", UID: "1"}}
	if kind != "" {
		controller := true
		p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Controller: &controller}}
	}
	always := corev1.ContainerRestartPolicyAlways
	p.Spec = corev1.PodSpec{
		RestartPolicy:  policy,
		InitContainers: []corev1.Container{{Name: "once"}, {Name: "sidecar", RestartPolicy: &always}},
		Containers:     []corev1.Container{{Name: "app"}},
	}
	return p
}

func TestReport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pod            *corev1.Pod
		missing        string
		phase          corev1.PodPhase
		ready          corev1.ConditionStatus
		once, go1, app string
	}{
		"a replica":        {podOf("ReplicaSet", corev1.RestartPolicyAlways), "", corev1.PodRunning, corev1.ConditionTrue, "Completed", "runs", "runs"},
		"a Job":            {podOf("Job", corev1.RestartPolicyNever), "", corev1.PodSucceeded, corev1.ConditionFalse, "Completed", "Completed", "Completed"},
		"a helm test":      {podOf("", corev1.RestartPolicyNever), "", corev1.PodSucceeded, corev1.ConditionFalse, "Completed", "Completed", "Completed"},
		"a lasting bare":   {podOf("", corev1.RestartPolicyAlways), "", corev1.PodRunning, corev1.ConditionTrue, "Completed", "runs", "runs"},
		"without a Secret": {podOf("ReplicaSet", corev1.RestartPolicyAlways), "gone", corev1.PodPending, corev1.ConditionFalse, "gone", "gone", "gone"},
	} {
		got := report(c.pod, c.missing, now)
		if got.Phase != c.phase || len(got.Conditions) != 3 || got.Conditions[2].Status != c.ready || got.Conditions[2].Message != Simulated {
			t.Errorf("%s: %s, %v", name, got.Phase, got.Conditions)
		}
		states := []string{word(&got.InitContainerStatuses[0]), word(&got.InitContainerStatuses[1]), word(&got.ContainerStatuses[0])}
		if want := []string{c.once, c.go1, c.app}; strings.Join(states, " ") != strings.Join(want, " ") {
			t.Errorf("%s: containers are %v, want %v", name, states, want)
		}
		if ready := c.ready == corev1.ConditionTrue; got.ContainerStatuses[0].Ready != ready {
			t.Errorf("%s: the app is ready: %t", name, !ready)
		}
	}
}

func word(status *corev1.ContainerStatus) string {
	switch s := status.State; {
	case s.Waiting != nil:
		return s.Waiting.Message
	case s.Terminated != nil:
		return s.Terminated.Reason
	default:
		return "runs"
	}
}

func TestAddressesDiffer(t *testing.T) {
	t.Parallel()
	one, two := podOf("", ""), podOf("", "")
	two.UID = "2"
	if address(one) == address(two) || !strings.HasPrefix(address(one), "10.") {
		t.Errorf("%s, %s", address(one), address(two))
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	optional := true
	ref := func(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
	k := &Kubelet{logger: slog.New(slog.DiscardHandler), client: fake.NewClientset(
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "there", Namespace: "example"}, Data: map[string]string{"key": "x"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "there", Namespace: "example"}, Data: map[string][]byte{"key": nil}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere", Namespace: "other"}},
	)}
	container := func(c corev1.Container) corev1.PodSpec { return corev1.PodSpec{Containers: []corev1.Container{c}} }
	variable := func(s corev1.EnvVarSource) corev1.PodSpec {
		return container(corev1.Container{Env: []corev1.EnvVar{{Name: "A", ValueFrom: &s}}})
	}
	volume := func(s corev1.VolumeSource) corev1.PodSpec {
		return corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: s}}}
	}
	for name, c := range map[string]struct {
		spec corev1.PodSpec
		want string
	}{
		"nothing":              {corev1.PodSpec{}, ""},
		"a key that is there":  {variable(corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: ref("there"), Key: "key"}}), ""},
		"a key that is not":    {variable(corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: ref("there"), Key: "no"}}), "couldn't find key no in configmap example/there"},
		"of another namespace": {container(corev1.Container{EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: ref("elsewhere")}}}}), `secret "elsewhere" not found`},
		"an optional one":      {container(corev1.Container{EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: ref("no"), Optional: &optional}}}}), ""},
		"a volume":             {volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: ref("no")}}), `configmap "no" not found`},
		"an item of a volume":  {volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "there", Items: []corev1.KeyToPath{{Key: "no"}}}}), "couldn't find key no in secret example/there"},
		"a projected volume": {volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{
			Secret: &corev1.SecretProjection{LocalObjectReference: ref("no")},
		}}}}), `secret "no" not found`},
	} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "app", Namespace: "example"}, Spec: c.spec}
		got, err := k.missing(context.Background(), pod)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}
