package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// TestAKeyIsReplacedOnTheWayFromStandardInputToStandardOutput takes all three steps.
func TestAKeyIsReplacedOnTheWayFromStandardInputToStandardOutput(t *testing.T) {
	nowhere(t) // nobody is asked
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	before := keysOf(t, keyset)
	var old uint32
	for old = range before {
		break
	}
	change := func(args ...string) string {
		out, messages, err := apart(t.Context(), keyset, append([]string{"keyset"}, args...)...)
		if err != nil || messages == "" || strings.Contains(messages, "keyData") {
			t.Fatalf("%v: %v: %s", args, err, messages)
		}
		return out
	}
	keyset = change("add")
	both := keysOf(t, keyset)
	if len(before) != 1 || len(both) != 2 || !both[old] {
		t.Fatalf("keys %v", both)
	}
	var fresh uint32
	for id, primary := range both {
		if id != old {
			fresh = id
			if primary {
				t.Error("the new key seals before others can open")
			}
		}
	}
	fails(t, keyset, fmt.Sprint("keyset retire ", old), "primary")
	keyset = change("promote", strconv.Itoa(int(fresh)))
	if !keysOf(t, keyset)[fresh] {
		t.Error("the new key is not the primary one")
	}
	keyset = change("retire", strconv.Itoa(int(old)))
	if left := keysOf(t, keyset); len(left) != 1 || !left[fresh] {
		t.Errorf("keys %v", left)
	}
	fails(t, keyset, "keyset promote 1", "no such key")
	fails(t, keyset, "keyset promote abc", `"abc" is no key`)
	fails(t, "", "keyset add", "standard input is empty")
	fails(t, "{}", "keyset add", "Tink keyset")
}

// TestTheFirstKeysetCanBeUsed seals with it, and makes another one each time.
func TestTheFirstKeysetCanBeUsed(t *testing.T) {
	nowhere(t) // nobody is asked
	seen := map[string]bool{}
	for range 2 {
		out, _, err := apart(t.Context(), "", "keyset", "new")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tenant.NewSealer(out); err != nil || len(keysOf(t, out)) != 1 {
			t.Errorf("%v, keys %v", err, keysOf(t, out))
		}
		seen[out] = true
	}
	if len(seen) != 2 {
		t.Error("the same keyset twice")
	}
	fails(t, "", "keyset new here", "keyset new")
}

// keysOf says of each key whether it is the primary one.
func keysOf(t *testing.T, keyset string) map[uint32]bool {
	t.Helper()
	keys, err := tenant.KeysOf(keyset)
	if err != nil {
		t.Fatal(err)
	}
	found := map[uint32]bool{}
	for _, key := range keys {
		found[key.ID] = key.Primary
	}
	return found
}

func TestKeysetStatus(t *testing.T) {
	environment(t)
	mustApply(t)
	if out := must(t, "", "keyset status"); !strings.Contains(out, "3") || !strings.Contains(out, "new values are sealed with it") {
		t.Errorf("says %s", out)
	}
	if out := must(t, "", "keyset status --json"); !strings.Contains(out, `"primary": true`) {
		t.Errorf("says %s", out)
	}
}
