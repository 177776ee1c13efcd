package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/ai-agents/ai-agents/e2e/cluster/namespace"
)

// NameServices tells all processes what a name server of the cluster would say of the namespace's Services: a name is its ClusterIP, or that of a
// headless one the addresses of its pods; pods of a StatefulSet have names of their own. Where pods are given, only those count as running.
// A process that has just looked a name up hears of new ones only after five seconds: Go keeps what it has read for that long.
func (c *Cluster) NameServices(ctx context.Context, namespace string, running ...*corev1.Pod) error {
	services, err := c.client.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the Services of %s: %w", namespace, err)
	}
	if len(running) == 0 {
		pods, err := c.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("list the pods of %s: %w", namespace, err)
		}
		for i := range pods.Items {
			running = append(running, &pods.Items[i])
		}
	}
	var lines strings.Builder
	for i := range services.Items {
		writeNames(&lines, &services.Items[i], running)
	}
	return c.addNames(lines.String())
}

// writeNames writes lines of /etc/hosts for a Service.
func writeNames(to *strings.Builder, service *corev1.Service, pods []*corev1.Pod) {
	name := service.Name + "." + service.Namespace + ".svc"
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		fmt.Fprintf(to, "%s %s.cluster.local %s\n", service.Spec.ClusterIP, name, name)
		return
	}
	if len(service.Spec.Selector) == 0 {
		return
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	for _, pod := range pods {
		if pod.Status.PodIP == "" || !selector.Matches(labels.Set(pod.Labels)) {
			continue
		}
		fmt.Fprintf(to, "%s %s.cluster.local %s", pod.Status.PodIP, name, name)
		if pod.Spec.Hostname != "" && pod.Spec.Subdomain == service.Name {
			fmt.Fprintf(to, " %s.%s.cluster.local %s.%s", pod.Spec.Hostname, name, pod.Spec.Hostname, name)
		}
		to.WriteString("\n")
	}
}

// addNames appends to what all processes see as /etc/hosts.
func (c *Cluster) addNames(lines string) error {
	c.names.Lock()
	defer c.names.Unlock()
	path := filepath.Join(c.dir, "hosts")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := c.bindNames(path); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open the names: %w", err)
	}
	_, err = file.WriteString(lines)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write names: %w", err)
	}
	return nil
}

// bindNames has a copy of this machine's names take their place for the cluster's processes.
func (c *Cluster) bindNames(path string) error {
	hosts, err := os.ReadFile("/etc/hosts")
	if err != nil {
		return fmt.Errorf("read the names of this machine: %w", err)
	}
	hosts = append([]byte(strings.TrimRight(string(hosts), "\n")), '\n')
	if err := os.WriteFile(path, hosts, 0o644); err != nil { //nolint:gosec // G306: all users of the machine read names.
		return fmt.Errorf("write names: %w", err)
	}
	undo, err := namespace.Bind(path, "/etc/hosts")
	if err != nil {
		return fmt.Errorf("tell processes the names: %w", err)
	}
	c.undo = append(c.undo, undo)
	return nil
}
