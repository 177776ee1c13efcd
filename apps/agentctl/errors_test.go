package main

import (
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	w := environment(t)
	w.fill(t)
	out := must(t, "", "errors")
	if !strings.Contains(out, "job created") || !strings.Contains(out, "example: HTTP 503") || !strings.Contains(out, "docs/runbooks/low-success-rate.md") || strings.Count(out, "\n") != 2 {
		t.Errorf("lists %s", out)
	}
	if out := must(t, "", "errors --tenant alpha --since 7d --json"); !strings.Contains(out, `"times":1`) {
		t.Errorf("lists %s", out)
	}
	fails(t, "", "errors --since soon", "--since")
	fails(t, "", "errors --since 60d", "31 days")
	fails(t, "", "errors --tenant nobody", "no such tenant")
}
