package charts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

// What a release pushes has its version, and asks for the images of it.
func TestAReleaseHasCharts(t *testing.T) {
	unpacked, dir := t.TempDir(), t.TempDir()
	if said, err := pack(t, "", "1.2.3", dir); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if err := os.Symlink(filepath.Join(projectRoot(t), "bin"), filepath.Join(unpacked, "bin")); err != nil {
		t.Fatal(err)
	}
	into := filepath.Dir(filepath.Join(unpacked, charts.Dir))
	if err := os.Mkdir(into, 0o700); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), "tar", "-xzf", filepath.Join(dir, "ai-agents-1.2.3.tgz"), "-C", into).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	objects, err := charts.Render(t.Context(), unpacked, small...)
	if err != nil {
		t.Fatal(err)
	}
	for owner, pod := range pods(objects) {
		for _, c := range containers(t, pod) {
			if image := at[string](t, c, "image"); strings.HasPrefix(image, "ghcr.io/ai-agents/") && !strings.HasSuffix(image, ":1.2.3") {
				t.Errorf("%s has the image %s", owner, image)
			}
		}
	}
}

func TestWhatIsNoReleaseIsNotPackaged(t *testing.T) {
	for _, c := range []struct{ helm, version, says string }{
		{"", "", "usage"},
		{"", "next", "semantic version"},
		{"/nowhere/helm", "1.2.3", "make kubernetes"},
	} {
		if said, err := pack(t, c.helm, c.version, t.TempDir()); err == nil || !strings.Contains(said, c.says) {
			t.Errorf("helm %q, version %q: %v: %s", c.helm, c.version, err, said)
		}
	}
}

func pack(t *testing.T, helm, version, dir string) (said string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(projectRoot(t), "tools", "package-charts.sh"), version, dir)
	if helm != "" {
		cmd.Env = append(os.Environ(), "HELM="+helm)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
