package cluster

import (
	"context"
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// RunPods starts one pod of each app: first the sidecars, as processes such as gateway-dapr, then the apps, the pods' first containers, as
// processes such as gateway. The programs are those of bin/ that are called like the apps. It returns when all pass their own readiness probes.
func (c *Cluster) RunPods(ctx context.Context, pods map[string]*corev1.Pod) (map[string]*Sidecar, error) {
	sidecars, besides, apps := map[string]*Sidecar{}, []Container{}, []Container{}
	for name, pod := range pods {
		sidecar, beside, err := c.sidecar(ctx, name+"-dapr", pod, nil)
		if err != nil {
			return nil, err
		}
		app, err := c.app(name, sidecar, name)
		if err != nil {
			return nil, err
		}
		if app.Ready, err = readiness(pod, app.Container); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		sidecars[name], besides, apps = sidecar, append(besides, beside), append(apps, app)
	}
	if err := c.Run(ctx, besides...); err != nil {
		return nil, err
	}
	return sidecars, c.Run(ctx, apps...)
}

// RunAppToEnd starts the first container of the sidecar's pod, one that is expected to end by itself, and returns what it printed.
func (c *Cluster) RunAppToEnd(ctx context.Context, process string, beside *Sidecar, program string) (string, error) {
	run, err := c.app(process, beside, program)
	if err != nil {
		return "", err
	}
	return c.RunToEnd(ctx, run)
}

func (c *Cluster) app(process string, beside *Sidecar, program string) (Container, error) {
	path, err := c.program(program)
	return Container{
		Process: process, Pod: beside.pod, Container: &beside.pod.Spec.Containers[0], Program: path, Env: appDeviations(beside.ports),
	}, err
}

// readiness is the URL that the container's kubelet would ask.
func readiness(pod *corev1.Pod, container *corev1.Container) (string, error) {
	probe := container.ReadinessProbe
	if probe == nil || probe.HTTPGet == nil {
		return "", fmt.Errorf("container %s has no readiness probe by HTTP", container.Name)
	}
	port, err := portNumber(pod, probe.HTTPGet.Port)
	if err != nil {
		return "", err
	}
	return "http://" + net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(port)) + probe.HTTPGet.Path, nil
}
