package kubelet

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// kind is what holds configuration.
type kind string

const (
	configMap kind = "configmap"
	secret    kind = "secret"
)

// need is a ConfigMap or Secret that a pod cannot start without, and the keys of it that it names.
type need struct {
	kind kind
	name string
	keys []string
}

// missing names the first thing that the pod needs and that is not there, in a kubelet's words; empty when nothing is missing.
func (k *Kubelet) missing(ctx context.Context, pod *corev1.Pod) (string, error) {
	for _, n := range needs(&pod.Spec) {
		has, err := k.keys(ctx, pod.Namespace, n)
		if apierrors.IsNotFound(err) {
			return fmt.Sprintf("%s %q not found", n.kind, n.name), nil
		}
		if err != nil {
			return "", fmt.Errorf("read %s %s: %w", n.kind, n.name, err)
		}
		for _, key := range n.keys {
			if !has[key] {
				return fmt.Sprintf("couldn't find key %s in %s %s/%s", key, n.kind, pod.Namespace, n.name), nil
			}
		}
	}
	return "", nil
}

// keys lists what the ConfigMap or Secret holds.
func (k *Kubelet) keys(ctx context.Context, namespace string, n need) (map[string]bool, error) {
	has := map[string]bool{}
	if n.kind == secret {
		found, err := k.client.CoreV1().Secrets(namespace).Get(ctx, n.name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		for key := range found.Data {
			has[key] = true
		}
		return has, nil
	}
	found, err := k.client.CoreV1().ConfigMaps(namespace).Get(ctx, n.name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	for key := range found.Data {
		has[key] = true
	}
	for key := range found.BinaryData {
		has[key] = true
	}
	return has, nil
}

// list collects needs.
type list []need

// add takes what is not optional.
func (l *list) add(k kind, name string, optional *bool, keys ...string) {
	if name != "" && (optional == nil || !*optional) {
		*l = append(*l, need{k, name, keys})
	}
}

// needs are those of all volumes and containers, volumes first.
func needs(spec *corev1.PodSpec) []need {
	var all list
	for i := range spec.Volumes {
		all.volume(&spec.Volumes[i].VolumeSource)
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		all.container(&c)
	}
	return all
}

func (l *list) volume(source *corev1.VolumeSource) {
	if v := source.ConfigMap; v != nil {
		l.add(configMap, v.Name, v.Optional, paths(v.Items)...)
	}
	if v := source.Secret; v != nil {
		l.add(secret, v.SecretName, v.Optional, paths(v.Items)...)
	}
	if source.Projected == nil {
		return
	}
	for _, projected := range source.Projected.Sources {
		if v := projected.ConfigMap; v != nil {
			l.add(configMap, v.Name, v.Optional, paths(v.Items)...)
		}
		if v := projected.Secret; v != nil {
			l.add(secret, v.Name, v.Optional, paths(v.Items)...)
		}
	}
}

func (l *list) container(c *corev1.Container) {
	for _, from := range c.EnvFrom {
		if ref := from.ConfigMapRef; ref != nil {
			l.add(configMap, ref.Name, ref.Optional)
		}
		if ref := from.SecretRef; ref != nil {
			l.add(secret, ref.Name, ref.Optional)
		}
	}
	for _, variable := range c.Env {
		if variable.ValueFrom == nil {
			continue
		}
		if ref := variable.ValueFrom.ConfigMapKeyRef; ref != nil {
			l.add(configMap, ref.Name, ref.Optional, ref.Key)
		}
		if ref := variable.ValueFrom.SecretKeyRef; ref != nil {
			l.add(secret, ref.Name, ref.Optional, ref.Key)
		}
	}
}

func paths(items []corev1.KeyToPath) []string {
	keys := make([]string, 0, len(items))
	for _, item := range items {
		keys = append(keys, item.Key)
	}
	return keys
}
