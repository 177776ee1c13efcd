package dashboards_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/ai-agents/ai-agents/e2e/dashboards"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// board is what the tests look at of a dashboard, as Grafana would read it from its file.
type board struct {
	file          string
	raw           []byte
	UID           string `json:"uid"`
	Title         string
	Description   string
	Refresh       string
	SchemaVersion int
	Tags          []string
	Time          span
	Timepicker    struct {
		QuickRanges []span `json:"quick_ranges"`
	}
	Templating  struct{ List []variable }
	Annotations struct{ List []struct{ Expr string } }
	Panels      []panel
}

type span struct{ Display, From, To string }

type variable struct {
	Name  string
	Multi bool
	Query struct{ Query string }
}

type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	Datasource  source
	GridPos     struct{ X, Y, W, H int }
	Targets     []target
	FieldConfig struct {
		Defaults  struct{ Unit string }
		Overrides []struct {
			Matcher struct{ Options string }
		}
	}
	Options struct{ Content string }
}

type source struct{ Type, UID string }

type target struct {
	RefID                    string `json:"refId"`
	Expr                     string
	Instant, Range, Exemplar bool
	Datasource               source
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository(t), path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// boards are the committed ones.
func boards(t *testing.T) []board {
	t.Helper()
	names, err := fs.Glob(os.DirFS(repository(t)), dashboards.Dir+"/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d dashboards, %v", len(names), err)
	}
	var all []board
	for _, name := range names {
		b := board{file: filepath.Base(name), raw: read(t, name)}
		if err := json.Unmarshal(b.raw, &b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, b)
	}
	return all
}

// pictures are the panels that are no headings.
func (b board) pictures() []panel {
	return slices.DeleteFunc(slices.Clone(b.Panels), func(p panel) bool { return p.Type == "row" })
}

func TestTheCommittedFilesAreTheOnesThatTheCodeMakes(t *testing.T) {
	made := map[string]string{}
	files, err := dashboards.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		made[f.Name] = string(f.JSON)
	}
	committed := map[string]string{}
	for _, b := range boards(t) {
		committed[b.file] = string(b.raw)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(made)), slices.Sorted(maps.Keys(committed))); diff != "" {
		t.Fatalf("files (-code +committed), run `make dashboards`:\n%s", diff)
	}
	for name := range made {
		if diff := cmp.Diff(made[name], committed[name]); diff != "" {
			t.Errorf("%s (-code +committed), run `make dashboards`:\n%s", name, diff)
		}
	}
}

// The strict reading fails over fields that Grafana's schema does not have, and over those that it requires.
func TestTheFilesAreOfGrafanasSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for _, b := range boards(t) {
		var d dashboard.Dashboard
		if err := d.UnmarshalJSONStrict(b.raw); err != nil {
			t.Errorf("%s: %v", b.file, err)
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", b.file, err)
		}
	}
}
