// Package infrastructure checks deploy/terraform: by OpenTofu, with stand-ins for the providers that know their schemas (tools/terraform),
// and by rendering the charts with the values that the modules make. Nothing is made anywhere, and nothing is asked over the network.
package infrastructure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Dir is what is checked, below the project's root.
const Dir = "deploy/terraform"

// registry is where OpenTofu thinks that providers come from.
const registry = "registry.opentofu.org/hashicorp"

// Workspace is a copy of the project's infrastructure and charts, in which OpenTofu may leave what it leaves.
type Workspace struct {
	root, tofu, config string
}

// NewWorkspace copies from the project's root to an empty folder, and puts the stand-ins beside the copy.
func NewWorkspace(root, folder string) (*Workspace, error) {
	w := &Workspace{
		root: filepath.Join(folder, "project"), tofu: filepath.Join(root, "bin", "tofu"), config: filepath.Join(folder, "tofu.rc"),
	}
	for _, program := range []string{"tofu", "terraform-schemas"} {
		if _, err := os.Stat(filepath.Join(root, "bin", program)); err != nil {
			return nil, fmt.Errorf("bin/%s is missing: tools/build-terraform.sh builds it: %w", program, err)
		}
	}
	for _, part := range []string{Dir, "charts"} {
		if err := os.CopyFS(filepath.Join(w.root, part), os.DirFS(filepath.Join(root, part))); err != nil {
			return nil, fmt.Errorf("copy %s: %w", part, err)
		}
	}
	mirror := filepath.Join(folder, "mirror")
	for _, provider := range []string{"aws", "helm"} {
		if err := standIn(root, mirror, provider); err != nil {
			return nil, fmt.Errorf("stand in for the provider %s: %w", provider, err)
		}
	}
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	return w, os.WriteFile(w.config, []byte(text), 0o600)
}

// standIn lays a provider out as a mirror has it.
func standIn(root, mirror, provider string) error {
	text, err := os.ReadFile(filepath.Join(root, "tools", "terraform", "providers", provider+".json"))
	if err != nil {
		return err
	}
	var schema struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		return err
	}
	folder := filepath.Join(mirror, registry, provider, schema.Version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "schema.json"), text, 0o600); err != nil { //nolint:gosec // The folder is the caller's.
		return err
	}
	program, err := os.ReadFile(filepath.Join(root, "bin", "terraform-schemas"))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("terraform-provider-%s_v%s", provider, schema.Version)
	return os.WriteFile(filepath.Join(folder, name), program, 0o700) //nolint:gosec // It is run.
}

// Path is that of a file of the copy, by its place in the project.
func (w *Workspace) Path(name string) string { return filepath.Join(w.root, name) }

// Tofu runs OpenTofu in a module, by its place below Dir; what it says is there in any case.
func (w *Workspace) Tofu(ctx context.Context, module string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, w.tofu, args...) //nolint:gosec // The program is the project's own.
	cmd.Dir = w.Path(filepath.Join(Dir, module))
	// Neither the machine's settings nor anybody's credentials.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(w.config), "TF_CLI_CONFIG_FILE=" + w.config, "TF_IN_AUTOMATION=1"}
	said, err := cmd.CombinedOutput()
	if err != nil {
		return said, fmt.Errorf("tofu %s in %s: %w", args[0], module, err)
	}
	return said, nil
}

// Check initialises a module, validates it and runs its tests; the error has what OpenTofu said.
func (w *Workspace) Check(ctx context.Context, module string) (Result, error) {
	for _, args := range [][]string{{"init", "-backend=false", "-input=false", "-no-color"}, {"validate", "-no-color"}} {
		if said, err := w.Tofu(ctx, module, args...); err != nil {
			return Result{}, fmt.Errorf("%w\n%s", err, said)
		}
	}
	said, err := w.Tofu(ctx, module, "test", "-json", "-verbose")
	result, unread := read(said)
	if err != nil {
		return result, fmt.Errorf("%w\n%s", err, result.problems)
	}
	return result, unread
}

// errNoRun is a module's whose tests say nothing.
var errNoRun = errors.New("no test was run")
