// Command oldest-kubernetes reads YAML documents from standard input and decodes those of Kubernetes' own kinds as the API server of the version does
// that go.mod names: strictly, so that a field which it does not know, and would drop, is an error. It prints the kinds that it left out, because
// they are not Kubernetes' own, and ends with status 1 when a document is not understood. Values are not validated.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	if err := check(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "oldest-kubernetes:", err)
		os.Exit(1)
	}
}

func check(in io.Reader, out io.Writer) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme, rbacv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return fmt.Errorf("know Kubernetes' kinds: %w", err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(in))
	var errs []error
	for known := 0; ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			if known == 0 {
				errs = append(errs, errors.New("standard input has none of Kubernetes' own kinds"))
			}
			return errors.Join(errs...)
		}
		if err != nil {
			return fmt.Errorf("read a document: %w", err)
		}
		var is runtime.TypeMeta
		if err := yaml.Unmarshal(document, &is); err != nil {
			errs = append(errs, fmt.Errorf("read the kind of a document: %w", err))
			continue
		}
		// A version that is not known of a group that is one of these is no stranger.
		if kind := is.GroupVersionKind(); !scheme.IsGroupRegistered(kind.Group) {
			fmt.Fprintln(out, "not Kubernetes' own:", kind.Group, kind.Kind)
			continue
		}
		known++
		if _, _, err := decoder.Decode(document, nil, nil); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", is.APIVersion, is.Kind, err))
		}
	}
}
