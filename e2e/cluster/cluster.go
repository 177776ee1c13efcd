// Package cluster is a Kubernetes cluster on one machine, without containers: the real etcd, API server, controller manager and scheduler as
// processes, nodes that run nothing (package kubelet), and on request Dapr's own control plane, installed from its unmodified chart. Charts are
// installed into it by the real helm. It lives in a network of its own (package namespace). What it is not: no image is pulled, no network
// policy enforced. Names are those of a file (NameServices).
package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

const (
	defaultReadyTimeout = 2 * time.Minute
	private             = 0o600
	privateDir          = 0o700
)

// Options describe a cluster to start.
type Options struct {
	// Dir holds data, logs and keys; bin/ of the repository has the programs. It is not emptied before or after.
	Dir string
	// Nodes is how many there are, each in a zone of its own; 2 when zero.
	Nodes int
	// ReadyTimeout bounds the start; 2 minutes when zero.
	ReadyTimeout time.Duration
	// Logger hears of what the nodes could not do; nil for none.
	Logger *slog.Logger
}

// Cluster is a running control plane. Its methods may be called at the same time.
type Cluster struct {
	dir, bin  string
	processes *stack.Stack
	logger    *slog.Logger
	port      int // of the API server
	config    *rest.Config
	client    kubernetes.Interface
	undo      []func() error // mounts and listeners, undone by Stop
	names     sync.Mutex     // guards what takes the place of /etc/hosts
	changing  sync.Mutex     // held while processes start or stop: the stack refuses a second one meanwhile
	nodes     nodes
}

// Start returns when the nodes are ready and pods can be made. When something fails, all that was started is stopped, and the error
// shows the log of what failed. Only a program in a namespace of its own can start a cluster.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	if opts.Nodes == 0 {
		opts.Nodes = 2
	}
	if opts.ReadyTimeout == 0 {
		opts.ReadyTimeout = defaultReadyTimeout
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	root, err := stack.FindRoot()
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	processes, err := stack.Bare(ctx, stack.Options{Root: root, Dir: opts.Dir, Ports: stack.Any, Logger: opts.Logger})
	if err != nil {
		return nil, fmt.Errorf("supervise processes: %w", err)
	}
	c := &Cluster{dir: processes.Dir(), bin: filepath.Join(root, "bin"), processes: processes, logger: opts.Logger}
	bounded, cancel := context.WithTimeoutCause(ctx, opts.ReadyTimeout, fmt.Errorf("the cluster was not ready within %s", opts.ReadyTimeout))
	defer cancel()
	if err := c.start(bounded, opts.Nodes); err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, count int) error {
	settings, err := c.prepare()
	if err != nil {
		return err
	}
	if err := c.startControlPlane(ctx, settings); err != nil {
		return err
	}
	if err := c.connect(settings.kubeletConfig); err != nil {
		return err
	}
	if err := c.nodes.start(ctx, c.logger, count); err != nil {
		return err
	}
	return c.awaitReady(ctx)
}

// connect makes the clients: the cluster's own acts as its administrator.
func (c *Cluster) connect(nodeConfig string) error {
	var err error
	if c.config, c.client, err = clientFor(c.Kubeconfig()); err != nil {
		return err
	}
	_, c.nodes.client, err = clientFor(nodeConfig)
	return err
}

func clientFor(path string) (*rest.Config, kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	config.QPS, config.Burst = 500, 1000 // the default would hold tests up
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("make a client from %s: %w", path, err)
	}
	return config, client, nil
}

// Kubeconfig is the administrator's.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.dir, "admin.kubeconfig") }

// Client acts as the administrator.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Dir holds data, logs and keys.
func (c *Cluster) Dir() string { return c.dir }

// Stop ends what was started, those first that others serve, and nothing else. Data and logs stay.
func (c *Cluster) Stop(ctx context.Context) error {
	errs := []error{c.nodes.stop()}
	for _, tier := range stopOrder(c.processes.Processes()) {
		errs = append(errs, c.processes.StopBeside(ctx, tier...))
	}
	errs = append(errs, c.processes.Stop(ctx))
	for _, undo := range slices.Backward(c.undo) {
		errs = append(errs, undo())
	}
	c.undo = nil
	return errors.Join(errs...)
}
