package main

import (
	"strings"
	"testing"
)

func TestPauseAndResume(t *testing.T) {
	w := environment(t)
	mustApply(t)
	out := must(t, "", "pause processing --tenant alpha --reason moves --for 2h")
	if !strings.Contains(out, "processing of alpha is paused until ") || !strings.Contains(out, "nothing is lost") {
		t.Errorf("says %s", out)
	}
	if out := must(t, "", "pause intake --tenant alpha --reason moves"); !strings.Contains(out, "until it is resumed") || !strings.Contains(out, "updates are caught up only") {
		t.Errorf("says %s", out)
	}
	fails(t, "", "pause intake --all --reason moves", "of all tenants", "give --yes")
	must(t, "", "pause intake --all --reason upgrade --yes")
	list := must(t, "", "pauses")
	if !strings.Contains(list, "(all)") || !strings.Contains(list, "upgrade") || strings.Count(list, "\n") != 4 {
		t.Errorf("lists %s", list)
	}
	if out := must(t, "", "queue list"); !strings.Contains(out, "processing of alpha is paused since") || !strings.Contains(out, "intake of (all) is paused") {
		t.Errorf("the queue says nothing of it: %s", out)
	}
	if out := must(t, "", "resume intake --tenant alpha"); !strings.Contains(out, "stays paused") {
		t.Errorf("says %s", out)
	}
	must(t, "", "resume intake --all")
	must(t, "", "resume processing --tenant alpha")
	fails(t, "", "resume processing --tenant alpha", "no such pause")
	if n := w.stored(t, "SELECT count(*)::text FROM tenant_pauses"); n != "0" {
		t.Errorf("%s are left", n)
	}
	fails(t, "", "pause everything --all --reason x", `"everything" cannot be paused`)
	fails(t, "", "pause intake --reason example", "tenant")
	fails(t, "", "pause intake --all --tenant alpha --reason example", "tenant")
	fails(t, "", "pause intake --tenant alpha --reason example --for 31d", "--for", "1s to 30d")
	fails(t, "", "pause intake --tenant alpha", "reason")
	fails(t, "", "pause intake --tenant nobody --reason example", "no such tenant")
}

// A token that is good for some tenants is told of the pause of all once.
func TestPausesOfARestrictedToken(t *testing.T) {
	environment(t)
	mustApply(t)
	must(t, "", "pause processing --all --reason upgrade --yes")
	out, _, err := apart(t.Context(), "", "token", "create", "--name", "restricted", "--may", "jobs:read", "--tenant", "later", "--tenant", "alpha", "--valid", "1d")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AGENTCTL_TOKEN", strings.TrimSpace(out))
	if list := must(t, "", "pauses"); strings.Count(list, "(all)") != 1 || strings.Contains(list, "upgrade") {
		t.Errorf("lists %s", list)
	}
}
