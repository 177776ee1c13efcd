package packaging_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDaprKnowsTheFlags asks the programs of the version that the images have: one that is unknown ends the container.
func TestDaprKnowsTheFlags(t *testing.T) {
	project := load(t, "", "")
	version := strings.TrimPrefix(strings.Fields(read(t, "bin/.dapr-version"))[0], "v")
	for name, program := range map[string]string{
		"placement": "placement", "scheduler": "scheduler", "gateway-dapr": "daprd", "enhancer-dapr": "daprd", "console-dapr": "daprd", "simulator-dapr": "daprd",
	} {
		service := project.Services[name]
		if want := "daprio/" + program + ":" + version; service.Image != want {
			t.Errorf("%s: image %s, and everything here was tested with %s", name, service.Image, want)
		}
		if service.Command[0] != "./"+program {
			t.Errorf("%s runs %s", name, service.Command[0])
		}
		path := filepath.Join(root(t), "bin", program)
		usage, _ := exec.CommandContext(t.Context(), path, "--help").CombinedOutput() // its exit status says nothing
		if !strings.Contains(string(usage), "Usage of "+program) {
			t.Fatalf("%s --help, which tools/build-dapr.sh builds: %s", path, usage)
		}
		for _, word := range service.Command[1:] {
			flag, _, _ := strings.Cut(word, "=")
			if strings.HasPrefix(flag, "--") && !strings.Contains(string(usage), flag+" ") {
				t.Errorf("%s does not know %s", program, flag)
			}
		}
	}
}
