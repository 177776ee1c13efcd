package dashboards_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a panel tells people to type is there, with the flags that it names. `make build` comes before.
func TestTheCommandsOnPanelsAreThere(t *testing.T) {
	found := 0
	for _, b := range boards(t) {
		for _, p := range b.pictures() {
			for line := range strings.Lines(p.Options.Content) {
				if words := strings.Fields(line); len(words) > 1 && words[0] == "agentctl" {
					found++
					checkCommand(t, b.file+", "+p.Title, words[1:])
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("%d commands: does the test still find them?", found)
	}
}

func checkCommand(t *testing.T, where string, words []string) {
	t.Helper()
	isFlag := func(word string) bool { return strings.HasPrefix(word, "--") }
	path := words
	if i := slices.IndexFunc(words, func(w string) bool { return isFlag(w) || strings.ToUpper(w) == w }); i >= 0 {
		path = words[:i]
	}
	if path[0] == "pause" || path[0] == "resume" { // what is paused is an argument
		path = path[:1]
	}
	asked := strings.Join(path, " ")
	help, err := exec.CommandContext(t.Context(), filepath.Join(repository(t), "bin", "agentctl"), append(slices.Clone(path), "--help")...).CombinedOutput()
	usage := "agentctl " + asked
	if err != nil || !strings.Contains(string(help), "\n  "+usage+" ") && !strings.Contains(string(help), "\n  "+usage+"\n") {
		t.Errorf("%s: `%s` is no command: %v\n%s", where, usage, err, help)
		return
	}
	for _, word := range words {
		if isFlag(word) && !strings.Contains(string(help), word+" ") {
			t.Errorf("%s: `%s` has no %s", where, usage, word)
		}
	}
}
