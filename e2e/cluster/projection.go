package cluster

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mounted is where containers find what is projected; /run is the same place.
const mounted = "/var/run/"

// project writes what the container would find below /var/run into the folder, and its other mounts below mounts/.
func (c *Cluster) project(ctx context.Context, pod *corev1.Pod, container *corev1.Container, folder string) error {
	if err := os.MkdirAll(folder, privateDir); err != nil {
		return fmt.Errorf("make the folder for mounts: %w", err)
	}
	for _, mount := range container.VolumeMounts {
		below, ok := strings.CutPrefix(mount.MountPath, mounted)
		if !ok {
			below = filepath.Join(filepath.Base(mountsElsewhere), mount.MountPath)
		}
		files, err := c.files(ctx, pod, mount.Name)
		if err != nil {
			return fmt.Errorf("volume %s: %w", mount.Name, err)
		}
		if err := writeFiles(filepath.Join(folder, below), files); err != nil {
			return err
		}
	}
	return nil
}

func writeFiles(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, privateDir); err != nil { // also for an empty volume
		return fmt.Errorf("make the folder of a mount: %w", err)
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), privateDir); err != nil {
			return fmt.Errorf("make the folder of %s: %w", path, err)
		}
		if err := os.WriteFile(path, content, private); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}

// files are what the volume holds.
func (c *Cluster) files(ctx context.Context, pod *corev1.Pod, volume string) (map[string][]byte, error) {
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		if v.Name != volume {
			continue
		}
		switch {
		case v.ConfigMap != nil:
			return c.configMap(ctx, pod.Namespace, v.ConfigMap.Name, v.ConfigMap.Items)
		case v.Secret != nil:
			return c.secret(ctx, pod.Namespace, v.Secret.SecretName, v.Secret.Items)
		case v.Projected != nil:
			return c.projected(ctx, pod, v.Projected)
		case v.EmptyDir != nil, v.PersistentVolumeClaim != nil:
			return map[string][]byte{}, nil
		}
	}
	return nil, fmt.Errorf("the pod has no volume %s of a kind that this package knows", volume)
}

func (c *Cluster) projected(ctx context.Context, pod *corev1.Pod, volume *corev1.ProjectedVolumeSource) (map[string][]byte, error) {
	all := map[string][]byte{}
	for i := range volume.Sources {
		source := &volume.Sources[i]
		found := map[string][]byte{}
		var err error
		switch {
		case source.ServiceAccountToken != nil:
			found[source.ServiceAccountToken.Path], err = c.token(ctx, pod, source.ServiceAccountToken)
		case source.ConfigMap != nil:
			found, err = c.configMap(ctx, pod.Namespace, source.ConfigMap.Name, source.ConfigMap.Items)
		case source.Secret != nil:
			found, err = c.secret(ctx, pod.Namespace, source.Secret.Name, source.Secret.Items)
		case source.DownwardAPI != nil:
			found, err = downward(pod, source.DownwardAPI)
		default:
			err = fmt.Errorf("its source %d is of a kind that this package does not know", i)
		}
		if err != nil {
			return nil, err
		}
		maps.Copy(all, found)
	}
	return all, nil
}

// token is bound to the pod, as that of a kubelet: it is void when the pod is gone.
func (c *Cluster) token(ctx context.Context, pod *corev1.Pod, wanted *corev1.ServiceAccountTokenProjection) ([]byte, error) {
	request := &authv1.TokenRequest{Spec: authv1.TokenRequestSpec{
		BoundObjectRef: &authv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID},
	}}
	if wanted.Audience != "" {
		request.Spec.Audiences = []string{wanted.Audience}
	}
	granted, err := c.client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, pod.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("make a token for %s: %w", pod.Spec.ServiceAccountName, err)
	}
	return []byte(granted.Status.Token), nil
}

func (c *Cluster) configMap(ctx context.Context, namespace, name string, items []corev1.KeyToPath) (map[string][]byte, error) {
	found, err := c.client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s: %w", name, err)
	}
	data := map[string][]byte{}
	for key, value := range found.Data {
		data[key] = []byte(value)
	}
	return selected(data, items), nil
}

func (c *Cluster) secret(ctx context.Context, namespace, name string, items []corev1.KeyToPath) (map[string][]byte, error) {
	found, err := c.client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read Secret %s: %w", name, err)
	}
	return selected(found.Data, items), nil
}

// selected are the items under their paths, or everything where none are named.
func selected(data map[string][]byte, items []corev1.KeyToPath) map[string][]byte {
	if len(items) == 0 {
		return data
	}
	chosen := map[string][]byte{}
	for _, item := range items {
		chosen[item.Path] = data[item.Key]
	}
	return chosen
}

func downward(pod *corev1.Pod, source *corev1.DownwardAPIProjection) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, item := range source.Items {
		if item.FieldRef == nil {
			return nil, fmt.Errorf("%s is no field of the pod", item.Path)
		}
		value, err := field(pod, item.FieldRef.FieldPath)
		if err != nil {
			return nil, err
		}
		files[item.Path] = []byte(value)
	}
	return files, nil
}
