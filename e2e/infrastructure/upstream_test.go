package infrastructure_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/charts"
	"github.com/ai-agents/ai-agents/e2e/infrastructure"
)

// upstream is where a chart's project is, as a Go module, and its chart and its CRDs in that.
type upstream struct{ module, chart, crds string }

var upstreams = map[string]upstream{
	"dapr": {"github.com/dapr/dapr", "charts/dapr", ""},
	"external-secrets": {
		"github.com/external-secrets/external-secrets", "deploy/charts/external-secrets", "config/crds/bases/external-secrets.io_*.yaml",
	},
	"cert-manager": {"github.com/cert-manager/cert-manager", "", "deploy/crds/cert-manager.io_clusterissuers.yaml"},
}

// pinned is one chart beside the platform's, as the module platform installs it.
type pinned struct {
	Version string         `yaml:"version"`
	Values  map[string]any `yaml:"values"`
}

func pinnedCharts(t *testing.T, result infrastructure.Result) map[string]pinned {
	t.Helper()
	found := map[string]pinned{}
	if err := yaml.Unmarshal([]byte(result.Outputs["small"]["charts"]), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// source is the project of a chart at the version that is installed: so that version is one that there is.
func source(t *testing.T, name, version string) string {
	t.Helper()
	module := upstreams[name].module + "@v" + strings.TrimPrefix(version, "v")
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("get the module %s: %v\n%s", module, err, out)
	}
	var got struct {
		Dir string `json:"Dir"`
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	return got.Dir
}

// The charts that are to be had take the values, and do with them what they are set for.
func otherChartsTakeTheirValues(t *testing.T, result infrastructure.Result) {
	t.Helper()
	installed := pinnedCharts(t, result)
	dapr := template(t, "dapr", installed["dapr"])
	scheduler := find(t, dapr, "StatefulSet", "dapr-scheduler-server")
	claims, _ := charts.At[[]any](scheduler, "spec", "volumeClaimTemplates")
	if len(claims) != 1 {
		t.Fatalf("the scheduler has %d claims", len(claims))
	}
	claim, _ := claims[0].(map[string]any)
	if class, _ := charts.At[string](claim, "spec", "storageClassName"); class != "encrypted" {
		t.Errorf("the scheduler's volumes are of the class %q", class)
	}
	if replicas, _ := charts.At[int](find(t, dapr, "Deployment", "dapr-sentry"), "spec", "replicas"); replicas != 3 {
		t.Errorf("sentry has %d replicas", replicas)
	}
	account := find(t, template(t, "external-secrets", installed["external-secrets"]), "ServiceAccount", "external-secrets")
	if role, _ := charts.At[string](account, "metadata", "annotations", "eks.amazonaws.com/role-arn"); role == "" {
		t.Error("External Secrets has no role, and reads nothing")
	}
}

func template(t *testing.T, name string, chart pinned) []charts.Object {
	t.Helper()
	text, err := yaml.Marshal(chart.Values)
	if err != nil {
		t.Fatal(err)
	}
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, text, 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(source(t, name, chart.Version), upstreams[name].chart))); err != nil {
		t.Fatal(err)
	}
	withoutDependencies(t, filepath.Join(folder, "Chart.yaml"))
	return helmTemplate(t, folder, values)
}

// withoutDependencies drops what a chart brings only when it is asked for, and which helm wants there all the same.
func withoutDependencies(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var chart map[string]any
	if err := yaml.Unmarshal(text, &chart); err != nil {
		t.Fatal(err)
	}
	dependencies, _ := chart["dependencies"].([]any)
	for _, entry := range dependencies {
		if dependency, _ := entry.(map[string]any); dependency["name"] != "bitwarden-sdk-server" {
			return
		}
	}
	delete(chart, "dependencies")
	if text, err = yaml.Marshal(chart); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, objects []charts.Object, kind, name string) charts.Object {
	t.Helper()
	found := byKind(objects, kind)[name]
	if found == nil {
		t.Fatalf("there is no %s %s", kind, name)
	}
	return found
}

// What the chart ground makes of External Secrets' and cert-manager's kinds is as their definitions say.
func groundIsAsItsOperatorsKnowIt(t *testing.T, result infrastructure.Result) {
	t.Helper()
	installed, known := pinnedCharts(t, result), map[string]map[string]any{}
	for name, project := range upstreams {
		if project.crds == "" {
			continue
		}
		paths, err := filepath.Glob(filepath.Join(source(t, name, installed[name].Version), project.crds))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s has no definitions: %v", name, err)
		}
		for _, path := range paths {
			define(t, path, known)
		}
	}
	checked := 0
	for _, object := range ground(t, written(t, result, "small")["ground_values"]) {
		version, _ := object["apiVersion"].(string)
		schema := known[version+" "+object.Kind()]
		if schema == nil {
			if strings.Contains(version, ".io/") {
				t.Errorf("%s: nobody defines %s", object.Name(), version)
			}
			continue
		}
		checked++
		for _, problem := range unknown(object.Kind()+" "+object.Name(), map[string]any(object), schema) {
			t.Error(problem)
		}
	}
	if checked < 8 {
		t.Errorf("only %d objects were looked at", checked)
	}
	wrong := map[string]any{"spec": map[string]any{"target": map[string]any{"nam": "x"}, "data": "text"}}
	if problems := unknown("wrong", wrong, known["external-secrets.io/v1 ExternalSecret"]); len(problems) != 2 {
		t.Errorf("a wrong field and a wrong type are %q", problems)
	}
}

func define(t *testing.T, path string, known map[string]map[string]any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var definition map[string]any
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&definition); err != nil {
		t.Fatal(err)
	}
	group, _ := charts.At[string](definition, "spec", "group")
	kind, _ := charts.At[string](definition, "spec", "names", "kind")
	versions, _ := charts.At[[]any](definition, "spec", "versions")
	for _, entry := range versions {
		version, _ := entry.(map[string]any)
		if served, _ := version["served"].(bool); served {
			schema, _ := charts.At[map[string]any](version, "schema", "openAPIV3Schema")
			known[fmt.Sprintf("%s/%v %s", group, version["name"], kind)] = schema
		}
	}
}

// unknown are the fields of a value that its schema lacks, those it needs and that are not there, and those of another type.
func unknown(at string, value any, schema map[string]any) []string {
	var problems []string
	switch kind, _ := schema["type"].(string); kind {
	case "object":
		fields, ok := value.(map[string]any)
		if !ok {
			return []string{at + " is no object"}
		}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if text, _ := name.(string); fields[text] == nil {
				problems = append(problems, at+" lacks "+text)
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for name, field := range fields {
			inner, known := properties[name].(map[string]any)
			switch {
			case known:
				problems = append(problems, unknown(at+"."+name, field, inner)...)
			case schema["additionalProperties"] == nil && schema["x-kubernetes-preserve-unknown-fields"] == nil && properties != nil:
				problems = append(problems, at+" has no "+name)
			}
		}
	case "array":
		list, ok := value.([]any)
		if !ok {
			return []string{at + " is no list"}
		}
		items, _ := schema["items"].(map[string]any)
		for i, item := range list {
			problems = append(problems, unknown(fmt.Sprintf("%s[%d]", at, i), item, items)...)
		}
	case "string":
		if _, ok := value.(string); !ok {
			problems = append(problems, at+" is no text")
		}
	}
	return problems
}
