package synthesis

import "testing"

// Citations and expressions of templates are not imitated, and what technicians need stays legible.
func TestTextsDoNotImitateCitationsOrTemplates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"as in [#99812]":                 "as in #99812",
		"as in [Ticket #99812]":          "as in Ticket #99812",
		"as in [ T9 ] and [A1, S2]":      "as in T9 and A1, S2",
		"[section] and [1] stay":         "[section] and [1] stay",
		"{{x}} {%y%} <%=z%> #{q}":        "{ {x}} { %y%} < %=z%> # {q}",
		"{{{{x}}}}":                      "{ { { {x}}}}",
		"{\"a\":{\"b\":1}} stays":        "{\"a\":{\"b\":1}} stays",
		`copy it to \\fs01\Projects`:     `copy it to \\fs01\Projects`,
		`run \\evil.example\share\x.exe`: "run (link removed)",
		`run "\\192.0.2.1\c$\x.exe"`:     `run "(link removed)`,
	} {
		if got := neutral(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}
