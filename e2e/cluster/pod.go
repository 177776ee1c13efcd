package cluster

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// Container is a container of a pod in the cluster that is to run as a process of this machine, as its kubelet would run it: with the pod's
// own service account tokens, ConfigMaps and Secrets, and its environment.
type Container struct {
	Process   string // its name among the cluster's processes
	Pod       *corev1.Pod
	Container *corev1.Container
	Program   string            // in place of the image's
	Args      []string          // flags besides those of the container, and in their place
	Env       map[string]string // besides the container's own, and in its place
	Ports     []int             // from FreePort
	Ready     string            // a URL that answers with a 2xx status once it is ready
	// StopSignal ends it; SIGTERM when zero.
	StopSignal syscall.Signal
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
	c.changing.Lock()
	defer c.changing.Unlock()
	if err := c.processes.StartBeside(ctx, all...); err != nil {
		return fmt.Errorf("run containers: %w", err)
	}
	return nil
}

// StartProcesses starts programs that are no container of a pod, such as a database that pods reach; they end with the cluster, or by
// StopProcesses.
func (c *Cluster) StartProcesses(ctx context.Context, all ...stack.Beside) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	if err := c.processes.StartBeside(ctx, all...); err != nil {
		return fmt.Errorf("start processes: %w", err)
	}
	return nil
}

// StopProcesses ends what Run and StartProcesses started.
func (c *Cluster) StopProcesses(ctx context.Context, names ...string) error {
	c.changing.Lock()
	defer c.changing.Unlock()
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
	ownAddress(env, run.Pod)
	for _, mount := range run.Container.VolumeMounts {
		if !strings.HasPrefix(mount.MountPath, mounted) {
			moved(env, mount.MountPath)
		}
	}
	maps.Copy(env, run.Env)
	args := append([]string{"-m", "sh", "-c", inItsMounts, room, run.Program}, replaced(expand(run.Container.Args, env), run.Args)...)
	return stack.Beside{
		Name: run.Process, Command: "unshare", Args: args, Env: env, Ports: run.Ports, Ready: run.Ready,
		StopSignal: run.StopSignal,
	}, nil
}

// RunToEnd runs a container whose work is done at some time, and returns what it printed. The error of one that failed has the end of that.
func (c *Cluster) RunToEnd(ctx context.Context, run Container) (string, error) {
	described, err := c.process(ctx, &run)
	if err != nil {
		return "", fmt.Errorf("%s: %w", run.Process, err)
	}
	cmd := exec.CommandContext(ctx, described.Command, described.Args...) //nolint:gosec // G204: it is what a pod says.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range described.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s: %w\n%s", run.Process, err, lastLines(string(out)))
	}
	return string(out), nil
}

// replaced are the arguments with these flags added. The container's own of the same names go: of some, such as lists, all would count.
func replaced(args, flags []string) []string {
	named := map[string]bool{}
	for _, flag := range flags {
		if name, _, _ := strings.Cut(flag, "="); strings.HasPrefix(name, "--") {
			named[name] = true
		}
	}
	var kept []string
	for i := 0; i < len(args); i++ {
		name, _, whole := strings.Cut(args[i], "=")
		if !named[name] {
			kept = append(kept, args[i])
			continue
		}
		if !whole && i+1 < len(args) && !strings.HasPrefix(args[i+1], "--") {
			i++ // its value
		}
	}
	return append(kept, flags...)
}

// expand puts variables in place of $(NAME), as Kubernetes does.
func expand(args []string, env map[string]string) []string {
	pairs := make([]string, 0, len(env)+len(env))
	for name, value := range env {
		pairs = append(pairs, "$("+name+")", value)
	}
	replacer := strings.NewReplacer(pairs...)
	expanded := make([]string, 0, len(args))
	for _, arg := range args {
		expanded = append(expanded, replacer.Replace(arg))
	}
	return expanded
}

// environment resolves the container's variables, and adds those by which a program finds the API server.
func (c *Cluster) environment(ctx context.Context, pod *corev1.Pod, container *corev1.Container) (map[string]string, error) {
	env := map[string]string{"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": strconv.Itoa(c.port)}
	for i := range container.EnvFrom {
		values, err := c.values(ctx, pod.Namespace, &container.EnvFrom[i])
		if err != nil {
			return nil, err
		}
		for name, value := range values {
			env[container.EnvFrom[i].Prefix+name] = string(value)
		}
	}
	for _, variable := range container.Env {
		value, err := c.value(ctx, pod, &variable)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", variable.Name, err)
		}
		env[variable.Name] = value
	}
	return env, nil
}

// values are all those of a ConfigMap or Secret.
func (c *Cluster) values(ctx context.Context, namespace string, from *corev1.EnvFromSource) (map[string][]byte, error) {
	if from.SecretRef != nil {
		return c.secret(ctx, namespace, from.SecretRef.Name, nil)
	}
	return c.configMap(ctx, namespace, from.ConfigMapRef.Name, nil)
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
		return pod.Status.PodIP, nil
	default:
		return "", fmt.Errorf("the pod's field %s is none that this package knows", path)
	}
}
