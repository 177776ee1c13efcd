package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	placementApp = "dapr-placement-server"
	schedulerApp = "dapr-scheduler-server"
	// schedulerService is where sidecars look for schedulers first; these then tell them of each other.
	schedulerService = "dapr-scheduler-server-a"
)

// stopAll: when all schedulers stop at once, each waits for the majority that the others were, and what they hold is nobody's.
const stopAll = syscall.SIGKILL

// RunActors runs Dapr's placement and its schedulers for the pods of its chart, with the identities that sentry gives them: without them there are
// no workflows. InstallDapr comes first.
func (c *Cluster) RunActors(ctx context.Context) error {
	placements, err := c.daprPods(ctx, placementApp)
	if err != nil {
		return err
	}
	schedulers, err := c.daprPods(ctx, schedulerApp)
	if err != nil {
		return err
	}
	if err := c.addNames(schedulerNames(schedulers)); err != nil {
		return err
	}
	var all []Container
	for i := range placements {
		args, env := placementDeviations(&placements[i])
		all = append(all, Container{Pod: &placements[i], Program: "placement", Args: args, Env: env})
	}
	for i := range schedulers {
		args, env := schedulerDeviations(&schedulers[i], len(schedulers))
		all = append(all, Container{Pod: &schedulers[i], Program: "scheduler", Args: args, Env: env, StopSignal: stopAll})
	}
	for i := range all {
		if all[i].Program, err = c.program(all[i].Program); err != nil {
			return err
		}
		pod := all[i].Pod
		all[i].Process, all[i].Container = pod.Name, &pod.Spec.Containers[0]
		if err := c.moveHealth(&all[i]); err != nil {
			return err
		}
	}
	if err := c.Run(ctx, all...); err != nil {
		return err
	}
	return c.Serve(ctx, DaprNamespace, schedulerService, &schedulers[0])
}

// daprPods are those with the label, by name.
func (c *Cluster) daprPods(ctx context.Context, app string) ([]corev1.Pod, error) {
	pods, err := c.client.CoreV1().Pods(DaprNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil {
		return nil, fmt.Errorf("find the pods of %s: %w", app, err)
	}
	if len(pods.Items) == 0 {
		return nil, errors.New(app + " has no pod")
	}
	slices.SortFunc(pods.Items, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return pods.Items, nil
}
