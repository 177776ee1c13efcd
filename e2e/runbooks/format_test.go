package runbooks_test

import (
	"slices"
	"strings"
	"testing"
)

// parts are what each runbook consists of, in this order.
var parts = []string{"## Symptoms", "## Diagnosis", "## Resolution", "## Escalation", "## Afterwards"}

func TestEveryRunbookHasItsParts(t *testing.T) {
	t.Parallel()
	texts := pages(t)
	index := texts["README"]
	delete(texts, "README")
	for name, text := range texts {
		if !strings.Contains(index, "]("+name+".md)") {
			t.Errorf("docs/runbooks/README.md does not list %s.md", name)
		}
		for _, problem := range lacking(text) {
			t.Errorf("%s.md %s", name, problem)
		}
	}
}

// lacking says what a page needs and does not have.
func lacking(text string) []string {
	var problems []string
	at := 0
	for _, part := range parts {
		next := strings.Index(text, "\n"+part+"\n")
		switch {
		case next < 0:
			problems = append(problems, "lacks "+part)
		case next < at:
			problems = append(problems, "has "+part+" too early")
		default:
			at = next
		}
	}
	return problems
}

func TestAPageThatLacksAPartIsNoticed(t *testing.T) {
	t.Parallel()
	good := "# A page\n\n" + strings.Join(parts, "\ntext\n\n") + "\n"
	if found := lacking(good); len(found) != 0 {
		t.Errorf("of a good page: %q", found)
	}
	if found := lacking(strings.Replace(good, "## Escalation\n", "", 1)); len(found) != 1 {
		t.Errorf("without a part: %q", found)
	}
	swapped := strings.NewReplacer("## Symptoms", "## Diagnosis", "## Diagnosis", "## Symptoms").Replace(good)
	if found := lacking(swapped); len(found) != 1 {
		t.Errorf("in another order: %q", found)
	}
}

func TestEveryBlockIsOfAKindThatIsTested(t *testing.T) {
	t.Parallel()
	kinds := []string{kindCalm, kindDrill, kindCluster, kindPromQL, kindLogQL, kindText}
	for _, b := range blocks(t) {
		if !slices.Contains(kinds, b.kind) {
			t.Errorf("%s is marked %q: nobody tests that; say one of %q", b, b.kind, kinds)
		}
		if strings.TrimSpace(b.code) == "" {
			t.Errorf("%s is empty", b)
		}
	}
}

// The reader has set the variables that the index lists, and those that the pages explain; what a drill sets is either.
func TestAPageUsesNoVariableThatNobodyExplains(t *testing.T) {
	t.Parallel()
	texts := documents(t)
	for _, b := range blocks(t) {
		for _, name := range variables(b) {
			if !strings.Contains(texts["README"], "`"+name+"`") && !strings.Contains(texts[b.page], "`"+name+"`") {
				t.Errorf("%s uses $%s, which neither its page nor the index explains", b, name)
			}
		}
	}
}
