package cluster

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWriteNames(t *testing.T) {
	t.Parallel()
	service := func(address string) *corev1.Service {
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "store", Namespace: "example"},
			Spec:       corev1.ServiceSpec{ClusterIP: address, Selector: map[string]string{"app": "store"}},
		}
	}
	pod := func(address, app, hostname string) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
			Spec:       corev1.PodSpec{Hostname: hostname, Subdomain: "store"}, Status: corev1.PodStatus{PodIP: address},
		}
	}
	pods := []*corev1.Pod{pod("192.0.2.1", "store", "store-0"), pod("192.0.2.2", "other", ""), pod("", "store", ""), pod("192.0.2.3", "store", "")}
	for address, want := range map[string]string{
		"192.0.2.9": "192.0.2.9 store.example.svc.cluster.local store.example.svc\n",
		corev1.ClusterIPNone: "192.0.2.1 store.example.svc.cluster.local store.example.svc store-0.store.example.svc.cluster.local store-0.store.example.svc\n" +
			"192.0.2.3 store.example.svc.cluster.local store.example.svc\n",
	} {
		var got strings.Builder
		writeNames(&got, service(address), pods)
		if got.String() != want {
			t.Errorf("of %s:\n%swant\n%s", address, got.String(), want)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	got := expand([]string{"--id", "$(ID)", "--dir=/data/$(ID)/$(ELSE)", "$ID"}, map[string]string{"ID": "one"})
	if want := "--id one --dir=/data/one/$(ELSE) $ID"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CERT": "/etc/tls/tls.crt", "OTHER": "/etc/tlsx", "URL": "http://192.0.2.1/etc/tls"}
	moved(env, "/etc/tls")
	if env["CERT"] != "/run/mounts/etc/tls/tls.crt" || env["OTHER"] != "/etc/tlsx" || env["URL"] != "http://192.0.2.1/etc/tls" {
		t.Error(env)
	}
}

func TestOwnAddress(t *testing.T) {
	t.Parallel()
	env := map[string]string{"HOST": "0.0.0.0", "ADDR": "0.0.0.0:80", "NET": "0.0.0.0/8"}
	ownAddress(env, &corev1.Pod{Status: corev1.PodStatus{PodIP: "192.0.2.1"}})
	if env["HOST"] != "192.0.2.1" || env["ADDR"] != "192.0.2.1:80" || env["NET"] != "0.0.0.0/8" {
		t.Error(env)
	}
}

func TestReplaced(t *testing.T) {
	t.Parallel()
	got := replaced([]string{"up", "--list", "a,b", "--on", "--off", "--port=1", "--last", "x"}, []string{"--list", "c", "--on", "--port", "2"})
	if want := "up --off --last x --list c --on --port 2"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
