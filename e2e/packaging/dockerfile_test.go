package packaging_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/packaging"
)

func checkDockerfile(t *testing.T, from, to string) []string {
	t.Helper()
	file, err := packaging.ParseDockerfile(change(t, "Dockerfile", from, to))
	if err != nil {
		return []string{err.Error()}
	}
	apps, err := packaging.Apps(root(t))
	if err != nil {
		t.Fatal(err)
	}
	return packaging.CheckDockerfile(file, apps)
}

func TestEveryAppIsAnImage(t *testing.T) { clean(t, checkDockerfile(t, "", "")) }

func TestWhatIsWrongWithAnImageIsSeen(t *testing.T) {
	for _, c := range []struct{ from, to, says string }{
		{"FROM base AS gateway", "FROM base AS doorway", "gateway is missing"},
		{"FROM base AS gateway", "FROM base AS doorway", "doorway is too much"},
		{"USER 65532:65532", "USER root", `gateway: USER is "root"`},
		{"USER 65532:65532\n", "", `USER is ""`},
		{`ENTRYPOINT ["/enhancer"]`, `ENTRYPOINT /enhancer`, "without a shell"},
		{`ENTRYPOINT ["/console"]`, `ENTRYPOINT ["/gateway"]`, "console: ENTRYPOINT"},
		{`ENTRYPOINT ["/console"]`, "", "console is missing"},
		{"FROM scratch AS base", "FROM debian:12 AS base", "not from scratch"},
		{"golang:1.26.5-bookworm", "golang:latest", "name an exact version"},
		{"golang:1.26.5-bookworm", "golang", "name an exact version"},
		{"golang:1.26.5-bookworm", "golang:1", "name an exact version"},
		{"-trimpath ", "", "-trimpath"},
		{"linkedVersion=$VERSION", "version=$VERSION", "linkedVersion"},
		{`org.opencontainers.image.source=`, `source=`, "image.source is missing"},
		{"COPY go.mod go.sum ./", "COPPY go.mod", "COPPY"},
	} {
		says(t, checkDockerfile(t, c.from, c.to), c.says)
	}
}

// TestTheLinkerSetsWhatIsThere: it ignores a name that nothing has, without a word.
func TestTheLinkerSetsWhatIsThere(t *testing.T) {
	const pkg = "github.com/ai-agents/ai-agents/internal/telemetry."
	variables := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(root(t), "internal/telemetry/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			group, is := decl.(*ast.GenDecl)
			if !is || group.Tok != token.VAR {
				continue
			}
			for _, spec := range group.Specs {
				if values, is := spec.(*ast.ValueSpec); is {
					for _, ident := range values.Names {
						variables[ident.Name] = true
					}
				}
			}
		}
	}
	set := regexp.MustCompile(`-X (\S+?)(\w+)=\$`).FindAllStringSubmatch(read(t, "Dockerfile"), -1)
	if len(set) == 0 {
		t.Fatal("the linker sets nothing")
	}
	for _, match := range set {
		if match[1] != pkg || !variables[match[2]] {
			t.Errorf("-X %s%s: there is no such variable", match[1], match[2])
		}
	}
}

// TestTheContextHasWhatIsCopiedAndNoMore: .dockerignore lets in what the Dockerfile copies, which is all that a build needs.
func TestTheContextHasWhatIsCopiedAndNoMore(t *testing.T) {
	var allowed []string
	for line := range strings.Lines(read(t, ".dockerignore")) {
		if name, is := strings.CutPrefix(strings.TrimSpace(line), "!"); is {
			allowed = append(allowed, name)
		}
	}
	copied := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`).FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		for name := range strings.FieldsSeq(match[1]) {
			copied[name] = true
		}
	}
	for _, name := range allowed {
		if !copied[name] {
			t.Errorf("%s is in the context and in no image", name)
		}
		delete(copied, name)
		if _, err := os.Stat(filepath.Join(root(t), name)); err != nil {
			t.Error(err)
		}
	}
	for name := range copied {
		t.Errorf("%s is copied and not in the context", name)
	}
}
