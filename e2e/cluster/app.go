package cluster

import (
	"context"
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// RunApp starts the first container of the sidecar's pod, beside it, as a process of that name, and returns when it passes its own readiness
// probe. The program is one of bin/.
func (c *Cluster) RunApp(ctx context.Context, process string, beside *Sidecar, program string) error {
	run, err := c.app(process, beside, program)
	if err != nil {
		return err
	}
	if run.Ready, err = readiness(beside.pod, run.Container); err != nil {
		return fmt.Errorf("%s: %w", process, err)
	}
	return c.Run(ctx, run)
}

// RunAppToEnd is RunApp for one that is expected to end by itself. It returns what the app printed.
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
