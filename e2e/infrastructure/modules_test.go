package infrastructure_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/infrastructure"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

const example = "examples/aws"

var modules = []string{
	"modules/network", "modules/secrets", "modules/cluster", "modules/database", "modules/cache", "modules/platform",
}

func projectRoot(t *testing.T) string {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func workspace(t *testing.T) *infrastructure.Workspace {
	t.Helper()
	w, err := infrastructure.NewWorkspace(projectRoot(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryModuleIsValidAndPassesItsTests(t *testing.T) {
	w := workspace(t)
	for _, module := range modules {
		t.Run(module, func(t *testing.T) {
			result, err := w.Check(t.Context(), module)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d runs", result.Passed)
		})
	}
}

// What the example makes, and what is made of it.
func TestTheExample(t *testing.T) {
	result, err := workspace(t).Check(t.Context(), example)
	if err != nil {
		t.Fatal(err)
	}
	for name, check := range map[string]func(*testing.T, infrastructure.Result){
		"the platform takes the values":          thePlatformTakesTheValues,
		"every secret is brought":                everySecretIsBrought,
		"other charts take their values":         otherChartsTakeTheirValues,
		"the ground is as its operators know it": groundIsAsItsOperatorsKnowIt,
		"policies of IAM and of keys are narrow": policiesAreNarrow,
	} {
		t.Run(name, func(t *testing.T) { check(t, result) })
	}
}

// The values that are there to be copied are whole: with them, and without the tests' own, the example's tests pass.
func TestTheExamplesValuesAreWhole(t *testing.T) {
	w := workspace(t)
	folder := w.Path(filepath.Join(infrastructure.Dir, example))
	text, err := os.ReadFile(filepath.Join(folder, "terraform.tfvars.example"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "terraform.tfvars"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile(filepath.Join(folder, "tests", "aws.tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(tests), "\nvariables {\n")
	if !found {
		t.Fatal("the tests have no values of their own any more")
	}
	own, _, _ := strings.Cut(rest, "\n}\n")
	change(t, filepath.Join(folder, "tests", "aws.tftest.hcl"), "\nvariables {\n"+own+"\n}\n", "\n")
	if _, err := w.Check(t.Context(), example); err != nil {
		t.Error(err)
	}
}

func TestEveryModuleIsListed(t *testing.T) {
	var found []string
	for _, pattern := range []string{"modules/*", "examples/*"} {
		paths, err := filepath.Glob(filepath.Join(projectRoot(t), infrastructure.Dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	if len(found) != len(modules)+1 {
		t.Errorf("there are %d modules and examples, and %d are checked: %q", len(found), len(modules)+1, found)
	}
}

func TestFilesAreFormatted(t *testing.T) {
	if said, err := workspace(t).Tofu(t.Context(), ".", "fmt", "-check", "-recursive", "-diff"); err != nil {
		t.Errorf("run `bin/tofu fmt -recursive %s`: %v\n%s", infrastructure.Dir, err, said)
	}
}

// Each of them is a mistake that somebody makes; what says nothing of one would let it through.
func TestMistakesAreNoticed(t *testing.T) {
	for name, mistake := range map[string]struct{ module, file, old, wrong, says string }{
		"an argument that the provider does not know": {
			"modules/database", "main.tf", "storage_encrypted ", "storage_encryptd ", "Unsupported argument",
		},
		"a text where a number is wanted": {
			"modules/network", "main.tf", "= var.log_retention_days", `= "long"`, "a number is required",
		},
		"a resource without what it needs": {"modules/cache", "main.tf", `  description          = "Workflows and messages of ${var.name}"`, "", "Missing required argument"},
		"a database in one zone":           {"modules/database", "main.tf", "multi_az               = true", "multi_az = false", "second zone"},
		"a database in the clear":          {"modules/database", "main.tf", `"rds.force_ssl"                     = "1"`, `"rds.force_ssl" = "0"`, "in the clear"},
		"a Redis that forgets":             {"modules/cache", "main.tf", `"noeviction"`, `"allkeys-lru"`, "does not evict"},
		"a node whose role pods have":      {"modules/cluster", "nodes.tf", "http_put_response_hop_limit = 1", "http_put_response_hop_limit = 2", "credentials"},
		"policies that nobody enforces":    {"modules/cluster", "addons.tf", `enableNetworkPolicy = "true"`, `enableNetworkPolicy = "false"`, "policies are nothing"},
		"a role for every service account": {"modules/cluster", "addons.tf", "${each.value.namespace}:${each.value.name}", "*:*", "autoscaler's"},
		"secrets of the whole account": {
			"modules/secrets", "main.tf", "concat([for secret in aws_secretsmanager_secret.this : secret.arn], [var.database_secret_arn])", `["*"]`, "no other",
		},
		"sidecars that are refused": {"modules/platform", "values.tf", "sidecarDropALLCapabilities = true", "sidecarDropALLCapabilities = false", "lets in"},
		"a module without its input": {
			example, "main.tf", "  secrets_kms_key_arn      = module.secrets.key_arns[\"secrets\"]\n", "", "Missing required argument",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := workspace(t)
			change(t, w.Path(filepath.Join(infrastructure.Dir, mistake.module, mistake.file)), mistake.old, mistake.wrong)
			_, err := w.Check(t.Context(), mistake.module)
			if err == nil {
				t.Fatal("nothing was said of it")
			}
			if said := strings.Join(strings.Fields(err.Error()), " "); !strings.Contains(said, mistake.says) {
				t.Errorf("it failed for another reason than %q:\n%v", mistake.says, err)
			}
		})
	}
}

func change(t *testing.T, path, old, wrong string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s has no %q any more: the mistake cannot be made", path, old)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte(old), []byte(wrong)), 0o600); err != nil {
		t.Fatal(err)
	}
}
