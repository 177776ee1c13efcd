package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// sidecarContainer is what Dapr's injector calls the container that it adds.
const sidecarContainer = "daprd"

// Sidecar is a daprd that runs for a pod of the cluster: in Kubernetes mode, with the arguments, environment and tokens that the pod's own would
// have, but for sidecarDeviations.
type Sidecar struct {
	URL   string // of its HTTP API
	pod   *corev1.Pod
	ports apiPorts
	token string
}

// InjectedSidecar returns the container that Dapr's injector added to the pod.
func InjectedSidecar(pod *corev1.Pod) (*corev1.Container, error) {
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			if containers[i].Name == sidecarContainer {
				return &containers[i], nil
			}
		}
	}
	return nil, fmt.Errorf("pod %s has no container %s: it was not injected", pod.Name, sidecarContainer)
}

// RunSidecar starts the pod's daprd, as a process of that name, and returns when it has loaded its components. Args go behind its own.
func (c *Cluster) RunSidecar(ctx context.Context, process string, pod *corev1.Pod, args ...string) (*Sidecar, error) {
	injected, err := InjectedSidecar(pod)
	if err != nil {
		return nil, err
	}
	program, err := c.program("daprd")
	if err != nil {
		return nil, err
	}
	var ports apiPorts
	for _, port := range []*int{&ports.http, &ports.grpc} {
		if *port, err = c.FreePort(); err != nil {
			return nil, err
		}
	}
	env, err := c.environment(ctx, pod, injected)
	if err != nil {
		return nil, fmt.Errorf("the sidecar of %s: %w", pod.Name, err)
	}
	s := &Sidecar{URL: fmt.Sprintf("http://127.0.0.1:%d", ports.http), pod: pod, ports: ports, token: env["DAPR_API_TOKEN"]}
	deviating, variables := sidecarDeviations(pod, ports)
	return s, c.Run(ctx, Container{
		Process: process, Pod: pod, Container: injected, Program: program, Args: append(deviating, args...), Env: variables,
		Ports: []int{ports.http, ports.grpc}, Ready: s.URL + "/v1.0/healthz/outbound",
	})
}

// Components names what the sidecar has loaded, by its own account.
func (s *Sidecar) Components(ctx context.Context) ([]string, error) {
	var metadata struct {
		Components []struct {
			Name string `json:"name"`
		} `json:"components"`
	}
	if err := s.get(ctx, "/v1.0/metadata", &metadata); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(metadata.Components))
	for _, component := range metadata.Components {
		names = append(names, component.Name)
	}
	return names, nil
}

// ErrRefused is returned for what a sidecar's configuration does not allow.
var ErrRefused = errors.New("the sidecar refuses it")

// Secret reads a secret through the sidecar's secret store, as the app does.
func (s *Sidecar) Secret(ctx context.Context, store, name string) (map[string]string, error) {
	var values map[string]string
	return values, s.get(ctx, "/v1.0/secrets/"+store+"/"+name, &values)
}

func (s *Sidecar) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the sidecar: %w", err)
	}
	request.Header.Set("Dapr-Api-Token", s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the sidecar: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s: %w", path, ErrRefused)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: the sidecar answered %s", path, strings.TrimSpace(response.Status))
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("%s: read the sidecar's answer: %w", path, err)
	}
	return nil
}
