package cluster

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// Container is a container of a pod in the cluster that is to run as a process of this machine, as its kubelet would run it: with the pod's
// own service account tokens, ConfigMaps and Secrets below /var/run, and its environment.
type Container struct {
	Process   string // its name among the cluster's processes
	Pod       *corev1.Pod
	Container *corev1.Container
	Program   string            // in place of the image's
	Args      []string          // behind those of the container, the last of a flag counts
	Env       map[string]string // besides the container's own, and in its place
	Ports     []int             // from FreePort
	Ready     string            // a URL that answers with a 2xx status once it is ready
}

// FreePort is one that nothing of this cluster uses.
func (c *Cluster) FreePort() (int, error) {
	port, err := c.processes.FreePort(0)
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return port, nil
}

// Run starts the processes and returns when they are ready. They belong to the cluster and end with it, or by StopProcesses.
func (c *Cluster) Run(ctx context.Context, containers ...Container) error {
	all := make([]stack.Beside, 0, len(containers))
	for i := range containers {
		described, err := c.process(ctx, &containers[i])
		if err != nil {
			return fmt.Errorf("%s: %w", containers[i].Process, err)
		}
		all = append(all, described)
	}
	if err := c.processes.StartBeside(ctx, all...); err != nil {
		return fmt.Errorf("run containers: %w", err)
	}
	return nil
}

// StartProcesses starts programs that are no container of a pod, such as a database that pods reach; they end with the cluster, or by
// StopProcesses.
func (c *Cluster) StartProcesses(ctx context.Context, all ...stack.Beside) error {
	if err := c.processes.StartBeside(ctx, all...); err != nil {
		return fmt.Errorf("start processes: %w", err)
	}
	return nil
}

// StopProcesses ends what Run and StartProcesses started.
func (c *Cluster) StopProcesses(ctx context.Context, names ...string) error {
	if err := c.processes.StopBeside(ctx, names...); err != nil {
		return fmt.Errorf("stop containers: %w", err)
	}
	return nil
}

// Log is the file that holds what a process printed.
func (c *Cluster) Log(process string) string { return filepath.Join(c.dir, "logs", process+".log") }

// inItsMounts shows the folder $0 as /run, where /var/run leads to, to the program behind it alone.
const inItsMounts = `mount --bind "$0" /run && exec "$@"`

func (c *Cluster) process(ctx context.Context, run *Container) (stack.Beside, error) {
	room := filepath.Join(c.dir, "run", run.Process)
	if err := c.project(ctx, run.Pod, run.Container, room); err != nil {
		return stack.Beside{}, err
	}
	env, err := c.environment(ctx, run.Pod, run.Container)
	if err != nil {
		return stack.Beside{}, err
	}
	maps.Copy(env, run.Env)
	args := append([]string{"-m", "sh", "-c", inItsMounts, room, run.Program}, run.Container.Args...)
	return stack.Beside{
		Name: run.Process, Command: "unshare", Args: append(args, run.Args...), Env: env, Ports: run.Ports, Ready: run.Ready,
	}, nil
}

// environment resolves the container's variables, and adds those by which a program finds the API server.
func (c *Cluster) environment(ctx context.Context, pod *corev1.Pod, container *corev1.Container) (map[string]string, error) {
	env := map[string]string{"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": strconv.Itoa(c.port)}
	for _, variable := range container.Env {
		value, err := c.value(ctx, pod, &variable)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", variable.Name, err)
		}
		env[variable.Name] = value
	}
	return env, nil
}

func (c *Cluster) value(ctx context.Context, pod *corev1.Pod, variable *corev1.EnvVar) (string, error) {
	from := variable.ValueFrom
	switch {
	case from == nil:
		return variable.Value, nil
	case from.FieldRef != nil:
		return field(pod, from.FieldRef.FieldPath)
	case from.SecretKeyRef != nil:
		secret, err := c.client.CoreV1().Secrets(pod.Namespace).Get(ctx, from.SecretKeyRef.Name, metav1.GetOptions{})
		if err != nil {
			return "", fmt.Errorf("read the secret: %w", err)
		}
		return string(secret.Data[from.SecretKeyRef.Key]), nil
	default:
		return "", fmt.Errorf("its source is none that this package knows: %s", from)
	}
}

// field is what the downward API says of the pod.
func field(pod *corev1.Pod, path string) (string, error) {
	switch path {
	case "metadata.namespace":
		return pod.Namespace, nil
	case "metadata.name":
		return pod.Name, nil
	case "metadata.uid":
		return string(pod.UID), nil
	case "status.podIP":
		return "127.0.0.1", nil // where the process really is
	default:
		return "", fmt.Errorf("the pod's field %s is none that this package knows", path)
	}
}
