// Package charts owns what the Helm charts say of themselves: how a chart is rendered and looked at, and the files in it that are made from
// others, its README and its copies of alerts and dashboards.
package charts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// The charts, below the project's root: the platform's, and that of a tenant with an enhancer of its own.
const (
	Dir       = "charts/ai-agents"
	TenantDir = "charts/tenant"
)

// kubeVersion is what a template sees: a helm that is built as a Go module knows none by itself.
const kubeVersion = "1.34.4"

// Object is one rendered object of Kubernetes.
type Object map[string]any

// Kind is such as "Deployment".
func (o Object) Kind() string { kind, _ := o["kind"].(string); return kind }

// Name is that of its metadata.
func (o Object) Name() string { name, _ := At[string](o, "metadata", "name"); return name }

// At is the value at a path of keys; false when there is none, or it is no T.
func At[T any](object map[string]any, path ...string) (T, bool) {
	var value any = object
	for _, key := range path {
		var fields map[string]any
		switch v := value.(type) {
		case map[string]any:
			fields = v
		case Object:
			fields = v
		}
		value = fields[key]
	}
	found, ok := value.(T)
	return found, ok
}

// Render is `helm template` for the platform's chart, with more arguments such as --set; helm's message is in the error.
func Render(ctx context.Context, root string, args ...string) ([]Object, error) {
	return render(ctx, root, Dir, "ai-agents", args)
}

// RenderTenant is the same for the chart of a tenant, in the namespace.
func RenderTenant(ctx context.Context, root, namespace string, args ...string) ([]Object, error) {
	return render(ctx, root, TenantDir, namespace, args)
}

func render(ctx context.Context, root, dir, namespace string, args []string) ([]Object, error) {
	helm := filepath.Join(root, "bin", "helm")
	args = append([]string{
		"template", filepath.Base(dir), filepath.Join(root, dir), "--namespace", namespace, "--kube-version", kubeVersion,
	}, args...)
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, helm, args...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || problems.Len() == 0 {
			return nil, fmt.Errorf("run bin/helm (tools/build-kubernetes.sh builds it): %w", err)
		}
		return nil, fmt.Errorf("helm template: %w: %s", err, problems.String())
	}
	return decode(&out)
}

func decode(r io.Reader) ([]Object, error) {
	var objects []Object
	for decoder := yaml.NewDecoder(r); ; {
		var object map[string]any
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read what helm has rendered: %w", err)
		}
		if len(object) > 0 {
			objects = append(objects, object)
		}
	}
}
