package charts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

// project is a repository with the chart's name and the script that packages it.
func project(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, name := range []string{"tools/package-charts.sh", "charts/ai-agents/Chart.yaml"} {
		content, err := os.ReadFile(filepath.Join(projectRoot(t), name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), content, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(projectRoot(t), "bin"), filepath.Join(root, "bin")); err != nil {
		t.Fatal(err)
	}
	return root
}

func git(t *testing.T, root string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", root, "-c", "user.name=Example", "-c", "user.email=example@example.com"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

func TestTheChartOfTheReleaseBefore(t *testing.T) {
	root := project(t)
	git(t, root, "init", "--quiet")
	git(t, root, "add", "charts")
	git(t, root, "commit", "--quiet", "-m", "First")
	git(t, root, "tag", "v0.1.0")
	change := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, charts.Dir, name), []byte("example\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, root, "add", "charts")
		git(t, root, "commit", "--quiet", "-m", "Later")
	}
	// The commit of a release is compared with the release before it, and a later one with it.
	change("second")
	git(t, root, "tag", "v0.2.0")
	was(t, root, "v0.1.0", "")
	change("third")
	was(t, root, "v0.2.0", "second")
}

// was fails unless the chart before is that of the tag, with this file as its newest.
func was(t *testing.T, root, tag, newest string) {
	t.Helper()
	chart, got, err := charts.Previous(t.Context(), root, t.TempDir())
	if err != nil || got != tag {
		t.Fatalf("the release before is %q, %v; want %s", got, err, tag)
	}
	for _, name := range []string{"second", "third"} {
		if _, err := os.Stat(filepath.Join(chart, name)); (err == nil) != (name == newest) {
			t.Errorf("%s has the file %s: %v", tag, name, err)
		}
	}
}

func TestThereWasNoRelease(t *testing.T) {
	root := project(t)
	chart, tag, err := charts.Previous(t.Context(), root, t.TempDir())
	if err != nil || tag != "" || !strings.HasSuffix(chart, "ai-agents-0.0.0.tgz") {
		t.Errorf("%q, %q, %v", chart, tag, err)
	}
	if _, err := os.Stat(chart); err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(root, charts.Dir, "Chart.yaml")); err != nil {
		t.Fatal(err)
	}
	if chart, _, err := charts.Previous(t.Context(), root, t.TempDir()); err == nil {
		t.Errorf("a project without a chart had %s", chart)
	}
}
