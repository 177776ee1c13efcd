package stack

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// An app's own configuration takes the place of the common one, as in the Dapr CLI. It is what keeps the other apps from the
// console's secrets.
func TestAnAppsOwnConfigurationWins(t *testing.T) {
	t.Parallel()
	ports := newAllocator(Any)
	defer ports.releaseAll()
	file, err := readRunFile("../../dapr.yaml", ports)
	if err != nil {
		t.Fatal(err)
	}
	l := &launch{file: file}
	seen := 0
	for i := range file.Apps {
		a := &file.Apps[i]
		args := l.sidecarArgs(a)
		at := slices.Index(args, "--config")
		if at < 0 {
			t.Fatalf("%s has no configuration: %q", a.AppID, args)
		}
		content, err := os.ReadFile(args[at+1])
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		for _, secret := range []string{secretConsoleURL, secretBootstrap} {
			_, denied, _ := strings.Cut(text, "deniedSecrets:")
			_, allowed, _ := strings.Cut(text, "allowedSecrets:")
			mayRead := !strings.Contains(denied, secret) && (!strings.Contains(text, "defaultAccess: deny") || strings.Contains(allowed, secret))
			if mayRead != (a.AppID == "console") {
				t.Errorf("%s may read %s: %t", a.AppID, secret, mayRead)
			}
			seen++
		}
	}
	if seen < 8 {
		t.Errorf("only %d looked at", seen)
	}
}
