package tenantspace

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Space is a tenant's namespace, and the release in it, which are called the same. charts/tenant accepts no other namespace.
type Space struct {
	Programs

	Tenant string
}

// Name is that of namespace and release.
func (s Space) Name() string { return "tenant-" + s.Tenant }

// Deployment is that of the tenant's enhancer.
func (s Space) Deployment() string { return "enhancer-" + s.Tenant }

// Platform asks helm for the platform's release.
func (s Space) Platform(ctx context.Context, release, namespace string) (Platform, error) {
	values, err := s.runHelm(ctx, "get", "values", release, "--namespace", namespace, "--all", "--output", "json")
	if err != nil {
		return Platform{}, fmt.Errorf("read the platform's release %s in the namespace %s (--platform, --platform-namespace): %w", release, namespace, err)
	}
	metadata, err := s.runHelm(ctx, "get", "metadata", release, "--namespace", namespace, "--output", "json")
	if err != nil {
		return Platform{}, fmt.Errorf("read the platform's release: %w", err)
	}
	return readPlatform(namespace, values, metadata)
}

// API are the addresses of the Kubernetes API, as pods of the cluster reach it: its Service's and its endpoints', since some networks judge by the one and
// some by the other.
func (s Space) API(ctx context.Context) ([]netip.Addr, error) {
	var found []netip.Addr
	for _, args := range [][]string{
		{"get", "service", "kubernetes", "--namespace", "default", "--output", "jsonpath={.spec.clusterIP}"},
		{"get", "endpointslices", "--namespace", "default", "--selector", "kubernetes.io/service-name=kubernetes", "--output", "jsonpath={.items[*].endpoints[*].addresses[*]}"},
	} {
		out, err := s.runKubectl(ctx, "", args...)
		if err != nil {
			return nil, fmt.Errorf("ask for the addresses of the Kubernetes API: %w", err)
		}
		for word := range strings.FieldsSeq(out) {
			address, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("ask for the addresses of the Kubernetes API: %w", err)
			}
			if !slices.Contains(found, address) {
				found = append(found, address)
			}
		}
	}
	return found, nil
}

// MakeNamespace makes the namespace, or sees that it is as it has to be: no pod runs in it that may do more than it needs.
func (s Space) MakeNamespace(ctx context.Context) error {
	manifest, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": s.Name(), "labels": map[string]string{
			"app.kubernetes.io/part-of": "ai-agents", "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted",
		}},
	})
	if err != nil {
		return fmt.Errorf("write the namespace: %w", err)
	}
	if _, err := s.runKubectl(ctx, string(manifest), "apply", "--filename", "-"); err != nil {
		return fmt.Errorf("make the namespace %s: %w", s.Name(), err)
	}
	return nil
}

// Needed are the Secrets without which an enhancer does not start.
func Needed() []string { return []string{"database-url", "tenant-keyset", "redis-password"} }

// Missing are those of the needed Secrets that the namespace has not. Their contents are not asked for.
func (s Space) Missing(ctx context.Context) ([]string, error) {
	out, err := s.runKubectl(ctx, "", append([]string{"get", "secret", "--namespace", s.Name(), "--ignore-not-found", "--output", "name"}, Needed()...)...)
	if err != nil {
		return nil, fmt.Errorf("look for the Secrets of %s: %w", s.Name(), err)
	}
	there := strings.Fields(out)
	return slices.DeleteFunc(Needed(), func(name string) bool { return slices.Contains(there, "secret/"+name) }), nil
}

// Install installs the chart, or upgrades it, with the files of values, and waits until the enhancer is ready.
func (s Space) Install(ctx context.Context, chart string, patience time.Duration, files ...string) error {
	args := []string{"upgrade", "--install", s.Name(), chart, "--namespace", s.Name(), "--wait", "--timeout", patience.String()}
	for _, file := range files {
		args = append(args, "--values", file)
	}
	_, err := s.runHelm(ctx, args...)
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "another operation"):
		return fmt.Errorf("%w\nwhere nobody else is at it, a helm was killed there: see `helm history %[2]s --namespace %[2]s`, then "+
			"`helm rollback %[2]s --namespace %[2]s`, or `helm uninstall` when there is only one revision, and begin again", err, s.Name())
	default:
		return fmt.Errorf("install %s: %w\nwhy its pods do not become ready: `kubectl --namespace %s describe deployment,replicaset,pod`", s.Name(), err, s.Name())
	}
}

// Uninstall removes the release; gone already, it is no error. Secrets that were made beside it stay, and so does the namespace.
func (s Space) Uninstall(ctx context.Context, patience time.Duration) error {
	if _, err := s.runHelm(ctx, "uninstall", s.Name(), "--namespace", s.Name(), "--ignore-not-found", "--wait", "--timeout", patience.String()); err != nil {
		return fmt.Errorf("uninstall %s: %w", s.Name(), err)
	}
	return nil
}

// RemoveNamespace removes it with everything in it.
func (s Space) RemoveNamespace(ctx context.Context, patience time.Duration) error {
	if _, err := s.runKubectl(ctx, "", "delete", "namespace", s.Name(), "--ignore-not-found", "--timeout", patience.String()); err != nil {
		return fmt.Errorf("remove the namespace %s: %w", s.Name(), err)
	}
	return nil
}
