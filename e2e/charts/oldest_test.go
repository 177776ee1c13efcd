package charts_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

// oldest builds the program that decodes objects as the oldest supported Kubernetes does, and tells which minor version that is.
func oldest(t *testing.T) (program, minor string) {
	t.Helper()
	dir := filepath.Join(projectRoot(t), "tools", "oldest-kubernetes")
	module, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`k8s\.io/api v0\.(\d+)\.`).FindSubmatch(module)
	if found == nil {
		t.Fatal("tools/oldest-kubernetes/go.mod requires no k8s.io/api")
	}
	program = filepath.Join(t.TempDir(), "oldest-kubernetes")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return program, string(found[1])
}

// The chart says from which Kubernetes on it works: what it renders has no field that one does not know, and would drop.
func TestTheOldestKubernetesKnowsEveryField(t *testing.T) {
	program, minor := oldest(t)
	for file, says := range map[string]string{
		filepath.Join(charts.Dir, "Chart.yaml"): `kubeVersion: ">=1.` + minor + `.0-0"`,
		filepath.Join("docs", "deployment.md"):  "| Kubernetes | 1." + minor + " or newer",
	} {
		content, err := os.ReadFile(filepath.Join(projectRoot(t), file))
		if err != nil || !bytes.Contains(content, []byte(says)) {
			t.Errorf("%s does not say %q, %v", file, says, err)
		}
	}
	for name, objects := range installations(t, "--kube-version", "1."+minor+".0") {
		said, err := decode(t, program, objects)
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, said)
		}
	}
	if said, err := decode(t, program, renderTenant(t)); err != nil {
		t.Errorf("of a tenant: %v: %s", err, said)
	}
	objects := render(t, small...)
	// Resources of whole pods are known since 1.32.
	spec := at[map[string]any](t, find(t, objects, "Deployment", "gateway"), "spec", "template", "spec")
	spec["resources"] = map[string]any{"limits": map[string]any{"memory": "1Gi"}}
	if said, err := decode(t, program, objects); err == nil || !strings.Contains(said, `unknown field "spec.template.spec.resources"`) {
		t.Errorf("a field that is too new: %v: %s", err, said)
	}
}

func decode(t *testing.T, program string, objects []charts.Object) (said string, err error) {
	t.Helper()
	var in bytes.Buffer
	encoder := yaml.NewEncoder(&in)
	for _, o := range objects {
		if err := encoder.Encode(map[string]any(o)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Stdin = &in
	out, err := cmd.CombinedOutput()
	return string(out), err
}
