package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/internal/pause"
)

const pollInterval = 50 * time.Millisecond

// Await calls condition until it returns nil, or ctx is done: then the error is its last one, with what was waited for.
func Await(ctx context.Context, what string, condition func(context.Context) error) error {
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		if ended := pause.For(ctx, pollInterval); ended != nil {
			return fmt.Errorf("wait for %s: %w (%w)", what, context.Cause(ctx), err)
		}
	}
}

// awaitAPI waits for the API server, unless it has ended.
func (c *Cluster) awaitAPI(ctx context.Context) error {
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	server := c.processes.Process(processAPIServer)
	return Await(bounded, "the API server", func(ctx context.Context) error {
		if !server.Alive() {
			log, _ := os.ReadFile(server.LogPath()) // without it, the error says less
			cancel(fmt.Errorf("it has ended: %s\n%s", server.Exit(), lastLines(string(log))))
			return errors.New("it does not run")
		}
		_, client, err := clientFor(c.Kubeconfig()) // its certificate is there only when it is about to listen
		if err != nil {
			return err
		}
		_, err = client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceDefault, metav1.GetOptions{})
		if err != nil {
			return err
		}
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// awaitReady waits until pods can be made and have a place to go.
func (c *Cluster) awaitReady(ctx context.Context) error {
	return Await(ctx, "controllers and nodes", func(ctx context.Context) error {
		for _, name := range []string{processManager, processScheduler} {
			if p := c.processes.Process(name); !p.Alive() {
				return fmt.Errorf("%s has ended, see %s", name, p.LogPath())
			}
		}
		if _, err := c.client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{}); err != nil {
			return fmt.Errorf("the first service account: %w", err)
		}
		nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("list nodes: %w", err)
		}
		for i := range nodes.Items {
			// The controller takes a new node's taint away.
			for _, taint := range nodes.Items[i].Spec.Taints {
				if taint.Effect == corev1.TaintEffectNoSchedule {
					return fmt.Errorf("%s has the taint %s", nodes.Items[i].Name, taint.Key)
				}
			}
		}
		return nil
	})
}
