package telemetry_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

var writeDocument = flag.Bool("write-metrics", false, "write docs/metrics.md anew")

func TestTheCommittedListIsTheCatalogue(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "metrics.md")
	made := document(t, telemetry.NewMetrics().Families())
	if *writeDocument {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(committed), made); d != "" {
		t.Errorf("docs/metrics.md is not the catalogue; `make metrics-doc` writes it anew:\n%s", d)
	}
}

type theme struct {
	Name, Anchor string
	Families     []telemetry.Family
}

func document(t *testing.T, families []telemetry.Family) string {
	t.Helper()
	source := filepath.Join("testdata", "metrics.md.tmpl")
	page, err := template.New(filepath.Base(source)).Funcs(template.FuncMap{"labels": labels, "apps": apps, "rest": rest}).ParseFiles(source)
	if err != nil {
		t.Fatal(err)
	}
	var themes []theme
	for _, f := range families {
		if len(themes) == 0 || themes[len(themes)-1].Name != f.Theme {
			anchor := strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(f.Theme))
			themes = append(themes, theme{Name: f.Theme, Anchor: anchor})
		}
		last := &themes[len(themes)-1]
		last.Families = append(last.Families, f)
	}
	var out strings.Builder
	if err := page.Execute(&out, map[string]any{
		"Themes": themes, "Tenants": telemetry.DefaultTenants, "Other": telemetry.OtherTenants,
	}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func labels(f telemetry.Family) string {
	var out []string
	for _, l := range f.Labels {
		text := "`" + l.Name + "`"
		switch {
		case len(l.Values) > 0:
			text += ": `" + strings.Join(l.Values, "`, `") + "`"
		case l.Name != "tenant_id" || !strings.HasPrefix(l.Of, "the tenant, or"):
			text += ": " + l.Of
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, "<br>")
}

func apps(f telemetry.Family) string {
	names := make([]string, len(f.Apps))
	for i, a := range f.Apps {
		names[i] = string(a)
	}
	return strings.Join(names, ", ")
}

func rest(f telemetry.Family) string {
	switch f.Rest {
	case telemetry.RestSum:
		return " `other`: the sum"
	case telemetry.RestMax:
		return " `other`: the largest"
	}
	return ""
}
