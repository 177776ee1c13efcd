package charts_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/charts"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

var (
	apps  = []string{"gateway", "enhancer", "console"}
	small = []string{"--set", "redis.enabled=true,postgresql.enabled=true"}
)

func projectRoot(t *testing.T) string {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// installations are the ways in which the chart is installed, by name, with more arguments for all.
func installations(t *testing.T, more ...string) map[string][]charts.Object {
	t.Helper()
	production := []string{
		"--values", filepath.Join(projectRoot(t), charts.Dir, "values-production.yaml"),
		"--set", "smokeTest.enabled=true,smokeTest.tenant=example-clinic,smokeTest.ticket=20501",
	}
	external := []string{"--set", "redis.external.address=redis.example.com:6379"}
	plain := append([]string{"--set", "console.allowPlainHTTP=true,dapr.nativeSidecar=false"}, small...)
	all := map[string][]charts.Object{}
	for name, args := range map[string][]string{"small": small, "external": external, "production": production, "plain": plain} {
		all[name] = render(t, slices.Concat(args, more)...)
	}
	return all
}

func render(t *testing.T, args ...string) []charts.Object {
	t.Helper()
	objects, err := charts.Render(t.Context(), projectRoot(t), args...)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// find is the object of this kind and name, which has to be there.
func find(t *testing.T, objects []charts.Object, kind, name string) charts.Object {
	t.Helper()
	for _, o := range objects {
		if o.Kind() == kind && o.Name() == name {
			return o
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return nil
}

// document reads a YAML file of the project.
func document(t *testing.T, path string) charts.Object {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(projectRoot(t), path))
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := yaml.Unmarshal(content, &object); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return object
}

// at is the value at a path, which has to be there.
func at[T any](t *testing.T, object map[string]any, path ...string) T {
	t.Helper()
	value, ok := charts.At[T](object, path...)
	if !ok {
		t.Fatalf("%s %v: there is no such value", object["kind"], path)
	}
	return value
}

// pods are the templates of all pods, by kind and name of what makes them.
func pods(objects []charts.Object) map[string]map[string]any {
	found := map[string]map[string]any{}
	for _, o := range objects {
		if o.Kind() == "Pod" {
			found["Pod "+o.Name()] = o
		}
		if template, ok := charts.At[map[string]any](o, "spec", "template"); ok {
			found[o.Kind()+" "+o.Name()] = template
		}
	}
	return found
}

func containers(t *testing.T, pod map[string]any) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, key := range []string{"initContainers", "containers"} {
		list, _ := charts.At[[]any](pod, "spec", key)
		for _, c := range list {
			all = append(all, as[map[string]any](t, c))
		}
	}
	if len(all) == 0 {
		t.Fatal("a pod has no containers")
	}
	return all
}

func texts(t *testing.T, list []any) []string {
	t.Helper()
	found := make([]string, 0, len(list))
	for _, v := range list {
		found = append(found, as[string](t, v))
	}
	slices.Sort(found)
	return found
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// as is the value as a T, which it has to be.
func as[T any](t *testing.T, value any) T {
	t.Helper()
	found, ok := value.(T)
	if !ok {
		t.Fatalf("%v is a %T", value, value)
	}
	return found
}
