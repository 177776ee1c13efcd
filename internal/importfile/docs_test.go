package importfile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/importfile"
)

// TestTheColumnsAreDocumented compares the table in docs/operations.md with the schemas.
func TestTheColumnsAreDocumented(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{} // "tickets": "ticket_id id request id …"
	for line := range strings.SplitSeq(string(data), "\n") {
		cells := strings.Split(line, " | ")
		kind := strings.TrimPrefix(cells[0], "| ")
		if len(cells) != 3 || !strings.HasPrefix(cells[1], "`") || strings.HasPrefix(kind, "`") {
			continue
		}
		name := strings.Split(cells[1], "`")[1]
		names := strings.Split(strings.Trim(cells[2], "`| "), "`, `")
		documented[kind] = append(documented[kind], name+": "+strings.Join(names, ", "))
	}
	want := map[string][]string{
		"tickets": columns(importfile.Tickets()), "kb": columns(importfile.Articles()),
		"assets": columns(importfile.Systems()), "subnets": columns(importfile.Subnets()),
	}
	for kind := range want {
		if diff := cmp.Diff(want[kind], documented[kind]); diff != "" {
			t.Errorf("%s, in the code and in docs/operations.md:\n%s", kind, diff)
		}
	}
}

func columns[T importfile.Record](schema *importfile.Schema[T]) []string {
	var all []string
	for _, c := range schema.Columns {
		all = append(all, c.Name+": "+strings.Join(c.Aliases, ", "))
	}
	return all
}
