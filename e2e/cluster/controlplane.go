package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// Names of the control plane's processes and programs.
const (
	processEtcd      = "etcd"
	processAPIServer = "kube-apiserver"
	processManager   = "kube-controller-manager"
	processScheduler = "kube-scheduler"
)

// serviceRange is loopback: a process of this machine can listen on the very address of a Service, and the API server finds webhooks
// there as it would in any cluster.
const serviceRange = "127.96.0.0/16"

func (c *Cluster) startControlPlane(ctx context.Context, s *settings) error {
	etcd, etcdURL, err := c.etcd()
	if err != nil {
		return err
	}
	if err := c.processes.StartBeside(ctx, etcd); err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	server, err := c.part(processAPIServer, apiServerArgs(s, c.port, etcdURL), c.port)
	if err != nil {
		return err
	}
	if err := c.processes.StartBeside(ctx, server); err != nil {
		return fmt.Errorf("start the API server: %w", err)
	}
	if err := c.awaitAPI(ctx); err != nil {
		return err
	}
	managerPort, err := c.processes.FreePort(0)
	if err != nil {
		return fmt.Errorf("find a port for the controller manager: %w", err)
	}
	schedulerPort, err := c.processes.FreePort(0)
	if err != nil {
		return fmt.Errorf("find a port for the scheduler: %w", err)
	}
	manager, err := c.part(processManager, managerArgs(s, managerPort), managerPort)
	if err != nil {
		return err
	}
	scheduler, err := c.part(processScheduler, schedulerArgs(s, schedulerPort), schedulerPort)
	if err != nil {
		return err
	}
	if err := c.processes.StartBeside(ctx, manager, scheduler); err != nil {
		return fmt.Errorf("start controllers and scheduler: %w", err)
	}
	return nil
}

// part describes a process that runs a program of bin/.
func (c *Cluster) part(name string, args []string, ports ...int) (stack.Beside, error) {
	program, err := c.program(name)
	return stack.Beside{Name: name, Command: program, Args: args, Ports: ports}, err
}

// program finds what tools/build-kubernetes.sh builds.
func (c *Cluster) program(name string) (string, error) {
	path := filepath.Join(c.bin, name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is missing, build it with `tools/build-kubernetes.sh`: %w", path, err)
	}
	return path, nil
}

func (c *Cluster) etcd() (described stack.Beside, url string, err error) {
	client, err := c.processes.FreePort(0)
	if err != nil {
		return described, "", fmt.Errorf("find a port for etcd: %w", err)
	}
	peer, err := c.processes.FreePort(0)
	if err != nil {
		return described, "", fmt.Errorf("find a port for etcd: %w", err)
	}
	url, peerURL := fmt.Sprintf("http://127.0.0.1:%d", client), fmt.Sprintf("http://127.0.0.1:%d", peer)
	described, err = c.part(processEtcd, []string{
		"--name=etcd", "--data-dir=" + filepath.Join(c.dir, "etcd"), "--unsafe-no-fsync", // a test's data need not outlast the machine
		"--listen-client-urls=" + url, "--advertise-client-urls=" + url,
		"--listen-peer-urls=" + peerURL, "--initial-advertise-peer-urls=" + peerURL, "--initial-cluster=etcd=" + peerURL,
	}, client, peer)
	described.Ready = url + "/health"
	return described, url, err
}

func apiServerArgs(s *settings, port int, etcd string) []string {
	return []string{
		"--etcd-servers=" + etcd, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(port), "--cert-dir=" + s.pki,
		"--endpoint-reconciler-type=none", // an endpoint may not be loopback
		"--service-cluster-ip-range=" + serviceRange,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + s.signingKey, "--service-account-signing-key-file=" + s.signingKey,
		"--token-auth-file=" + s.tokens, "--authorization-mode=Node,RBAC", "--allow-privileged=true",
	}
}

func managerArgs(s *settings, port int) []string {
	return []string{
		"--kubeconfig=" + s.managerConfig, "--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(port), "--cert-dir=" + s.pki,
		"--authentication-kubeconfig=" + s.managerConfig, "--authorization-kubeconfig=" + s.managerConfig,
		"--leader-elect=false", "--use-service-account-credentials",
		"--service-account-private-key-file=" + s.signingKey, "--root-ca-file=" + s.certificate,
		"--node-monitor-grace-period=1h", // the nodes say only once that they are ready
	}
}

func schedulerArgs(s *settings, port int) []string {
	return []string{
		"--kubeconfig=" + s.schedulerConfig, "--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(port), "--cert-dir=" + s.pki,
		"--authentication-kubeconfig=" + s.schedulerConfig, "--authorization-kubeconfig=" + s.schedulerConfig, "--leader-elect=false",
	}
}

// stopOrder groups processes: what needs the API server goes before it, and it before etcd.
func stopOrder(processes []*stack.Process) [][]string {
	order := make([][]string, 3)
	for _, p := range processes {
		tier := 0
		switch p.Name() {
		case processAPIServer:
			tier = 1
		case processEtcd:
			tier = 2
		}
		order[tier] = append(order[tier], p.Name())
	}
	return order
}
