package cluster

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ai-agents/ai-agents/e2e/cluster/namespace"
)

// This file is all that a process here is told otherwise than its pod says, and why. Whatever is not here is as the API server holds it: image's
// arguments, variables, ConfigMaps, Secrets, tokens. What is the same for all of them:
//
//   - The program is that of bin/, since there are no images.
//   - KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT lead to the API server's own port, where its Service would.
//   - What is mounted outside of /var/run is below mountsElsewhere, for no folder is made on this machine; variables that name it are told so.
//   - Who is to listen on all addresses listens on the pod's own (ownAddress).
//   - Nothing is read-only, no user is changed, no limit is set: a kernel's and a container runtime's work.

// mountsElsewhere is where a process finds its other mounts.
const mountsElsewhere = "/run/mounts"

// moved tells variables where the folder is.
func moved(env map[string]string, folder string) {
	for name, value := range env {
		if value == folder || strings.HasPrefix(value, folder+"/") {
			env[name] = path.Join(mountsElsewhere, value)
		}
	}
}

// ownAddress has variables that mean all addresses mean the pod's own: there are other pods, and Services, with the same ports.
func ownAddress(env map[string]string, pod *corev1.Pod) {
	const all = "0.0.0.0"
	for name, value := range env {
		if port, ok := strings.CutPrefix(value, all); ok && (port == "" || port[0] == ':') {
			env[name] = pod.Status.PodIP + port
		}
	}
}

// skipUserCheck: Dapr's programs refuse to run as root where there is a cluster, and in namespaces of its own everything is root's.
const skipUserCheck = "DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK"

// apiPorts are those of a sidecar for its app. All pods share the loopback device, so that each sidecar needs ports of its own.
type apiPorts struct{ http, grpc int }

// sidecarDeviations are those of daprd. All else listens on the pod's own address, on the ports that it was injected with.
func sidecarDeviations(pod *corev1.Pod, ports apiPorts) (args []string, env map[string]string) {
	return []string{
		"--dapr-http-port", strconv.Itoa(ports.http), "--dapr-grpc-port", strconv.Itoa(ports.grpc),
		"--dapr-listen-addresses", "127.0.0.1", // injected with ::1, too, which not every machine has
		// Without an address they would take the port of all pods.
		"--dapr-internal-grpc-listen-address", pod.Status.PodIP, "--dapr-public-listen-address", pod.Status.PodIP,
		"--metrics-listen-address", pod.Status.PodIP,
		"--app-channel-address", pod.Status.PodIP, // see ownAddress
	}, map[string]string{skipUserCheck: "true"}
}

// appDeviations tell an app where its sidecar is.
func appDeviations(ports apiPorts) map[string]string {
	return map[string]string{"DAPR_HTTP_PORT": strconv.Itoa(ports.http), "DAPR_GRPC_PORT": strconv.Itoa(ports.grpc)}
}

// moveHealth gives one of Dapr's services a port of its own to be asked for its health, and waits for that: it listens on all addresses.
func (c *Cluster) moveHealth(run *Container) error {
	port, err := c.FreePort()
	if err != nil {
		return err
	}
	run.Args, run.Ports = append(run.Args, "--healthz-port", strconv.Itoa(port)), append(run.Ports, port)
	run.Ready = fmt.Sprintf("http://127.0.0.1:%d/healthz", port)
	return nil
}

// placementDeviations have it listen on the pod's own address: there are other pods with the same ports.
func placementDeviations(pod *corev1.Pod) (args []string, env map[string]string) {
	address := pod.Status.PodIP
	return []string{"--listen-address", address, "--metrics-listen-address", address},
		map[string]string{skipUserCheck: "true"}
}

// schedulerDeviations are those of one of the schedulers, which find each other by the names of their pods.
func schedulerDeviations(pod *corev1.Pod, replicas int) (args []string, env map[string]string) {
	args, env = placementDeviations(pod)
	peers := make([]string, 0, replicas)
	for i := range replicas {
		// Its etcd listens for the others on all addresses, and takes none: one port each, and not that of a Service.
		const first = 12380
		peers = append(peers, fmt.Sprintf("dapr-scheduler-server-%[1]d=https://dapr-scheduler-server-%[1]d.dapr-scheduler-server.%[2]s.svc.cluster.local:%[3]d",
			i, pod.Namespace, first+i))
	}
	env["DAPR_HOST_IP"] = pod.Status.PodIP   // it would ask the network, which has no way out
	env["TMPDIR"] = mountsElsewhere + "/tmp" // where its folder /tmp is
	return append(args, "--etcd-client-listen-address", pod.Status.PodIP, "--etcd-initial-cluster", strings.Join(peers, ",")), env
}

// schedulerNames has their names mean the address that connections between pods come from, too: their etcd lets in only whom it finds at the address of a
// scheduler, and here all pods connect from the same one. Their certificates are looked at as ever.
func schedulerNames(pods []corev1.Pod) string {
	var lines strings.Builder
	for i := range pods {
		fmt.Fprintf(&lines, "%s %s.%s.%s.svc.cluster.local\n", namespace.Source, pods[i].Spec.Hostname, pods[i].Spec.Subdomain, pods[i].Namespace)
	}
	return lines.String()
}
