package evaluation

import (
	"strings"
	"testing"
	"testing/fstest"
)

const goodCase = `cases:
  - name: example
    language: en
    ticket: {id: "1", subject: Printer prints blank pages, description: "Call Ada Beispiel."}
    tickets:
      - {id: "2", subject: Blank pages, resolution: Removed the seal., resolved: 2026-01-02, relevance: 0.5}
    relevant: ["2"]
    facts: [seal]
    private: [Ada Beispiel]
`

func TestACaseIsReadStrictly(t *testing.T) {
	t.Parallel()
	read := func(content string) error {
		_, err := loadCases(fstest.MapFS{"cases/example.yaml": {Data: []byte(content)}})
		return err
	}
	if err := read(goodCase); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ from, to, want string }{
		"a field that is not known":      {"facts:", "fact:", "line 8: field fact not found"},
		"an expression that is none":     {"[seal]", `["("]`, "missing closing"},
		"a fact that no source says":     {"[seal]", "[toner]", "case 1 example: facts[0]: no relevant source says toner"},
		"what a good note has forbidden": {"facts: [seal]", "facts: [seal]\n    forbidden: [Removed]", "forbidden[0]: a relevant source says"},
		"a source that is not there":     {`["2"]`, `["3"]`, "relevant[0]: no source has the id 3"},
		"nothing expected":               {"facts: [seal]", "facts: []", "relevant, facts: what can be answered needs both"},
		"both":                           {"facts: [seal]", "facts: [seal]\n    unanswerable: so it is", "unanswerable: goes without"},
		"a value that is not planted":    {"[Ada Beispiel]", "[Eva Muster]", `private[0]: "Eva Muster" is in no text`},
		"a short value":                  {"[Ada Beispiel]", "[Ada]", "private[0]"},
		"no day":                         {"2026-01-02", "yesterday", `tickets[0].resolved: "yesterday" is no day`},
		"a relevance that is none":       {"0.5", "5", "tickets[0].relevance: 5 does not lie"},
		"no name":                        {"name: example", "name: Example 1", "name: \"Example 1\" must be"},
		"no language":                    {"language: en", "language: English", "language: \"English\" is no tag"},
		"no id":                          {`id: "1"`, `id: "x"`, `ticket.id: "x" is no id`},
		"no subject":                     {"subject: Printer prints blank pages", `subject: ""`, "ticket.subject: is missing"},
		"a source without an id":         {`id: "2"`, `id: ""`, "tickets[0]: has no id"},
		"two of a name":                  {"cases:\n", goodCase, "there is one of that name in cases/example.yaml"},
	} {
		err := read(strings.Replace(goodCase, tc.from, tc.to, 1))
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "cases/example.yaml") {
			t.Errorf("%s: %v does not say %q", name, err, tc.want)
		}
	}
}

func TestAnAttackIsReadStrictly(t *testing.T) {
	t.Parallel()
	const good = "class: example\nwhere: [ticket.subject]\nattacks:\n  - {name: example, text: x, wants: [link]}\n"
	read := func(content string) error {
		_, err := loadAttacks(fstest.MapFS{"attacks/example.yaml": {Data: []byte(content)}})
		return err
	}
	if err := read(good); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ from, to, want string }{
		"a place that is none":   {"ticket.subject", "ticket.body", `where[0]: "ticket.body" is none of`},
		"an effect that is none": {"link", "harm", `wants[0]: "harm" is none of`},
		"no text":                {"text: x", `text: ""`, "text: is missing"},
		"no class":               {"class: example", "class: \"\"", "class: is missing"},
		"no place":               {"where: [ticket.subject]", "where: []", "where: is missing"},
		"no effect":              {"wants: [link]", "wants: []", "wants: is missing"},
		"no name":                {"name: example", "name: _", "must be words"},
		"too often":              {"text: x", "text: x, repeat: 1000000", "repeat: 1000000 does not lie"},
	} {
		err := read(strings.Replace(good, tc.from, tc.to, 1))
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "attacks/example.yaml") {
			t.Errorf("%s: %v does not say %q", name, err, tc.want)
		}
	}
	if err := read(good + "  - {name: example, text: y, wants: [link]}\n"); err == nil || !strings.Contains(err.Error(), "there is one of that name") {
		t.Errorf("two of a name: %v", err)
	}
}

func TestTheTableGoesBetweenItsLines(t *testing.T) {
	t.Parallel()
	r := Report{Simulated: true}
	got, err := r.WithTable("a\n" + tableBegins + "old\n" + tableEnds + "b\n")
	if err != nil || strings.Contains(got, "old") || !strings.HasPrefix(got, "a\n"+tableBegins) || !strings.HasSuffix(got, tableEnds+"b\n") {
		t.Errorf("%q, %v", got, err)
	}
	for _, document := range []string{"", tableBegins, tableEnds, tableEnds + tableBegins} {
		if _, err := r.WithTable(document); err == nil {
			t.Errorf("%q has a table", document)
		}
	}
}
