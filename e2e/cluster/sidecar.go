package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// RunSidecar starts the pod's daprd, as a process of that name, and returns when it has loaded its components. Args go behind its own. The error
// of one that does not start has the end of its log.
func (c *Cluster) RunSidecar(ctx context.Context, process string, pod *corev1.Pod, args ...string) (*Sidecar, error) {
	s, run, err := c.sidecar(ctx, process, pod, args)
	if err != nil {
		return nil, err
	}
	return s, c.Run(ctx, run)
}

// sidecar describes the pod's daprd.
func (c *Cluster) sidecar(ctx context.Context, process string, pod *corev1.Pod, args []string) (*Sidecar, Container, error) {
	run := Container{Process: process, Pod: pod}
	var err error
	if run.Container, err = InjectedSidecar(pod); err != nil {
		return nil, run, err
	}
	if pod.Status.PodIP == "" {
		return nil, run, fmt.Errorf("pod %s has no address yet, and its sidecar would take the ports of all pods", pod.Name)
	}
	if run.Program, err = c.program("daprd"); err != nil {
		return nil, run, err
	}
	var ports apiPorts
	for _, port := range []*int{&ports.http, &ports.grpc} {
		if *port, err = c.FreePort(); err != nil {
			return nil, run, err
		}
	}
	env, err := c.environment(ctx, pod, run.Container)
	if err != nil {
		return nil, run, fmt.Errorf("the sidecar of %s: %w", pod.Name, err)
	}
	s := &Sidecar{URL: fmt.Sprintf("http://127.0.0.1:%d", ports.http), pod: pod, ports: ports, token: env["DAPR_API_TOKEN"]}
	run.Args, run.Env = sidecarDeviations(pod, ports)
	run.Args = append(run.Args, args...)
	run.Ports, run.Ready = []int{ports.http, ports.grpc}, s.URL+"/v1.0/healthz/outbound"
	return s, run, nil
}

// Metadata is what a sidecar says of itself.
type Metadata struct {
	Components []struct {
		Name string `json:"name"`
	} `json:"components"`
	ActorRuntime struct {
		Placement    string `json:"placement"`
		ActiveActors []struct {
			Type  string `json:"type"`
			Count int    `json:"count"`
		} `json:"activeActors"`
	} `json:"actorRuntime"`
	Scheduler struct {
		Addresses []string `json:"connected_addresses"`
	} `json:"scheduler"`
	Workflows struct {
		ConnectedWorkers int `json:"connectedWorkers"`
	} `json:"workflows"`
}

// Metadata asks the sidecar.
func (s *Sidecar) Metadata(ctx context.Context) (Metadata, error) {
	var metadata Metadata
	return metadata, s.get(ctx, "/v1.0/metadata", &metadata)
}

// Components names what the sidecar has loaded, by its own account.
func (s *Sidecar) Components(ctx context.Context) ([]string, error) {
	metadata, err := s.Metadata(ctx)
	if err != nil {
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
	status, body, err := s.Ask(ctx, http.MethodGet, path, "")
	switch {
	case err != nil:
		return err
	case status == http.StatusForbidden:
		return fmt.Errorf("%s: %w", path, ErrRefused)
	case status != http.StatusOK:
		return fmt.Errorf("%s: the sidecar answered %d", path, status)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		return fmt.Errorf("%s: read the sidecar's answer: %w", path, err)
	}
	return nil
}

// Ask sends a request to the sidecar's HTTP API as its app would, and returns what it answers.
func (s *Sidecar) Ask(ctx context.Context, method, path, body string) (status int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("ask the sidecar: %w", err)
	}
	request.Header.Set("Dapr-Api-Token", s.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("ask the sidecar: %w", err)
	}
	read, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return 0, "", fmt.Errorf("read the sidecar's answer: %w", err)
	}
	return response.StatusCode, string(read), nil
}
