package stack_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/enhancement/dispatch"
	"github.com/ai-agents/ai-agents/workflows"
)

// Jobs wait in the ledger, where tenants take turns: what may run at once fits into the sidecar's limits. And no tenant alone keeps
// others waiting for the model.
func TestTheEnginesLimitsFitTheQueues(t *testing.T) {
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "components", "configuration-enhancer.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Spec struct {
			Workflow struct {
				Workflows  int `yaml:"maxConcurrentWorkflowInvocations"`
				Activities int `yaml:"maxConcurrentActivityInvocations"`
				ByName     []struct {
					Name string `yaml:"name"`
					Most int    `yaml:"maxConcurrent"`
				} `yaml:"activityConcurrencyLimits"`
			} `yaml:"workflow"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	limits := file.Spec.Workflow
	const searches = 3 // of a job, side by side
	tenant, all := usual(t, "TenantLimit"), usual(t, "GlobalLimit")
	if limits.Workflows < all || limits.Activities < searches*all {
		t.Errorf("%d jobs may run, but %d workflows and %d activities be at work", all, limits.Workflows, limits.Activities)
	}
	if len(limits.ByName) != 1 || limits.ByName[0].Name != workflows.ActivitySynthesize {
		t.Fatalf("the model's limit is missing: %+v", limits.ByName)
	}
	if model := limits.ByName[0].Most; model < 2*tenant || model >= all {
		t.Errorf("the model is asked %d questions at once; a tenant may have %d jobs, all together %d", model, tenant, all)
	}
}

// usual is the default of a setting of the dispatcher.
func usual(t *testing.T, name string) int {
	t.Helper()
	field, ok := reflect.TypeFor[dispatch.Config]().FieldByName(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	n, err := strconv.Atoi(field.Tag.Get("default"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
