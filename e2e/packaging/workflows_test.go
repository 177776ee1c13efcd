package packaging_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/packaging"
)

func TestThePipelineMayDoWhatItNeedsAndNoMore(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), ".github/workflows/*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	for _, name := range files {
		found, err := packaging.CheckWorkflow([]byte(read(t, ".github/workflows/"+filepath.Base(name))))
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range found {
			t.Errorf("%s: %s", filepath.Base(name), problem)
		}
	}
}

func TestWhatAWorkflowMayNotIsSeen(t *testing.T) {
	const good = `
permissions:
  contents: read
jobs:
  test:
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: ./.github/actions/own
`
	for _, c := range []struct{ from, to, says string }{
		{"@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@v5", "actions/checkout@v5 is not pinned"},
		{"@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@08c6903", "is not pinned"},
		{"contents: read", "contents: write", "contents is write for all jobs"},
		{"permissions:\n  contents: read", "permissions: write-all", "name them"},
		{"permissions:\n  contents: read\n", "", "name them"},
		{"    timeout-minutes: 5\n", "", "timeout-minutes is missing"},
		{"persist-credentials: false", "fetch-depth: 0", "checkout leaves the token"},
		{"    timeout-minutes: 5", "    uses: example/flows/.github/workflows/a.yaml@v1", "a.yaml@v1 is not pinned"},
	} {
		found, err := packaging.CheckWorkflow([]byte(strings.Replace(good, c.from, c.to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		says(t, found, c.says)
	}
	if found, err := packaging.CheckWorkflow([]byte(good)); err != nil || len(found) > 0 {
		t.Errorf("%v: %q", err, found)
	}
	if _, err := packaging.CheckWorkflow([]byte("jobs: [")); err == nil {
		t.Error("no error for what is no YAML")
	}
}

func TestEveryImageIsScannedAndPushed(t *testing.T) {
	apps, err := packaging.Apps(root(t))
	if err != nil {
		t.Fatal(err)
	}
	content := read(t, ".github/workflows/images.yaml")
	for _, c := range []struct{ from, to, says string }{
		{"", "", ""},
		{"[gateway, enhancer,", "[gateway,", "scan: enhancer is missing"},
		{"[gateway, enhancer,", "[gateway, enhancer, doorway,", "push: doorway is in its matrix"},
		{"target: *targets", "target: [gateway]", "push: console is missing"},
	} {
		if !strings.Contains(content, c.from) {
			t.Fatalf("%q is not there to be changed", c.from)
		}
		found, err := packaging.CheckImages([]byte(strings.Replace(content, c.from, c.to, 1)), apps)
		if err != nil {
			t.Fatal(err)
		}
		if c.says == "" {
			clean(t, found)
			continue
		}
		says(t, found, c.says)
	}
	if _, err := packaging.CheckImages([]byte("jobs: ["), apps); err == nil {
		t.Error("no error for what is no YAML")
	}
}
