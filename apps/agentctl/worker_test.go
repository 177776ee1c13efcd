package main

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/crew"
)

func TestWorkers(t *testing.T) {
	w := environment(t)
	register := crew.NewRegister(w.database.Open(t))
	beat := func(replica string, state crew.State) {
		if _, err := register.Beat(t.Context(), crew.Member{Replica: replica, Version: "v1.2.3", State: state, Steps: 2}); err != nil {
			t.Fatal(err)
		}
	}
	beat("one", crew.Working)
	beat("two", crew.Working)
	if list := must(t, "", "worker list"); !strings.Contains(list, "v1.2.3") || strings.Count(list, "working") != 2 {
		t.Errorf("lists %s", list)
	}
	must(t, "", "worker drain one")
	if list := must(t, "", "worker list"); !strings.Contains(list, "working, to be drained") {
		t.Errorf("lists %s", list)
	}
	fails(t, "", "worker drain two", "No other worker takes work", "--yes")
	fails(t, "", "worker drain one --wait --timeout 1ms", "one is working with 2 steps under way after 1ms")
	beat("one", crew.Drained)
	if out := must(t, "", "worker drain one --wait"); !strings.Contains(out, "one is drained: it can be stopped") {
		t.Errorf("says %s", out)
	}
	w.exec(t, "UPDATE workers SET state = 'working', seen_at = now() - interval '1 minute' WHERE replica = 'one'")
	fails(t, "", "worker drain one --wait", "one has not been heard of since")
	beat("one", crew.Drained)
	must(t, "", "worker drain two --yes")
	if err := register.Leave(t.Context(), "two"); err != nil {
		t.Fatal(err)
	}
	fails(t, "", "worker drain two", "no such worker")
	if out := must(t, "", "worker undrain one"); !strings.Contains(out, "takes work again") {
		t.Errorf("says %s", out)
	}
	fails(t, "", "worker undrain nobody", "no such worker")
}
