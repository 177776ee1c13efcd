package docs_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// marks are what may stand behind a fence, and what becomes of such a block. docs/runbooks has kinds of its own, which e2e/runbooks runs.
var marks = map[string]string{
	"bash":    "its commands, flags, targets and files are looked up",
	kindStart: "is typed in its order by TestGettingStartedCanBeFollowed",
	"text":    "output, a layout or an example that is not typed",
	"json":    "data", "yaml": "data", "sql": "a query", "promql": "parsed by promtool in e2e/runbooks", "logql": "looked at in e2e/runbooks",
	"go": "code", "python": "run by the tests of samples", "powershell": "a sample, which says that it was not run",
	"bash drill": "run by e2e/runbooks", "bash cluster": "looked at by e2e/runbooks",
}

// commandPages are all pages with commands for people.
func commandPages(t *testing.T, root string) []string {
	t.Helper()
	pages := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"}
	for _, name := range files(t, root, ".md") {
		if strings.HasPrefix(name, "docs"+string(filepath.Separator)) {
			pages = append(pages, name)
		}
	}
	return pages
}

func TestEveryBlockIsMarked(t *testing.T) {
	t.Parallel()
	root := repository(t)
	for _, page := range commandPages(t, root) {
		for _, b := range blocks(t, root, page) {
			if marks[b.kind] == "" {
				t.Errorf("%s is marked %q, and no test knows what becomes of that: write one of these behind the fence: %s",
					b, b.kind, strings.Join(slices.Sorted(maps.Keys(marks)), ", "))
			}
		}
	}
}

// What a reader is told to type is there. A command that is not run by a test can at least be parsed and looked up.
func TestCommandsExist(t *testing.T) {
	t.Parallel()
	root := repository(t)
	known := newCatalogue(t, root)
	looked := 0
	for _, page := range commandPages(t, root) {
		for _, b := range blocks(t, root, page) {
			if !strings.HasPrefix(b.kind, "bash") {
				continue
			}
			looked++
			for _, problem := range known.problems(t, b.code) {
				t.Errorf("%s: %s", b, problem)
			}
		}
	}
	const least = 100
	if looked < least {
		t.Errorf("%d blocks were found; are they read as they are written?", looked)
	}
}

// The check itself can fail.
func TestCommandsThatDoNotExistAreNoticed(t *testing.T) {
	t.Parallel()
	known := newCatalogue(t, repository(t))
	for code, want := range map[string]string{
		"make no-such-target":                  "no-such-target",
		"make build && make demmo":             "demmo",
		"bin/no-such-program up":               "no-such-program",
		"tools/no-such-script.sh":              "no-such-script.sh",
		"bash deploy/no-such-file":             "deploy/no-such-file",
		"if true; then echo":                   "parse",
		"go test ./internal/no-such-package":   "no-such-package",
		"helm upgrade x charts/no-such-chart":  "no-such-chart",
		"kubectl gte pods":                     "gte",
		"docker compose -f x.yml down\nmake x": "make x",
	} {
		if found := strings.Join(known.problems(t, code), "\n"); !strings.Contains(found, want) {
			t.Errorf("of %q it says %q", code, found)
		}
	}
	for _, code := range []string{
		"make demo KEEP=1", "make chaos CHAOS_FLAGS='-long -seed 42'", "bin/agentctl whoami", "# make nothing\necho make something",
		"kubectl -n x get pods", "cd internal/masking && go test .",
	} {
		if found := known.problems(t, code); len(found) != 0 {
			t.Errorf("of %q it says %q", code, found)
		}
	}
}

// catalogue is what can be typed in the repository.
type catalogue struct {
	root     string
	targets  []string
	programs []string
}

var (
	target     = regexp.MustCompile(`(?m)^([a-z0-9][a-z0-9 -]*):(?:[^=]|$)`)
	makes      = regexp.MustCompile(`(?m)(?:^|&&|;|\|\|)[ \t]*(?:[A-Z_]+=\S+[ \t]+)*make((?:[ \t]+[A-Za-z0-9_=./:'" -]+)?)`)
	quotedText = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	program    = regexp.MustCompile(`(?m)(?:^|[\s;&|($])bin/([a-z][a-z-]*)`)
	path       = regexp.MustCompile(`(?:^|[\s='"(])\.?/?((?:apps|charts|components|deploy|docs|e2e|internal|migrations|tools|workflows)/[A-Za-z0-9_./-]*[A-Za-z0-9_])`)
	kubectl    = regexp.MustCompile(`(?m)(?:^|[;&|(])[ \t]*kubectl((?:[ \t]+(?:-n|--namespace|--context)[ =]\S+)*)[ \t]+([a-z-]+)`)
)

// verbs of kubectl that pages use.
var verbs = []string{
	"annotate", "apply", "auth", "config", "create", "cp", "debug", "delete", "describe", "drain", "edit", "events", "exec", "explain", "expose", "get", "label", "logs",
	"patch", "port-forward", "replace", "rollout", "run", "scale", "set", "taint", "top", "uncordon", "version", "wait",
}

func newCatalogue(t *testing.T, root string) catalogue {
	t.Helper()
	c := catalogue{root: root}
	for _, match := range target.FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1) {
		c.targets = append(c.targets, strings.Fields(match[1])...)
	}
	for _, dir := range []string{"apps", filepath.Join("e2e", "cmd")} {
		entries, err := os.ReadDir(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			c.programs = append(c.programs, entry.Name())
		}
	}
	// These are built by tools/.
	c.programs = append(c.programs, "daprd", "placement", "scheduler", "helm", "kubectl", "tofu", "jaeger", "otelcol")
	return c
}

func (c catalogue) problems(t *testing.T, code string) []string {
	t.Helper()
	var found []string
	cmd := exec.CommandContext(t.Context(), "bash", "-n")
	cmd.Stdin = strings.NewReader(code)
	if out, err := cmd.CombinedOutput(); err != nil {
		found = append(found, "bash does not parse it: "+string(out))
	}
	code = withoutComments(code)
	for _, match := range makes.FindAllStringSubmatch(quotedText.ReplaceAllString(code, "''"), -1) {
		for word := range strings.FieldsSeq(match[1]) {
			if !strings.Contains(word, "=") && !strings.HasPrefix(word, "-") && !slices.Contains(c.targets, word) {
				found = append(found, "there is no `make "+word+"`")
			}
		}
	}
	for _, match := range program.FindAllStringSubmatch(code, -1) {
		if !slices.Contains(c.programs, match[1]) {
			found = append(found, "nothing builds bin/"+match[1])
		}
	}
	for _, match := range path.FindAllStringSubmatch(code, -1) {
		name := strings.TrimSuffix(strings.TrimSuffix(match[1], "/..."), "/")
		if _, err := os.Stat(filepath.Join(c.root, name)); err != nil {
			found = append(found, "there is no "+match[1])
		}
	}
	for _, match := range kubectl.FindAllStringSubmatch(code, -1) {
		if !slices.Contains(verbs, match[2]) {
			found = append(found, "kubectl has no "+match[2])
		}
	}
	return found
}

// withoutComments leaves out what Bash does, as far as pages have it.
func withoutComments(code string) string {
	var kept []string
	for line := range strings.SplitSeq(code, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		if at := strings.Index(line, " # "); at >= 0 && strings.Count(line[:at], "'")%2 == 0 && strings.Count(line[:at], `"`)%2 == 0 {
			line = line[:at]
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}
