package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func prefs(t *testing.T, args string) (p tenant.Preferences) {
	t.Helper()
	if err := json.Unmarshal([]byte(must(t, "", "tenant prefs show alpha "+args)), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// versions are those of alpha's preferences, the newest first.
func versions(t *testing.T) (all []adminapi.PreferencesVersion) {
	t.Helper()
	for line := range strings.Lines(must(t, "", "tenant prefs history alpha --json")) {
		var v adminapi.PreferencesVersion
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func TestPreferencesAreSetKeyByKey(t *testing.T) {
	environment(t)
	mustApply(t)
	out := must(t, "", "tenant prefs set alpha --yes mode=shadow language=pt-br sections_off=[system_info] budget.soft_usd=10 budget.hard_usd=20 temperature=0.5 format=")
	for _, line := range []string{"- mode: (default)", `+ mode: "shadow"`, `+ language: "pt-BR"`, `- format: "markdown"`, "+ format: (default)", "are those of version"} {
		if !strings.Contains(out, line) {
			t.Errorf("does not say %s\n%s", line, out)
		}
	}
	p := prefs(t, "")
	if p.Mode != tenant.ModeShadow || p.Language != "pt-BR" || p.Format != "" || len(p.SectionsOff) != 1 || p.Budget.HardUSD != 20 || *p.Temperature != 0.5 {
		t.Errorf("set %+v", p)
	}
	must(t, "", "tenant prefs set alpha --yes budget.hard_usd= model=7")
	if p := prefs(t, ""); p.Budget != (tenant.Budget{SoftUSD: 10}) || p.Model != "7" || p.Mode != tenant.ModeShadow {
		t.Errorf("set %+v", p)
	}
	if out := must(t, "", "tenant prefs set alpha model=7"); !strings.Contains(out, "already") {
		t.Errorf("says %s", out)
	}
}

func TestWhatIsWrongWithPreferencesIsTold(t *testing.T) {
	environment(t)
	mustApply(t)
	before := prefs(t, "")
	fails(t, "", "tenant prefs set alpha --yes tonne=formal temperature=7", "nothing was changed", "did you mean tone?", "temperature: has to be 2 or less")
	fails(t, "", "tenant prefs set alpha --yes mode", "KEY=VALUE")
	fails(t, "", "tenant prefs set alpha --yes temperature=[", "temperature", "no value")
	fails(t, "", "tenant prefs set alpha --yes", "--file")
	fails(t, "tone: formal\nbudget: [\n", "tenant prefs set alpha --yes --file -", "neither YAML nor JSON")
	fails(t, "mode: shadow\nmode: live\n", "tenant prefs set alpha --yes --file -", "mode")
	fails(t, "", "tenant prefs set alpha mode=off", "nothing was done", "--yes")
	fails(t, "", "tenant prefs set nobody --yes mode=off", "no such tenant")
	fails(t, "", "tenant prefs show alpha --version 1", "no preferences of this version")
	fails(t, "", "tenant prefs diff alpha one", "is no version")
	fails(t, strings.Replace(exampleTenant, `"format"`, `"fromat"`, 1), "tenant apply --file -", "fromat: there is no such key: did you mean format?")
	if out := must(t, "", "tenant prefs set alpha --dry-run mode=off"); !strings.Contains(out, `+ mode: "off"`) {
		t.Errorf("shows %s", out)
	}
	if after := prefs(t, ""); len(tenant.ChangedKeys(before, after)) > 0 || len(versions(t)) != 1 {
		t.Errorf("changed all the same: %+v", after)
	}
}

func TestPreferencesHaveVersions(t *testing.T) {
	w := environment(t)
	mustApply(t)
	const file = "mode: shadow\n# an example\npinned_facts:\n  - The intranet is down on Sundays.\nlanguage: no\n"
	out, err := agentctl(t.Context(), file, "tenant", "prefs", "set", "alpha", "--yes", "--file", "-")
	if err != nil || !strings.Contains(out, `- format: "markdown"`) {
		t.Fatal(out, err)
	}
	must(t, "", "tenant set-api-key alpha --file "+write(t, "key", "example-new-key")) // another version of the tenant, and the same preferences
	must(t, "", "tenant prefs set alpha --yes mode=live")
	all := versions(t)
	if len(all) != 3 || all[0].Preferences.Mode != tenant.ModeLive || all[2].Preferences.Format != tenant.FormatMarkdown || all[1].ChangedBy == "" {
		t.Fatalf("versions %+v", all)
	}
	at := func(i int) string { return strconv.FormatInt(all[i].Version, 10) }
	// A draft's account may name any version of the tenant.
	between := strconv.FormatInt(all[0].Version-1, 10)
	if p := prefs(t, "--version "+between); p.Mode != tenant.ModeShadow || p.Language != "no" {
		t.Errorf("in between: %+v", p)
	}
	fails(t, "", "tenant prefs show alpha --version "+strconv.FormatInt(all[0].Version+1, 10), "no preferences of this version")
	table := must(t, "", "tenant prefs history alpha")
	if strings.Count(table, "\n") != 4 || !strings.Contains(table, "format, language, mode, pinned_facts") {
		t.Errorf("lists %s", table)
	}
	if table := must(t, "", "tenant prefs history alpha --limit 1"); strings.Count(table, "\n") != 2 || !strings.Contains(table, at(0)) {
		t.Errorf("lists %s", table)
	}
	if out := must(t, "", "tenant prefs diff alpha "+at(2)+" "+at(1)); !strings.Contains(out, `+ mode: "shadow"`) || !strings.Contains(out, `- format: "markdown"`) {
		t.Errorf("differs by %s", out)
	}
	if out := must(t, "", "tenant prefs diff alpha "+at(0)); !strings.Contains(out, "the same") {
		t.Errorf("differs by %s", out)
	}
	if out, err := w.atTerminal(t, "no\n", "tenant prefs rollback alpha --to "+at(2)); err == nil || !strings.Contains(out, `+ format: "markdown"`) {
		t.Errorf("asked nobody: %v\n%s", err, out)
	}
	if out, err := w.atTerminal(t, "yes\n", "tenant prefs rollback alpha --to "+at(2)); err != nil || !strings.Contains(out, "Type yes to change") {
		t.Errorf("%v\n%s", err, out)
	}
	if p := prefs(t, ""); p.Format != tenant.FormatMarkdown || p.Mode != "" || p.PinnedFacts != nil {
		t.Errorf("rolled back to %+v", p)
	}
	if len(versions(t)) != 4 {
		t.Error("a rollback makes no version of its own")
	}
}
