package ticket_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/e2e/cluster"
)

const (
	internalPort  = "50002" // of a sidecar, for other sidecars
	placementPort = "50005"
	schedulerPort = "50006"
	metricsPort   = "9090" // of Dapr's own services
)

// daprPods are those of Dapr's control plane with the label.
func daprPods(t *testing.T, app string) []corev1.Pod {
	t.Helper()
	pods, err := running.Client().CoreV1().Pods(cluster.DaprNamespace).List(bounded(t), metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil || len(pods.Items) == 0 {
		t.Fatalf("%s has %v, %v", app, pods, err)
	}
	return pods.Items
}

func (i *installation) wentThroughActors(t *testing.T) {
	metadata, err := i.sidecars["enhancer"].Metadata(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	if metadata.ActorRuntime.Placement != "placement: connected" || metadata.Workflows.ConnectedWorkers == 0 {
		t.Errorf("the enhancer's sidecar says %+v, want it connected to placement and to a worker", metadata)
	}
	var hosts []string
	for _, kind := range metadata.ActorRuntime.ActiveActors {
		hosts = append(hosts, kind.Type)
	}
	if want := "dapr.internal." + platformNamespace + ".enhancer.workflow"; !slices.Contains(hosts, want) {
		t.Errorf("it hosts actors of %v, want %s", hosts, want)
	}
	triggered := 0.0
	for _, scheduler := range daprPods(t, "dapr-scheduler-server") {
		if address := net.JoinHostPort(scheduler.Status.PodIP, schedulerPort); !slices.Contains(metadata.Scheduler.Addresses, address) {
			t.Errorf("it is connected to the schedulers %v, and not to %s", metadata.Scheduler.Addresses, address)
		}
		triggered += metric(t, scheduler.Status.PodIP, "dapr_scheduler_jobs_triggered_total")
	}
	// The steps of one workflow; each is begun by a reminder.
	if triggered < 3 {
		t.Errorf("the schedulers have triggered %.0f jobs: the workflow went another way", triggered)
	}
	placement := daprPods(t, "dapr-placement-server")[0]
	if hosts := metric(t, placement.Status.PodIP, "dapr_placement_actor_runtimes_total"); hosts < 1 {
		t.Errorf("placement knows %.0f hosts of actors", hosts)
	}
	t.Logf("the schedulers have triggered %.0f jobs", triggered)
}

// metric is the sum of a metric's samples.
func metric(t *testing.T, address, name string) (sum float64) {
	t.Helper()
	request, err := http.NewRequestWithContext(bounded(t), http.MethodGet, "http://"+net.JoinHostPort(address, metricsPort)+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), name+"{") || strings.HasPrefix(lines.Text(), name+" ") {
			value, err := strconv.ParseFloat(lines.Text()[strings.LastIndex(lines.Text(), " ")+1:], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += value
		}
	}
	return sum
}

func (i *installation) provesIdentities(t *testing.T) {
	const own = "spiffe://public/ns/" + platformNamespace + "/"
	const dapr = "spiffe://cluster.local/ns/" + cluster.DaprNamespace + "/"
	want := map[string]string{}
	for _, app := range platformApps {
		want[net.JoinHostPort(i.pods[app][0].Status.PodIP, internalPort)] = own + app
	}
	want[net.JoinHostPort(daprPods(t, "dapr-placement-server")[0].Status.PodIP, placementPort)] = dapr + "dapr-placement"
	for _, scheduler := range daprPods(t, "dapr-scheduler-server") {
		want[net.JoinHostPort(scheduler.Status.PodIP, schedulerPort)] = dapr + "dapr-scheduler"
	}
	roots := trusted(t)
	for address, identity := range want {
		got, answer := withoutIdentity(t, address, roots)
		if got != identity {
			t.Errorf("%s proves to be %s, want %s", address, got, identity)
		}
		if answer == nil || !strings.Contains(answer.Error(), "certificate required") {
			t.Errorf("%s (%s): %v for one without a certificate, want it refused", address, identity, answer)
		}
		if err := inPlainText(t, address); err == nil {
			t.Errorf("%s (%s) speaks in plain text", address, identity)
		}
	}
}

// trusted are the authorities that sentry has published.
func trusted(t *testing.T) *x509.CertPool {
	t.Helper()
	bundle, err := running.Client().CoreV1().ConfigMaps(cluster.DaprNamespace).Get(bounded(t), "dapr-trust-bundle", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(bundle.Data["ca.crt"])) {
		t.Fatal("sentry's trust bundle has no certificate")
	}
	return roots
}

// preface is how a client of HTTP/2 begins.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// withoutIdentity connects as one who has none: it tells whom the server proves to be, and how it answers.
func withoutIdentity(t *testing.T, address string, roots *x509.CertPool) (identity string, answer error) {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true, // verified below: its name is no DNS name
		NextProtos:         []string{"h2"},
		VerifyConnection: func(state tls.ConnectionState) error {
			chain := x509.NewCertPool()
			for _, certificate := range state.PeerCertificates[1:] {
				chain.AddCert(certificate)
			}
			if _, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
				Roots: roots, Intermediates: chain, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
			}); err != nil {
				return fmt.Errorf("its certificate is not sentry's: %w", err)
			}
			if uris := state.PeerCertificates[0].URIs; len(uris) == 1 {
				identity = uris[0].String()
			}
			return nil
		},
	}}
	connection, err := dialer.DialContext(bounded(t), "tcp", address)
	if err != nil {
		return identity, err
	}
	defer func() { _ = connection.Close() }()
	return identity, greet(connection)
}

func inPlainText(t *testing.T, address string) error {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(bounded(t), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	return greet(connection)
}

// greet is nil when the other side answers with settings of HTTP/2.
func greet(connection net.Conn) error {
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(connection, preface); err != nil {
		return err
	}
	const header, kind, settings = 9, 3, 4
	frame := make([]byte, header)
	if _, err := io.ReadFull(connection, frame); err != nil {
		return err
	}
	if frame[kind] != settings {
		return errors.New("no answer in HTTP/2")
	}
	return nil
}

// keepsIdentities has a sidecar ask for another app's identity, with its own pod's service account: sentry knows the pod.
func (i *installation) keepsIdentities(t *testing.T) {
	said := i.fails(t, "console", "--app-id", "enhancer")
	if want := "app-id mismatch. expected: console, received: enhancer"; !strings.Contains(said, want) {
		t.Errorf("the sidecar says\n%s\nwant %q", said, want)
	}
}

// fails starts a sidecar of the app's second pod, which does not become ready, and returns the end of its log.
func (i *installation) fails(t *testing.T, app string, args ...string) string {
	t.Helper()
	const soon = 30 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	_, err := running.RunSidecar(ctx, app+"-second-dapr", &i.pods[app][1], args...)
	if err == nil {
		stopped(t, app+"-second-dapr")
		t.Fatal("the sidecar starts as if nothing were")
	}
	return err.Error()
}
