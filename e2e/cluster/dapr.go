package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DaprNamespace is where Dapr's control plane is.
const DaprNamespace = "dapr-system"

const (
	daprModule   = "github.com/dapr/dapr"
	webhookPort  = 443
	injectorPort = 4000 // the injector takes no address, only a port; it is ours in a network of our own
)

// dropCapabilities is what restricted Pod Security asks of sidecars, and not the default of Dapr's chart.
const dropCapabilities = "dapr_sidecar_injector.sidecarDropALLCapabilities=true"

// Services of Dapr's control plane on whose addresses a process listens itself.
const (
	serviceSentry   = "dapr-sentry"
	serviceOperator = "dapr-api"
	serviceWebhook  = "dapr-webhook"
	serviceInjector = "dapr-sidecar-injector"
)

// InstallDapr installs Dapr's unmodified chart, of the version that tools/go.mod pins, and runs its sentry, operator and sidecar injector for the
// pods that it made. Its placement and scheduler are pods without a process until RunActors.
func (c *Cluster) InstallDapr(ctx context.Context) error {
	chart, version, err := c.daprChart(ctx)
	if err != nil {
		return err
	}
	if err := c.Apply(ctx, schedulerVolumes()); err != nil {
		return fmt.Errorf("make volumes for Dapr's scheduler: %w", err)
	}
	if _, err := c.Helm(ctx, "upgrade", "--install", "dapr", chart, "--namespace", DaprNamespace, "--create-namespace",
		"--set", "global.tag="+version, "--set", dropCapabilities, "--wait", "--timeout", "3m"); err != nil {
		return fmt.Errorf("install Dapr's chart: %w", err)
	}
	if err := c.NameServices(ctx, DaprNamespace); err != nil {
		return err
	}
	addresses, err := c.daprAddresses(ctx, serviceSentry, serviceOperator, serviceWebhook, serviceInjector)
	if err != nil {
		return err
	}
	sentry, err := c.daprPart(ctx, "dapr-sentry", "sentry", "--listen-address", addresses[serviceSentry], "--port", strconv.Itoa(webhookPort))
	if err != nil {
		return err
	}
	if err := c.Run(ctx, sentry); err != nil {
		return err
	}
	if err := c.awaitTrust(ctx); err != nil {
		return err
	}
	// Only now they find the trust bundle among their mounts.
	operator, err := c.daprPart(ctx, "dapr-operator", "operator", "--listen-address", addresses[serviceOperator], "--port", strconv.Itoa(webhookPort),
		"--webhook-server-listen-address", addresses[serviceWebhook], "--webhook-server-port", strconv.Itoa(webhookPort))
	if err != nil {
		return err
	}
	injector, err := c.daprPart(ctx, "dapr-sidecar-injector", "injector", "--port", strconv.Itoa(injectorPort))
	if err != nil {
		return err
	}
	if err := c.Run(ctx, operator, injector); err != nil {
		return err
	}
	return c.forward(addresses[serviceInjector], webhookPort, "127.0.0.1", injectorPort)
}

// daprAddresses are those of the Services, by name.
func (c *Cluster) daprAddresses(ctx context.Context, names ...string) (map[string]string, error) {
	addresses := map[string]string{}
	for _, name := range names {
		service, err := c.client.CoreV1().Services(DaprNamespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("find the address of %s: %w", name, err)
		}
		addresses[name] = service.Spec.ClusterIP
	}
	return addresses, nil
}

// daprChart finds the chart in the module that Dapr's programs were built from.
func (c *Cluster) daprChart(ctx context.Context) (chart, version string, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}} {{.Version}}", daprModule)
	cmd.Dir, cmd.Env = filepath.Join(filepath.Dir(c.bin), "tools"), append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", "", fmt.Errorf("find the module %s: %w", daprModule, err)
	}
	dir, version, ok := strings.Cut(strings.TrimSpace(string(out)), " v")
	if !ok || dir == "" {
		return "", "", fmt.Errorf("the module %s is not there, build Dapr with `tools/build-dapr.sh`", daprModule)
	}
	return filepath.Join(dir, "charts", "dapr"), version, nil
}

// schedulerVolumes are what the claims of the scheduler's three replicas are bound to; nothing is kept there.
func schedulerVolumes() string {
	var all strings.Builder
	for i := range 3 {
		fmt.Fprintf(&all, `---
apiVersion: v1
kind: PersistentVolume
metadata: {name: dapr-scheduler-%d}
spec: {capacity: {storage: 20Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /var/lib/dapr-scheduler-%d}}
`, i, i)
	}
	return all.String()
}

// daprPart is the first container of the Deployment's first pod.
func (c *Cluster) daprPart(ctx context.Context, deployment, program string, args ...string) (Container, error) {
	pods, err := c.daprPods(ctx, deployment)
	if err != nil {
		return Container{}, err
	}
	path, err := c.program(program)
	if err != nil {
		return Container{}, err
	}
	pod := &pods[0]
	run := Container{
		Process: deployment, Pod: pod, Container: &pod.Spec.Containers[0], Program: path,
		Args: append(args, "--enable-metrics=false"), Env: map[string]string{skipUserCheck: "true"},
	}
	return run, c.moveHealth(&run)
}

// awaitTrust waits until sentry has published what the others trust.
func (c *Cluster) awaitTrust(ctx context.Context) error {
	return Await(ctx, "sentry's trust bundle", func(ctx context.Context) error {
		var bundle *corev1.ConfigMap
		bundle, err := c.client.CoreV1().ConfigMaps(DaprNamespace).Get(ctx, "dapr-trust-bundle", metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("read the trust bundle: %w", err)
		}
		if bundle.Data["ca.crt"] == "" {
			return errors.New("it is empty")
		}
		return nil
	})
}
