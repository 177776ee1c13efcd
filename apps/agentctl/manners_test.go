package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/console/consoletest"
)

// leaves are the commands that do something, by what one types.
func leaves(root *cobra.Command) map[string]*cobra.Command {
	found := map[string]*cobra.Command{}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		below := cmd.Commands()
		for _, c := range below {
			walk(c)
		}
		if len(below) == 0 {
			found[cmd.CommandPath()] = cmd
		}
	}
	walk(root)
	return found
}

func TestEveryCommandHasAnExampleThatItTakes(t *testing.T) {
	t.Parallel()
	all := leaves(newRootCommand())
	if len(all) < 60 {
		t.Fatalf("only %d commands were found", len(all))
	}
	for path, cmd := range all {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: Short is %q: say what it does in a few words, without a full stop", path, cmd.Short)
		}
		own := 0
		for line := range strings.Lines(strings.ReplaceAll(cmd.Example, "\\\n", " ")) {
			words, is := typedWords(t, line)
			if !is {
				continue
			}
			meant, err := takes(words)
			if err != nil {
				t.Errorf("%s: its example %q: %v", path, strings.TrimSpace(line), err)
			}
			if meant == path {
				own++
			}
		}
		if own == 0 {
			t.Errorf("%s has no example of itself", path)
		}
	}
}

// takes tells which command the words are of, and whether it would begin to work with them.
func takes(words []string) (path string, err error) {
	cmd, rest, err := newRootCommand().Find(words)
	if err != nil {
		return "", err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return cmd.CommandPath(), err
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return cmd.CommandPath(), err
	}
	if err := cmd.ValidateFlagGroups(); err != nil {
		return cmd.CommandPath(), err
	}
	return cmd.CommandPath(), cmd.ValidateArgs(cmd.Flags().Args())
}

// typedWords are the arguments that a shell would give agentctl for the line, quotation marks, pipes and redirections taken
// care of.
func typedWords(t *testing.T, line string) (words []string, is bool) {
	t.Helper()
	var word strings.Builder
	var quote rune
	begun := false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range strings.TrimSpace(line) {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case r == ' ':
			end()
		case r == '|':
			end()
			words = append(words, "|")
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	end()
	if quote != 0 {
		t.Errorf("a quotation mark is open in %q", line)
	}
	at := slices.Index(words, "agentctl")
	if at < 0 || at > 0 && words[at-1] != "|" && !strings.Contains(words[at-1], "=") {
		return nil, false
	}
	words = words[at+1:]
	for i, w := range words {
		if strings.ContainsAny(w[:min(1, len(w))], "|<>#") {
			return words[:i], true
		}
	}
	return words, true
}

// Commands without --json, and why that is right.
const (
	onlyJSON = "prints JSON in any case"
	oneValue = "prints one thing alone, for a variable or a file"
	onlyDone = "says only that it is done"
)

func TestWhatShowsSomethingShowsItToProgramsToo(t *testing.T) {
	t.Parallel()
	without := map[string]string{
		"audit export": onlyJSON, "tenant show": onlyJSON, "tenant prefs show": onlyJSON, "webhook send": onlyJSON,
		"keyset new": oneValue, "keyset add": oneValue, "keyset promote": oneValue, "keyset retire": oneValue,
		"tenant rotate-secret": oneValue, "token create": oneValue, "tenant prefs diff": oneValue,
		"bootstrap": onlyDone, "login": onlyDone, "logout": onlyDone, "audit verify": onlyDone,
		"import tickets": onlyDone, "import kb": onlyDone, "import assets": onlyDone, "import subnets": onlyDone, "reindex": onlyDone,
		"pause": onlyDone, "resume": onlyDone, "queue retry": onlyDone, "queue drop": onlyDone, "queue clear": onlyDone,
		"replay":       "writes its own files, JSON among them",
		"tenant apply": onlyDone, "tenant create": onlyDone, "tenant enable": onlyDone, "tenant disable": onlyDone,
		"tenant delete": onlyDone, "tenant restore": onlyDone, "tenant purge": onlyDone, "tenant move": onlyDone,
		"tenant provision": onlyDone, "tenant deprovision": onlyDone, "tenant prefs set": onlyDone, "tenant prefs rollback": onlyDone,
		"tenant set-api-key": onlyDone, "tenant set-kb-key": onlyDone, "token revoke": onlyDone, "worker drain": onlyDone, "worker undrain": onlyDone,
	}
	for path, cmd := range leaves(newRootCommand()) {
		name := strings.TrimPrefix(path, "agentctl ")
		_, excused := without[name]
		if has := cmd.Flags().Lookup("json") != nil; has == excused {
			t.Errorf("%s: --json is there: %t; excused: %t", path, has, excused)
		}
		delete(without, name)
	}
	if len(without) > 0 {
		t.Errorf("there are no such commands: %q", slices.Sorted(maps.Keys(without)))
	}
}

func TestTenantsAreCompletedWhereverOneIsNamed(t *testing.T) {
	t.Parallel()
	named := 0
	for path, cmd := range leaves(newRootCommand()) {
		for _, flag := range []string{flagTenant, flagOtherTenant} {
			if cmd.Flags().Lookup(flag) == nil {
				continue
			}
			named++
			if _, there := cmd.GetFlagCompletionFunc(flag); !there {
				t.Errorf("%s: the values of --%s are not completed", path, flag)
			}
		}
		if words := strings.Fields(cmd.Use); len(words) > 1 && words[1] == "TENANT" {
			named++
			if cmd.ValidArgsFunction == nil {
				t.Errorf("%s: the tenant is not completed", path)
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d places were looked at", named)
	}
}

func TestCompletion(t *testing.T) {
	environment(t)
	mustApply(t)
	for args, want := range map[string]bool{
		"__complete smoke --tenant al": true, "__complete smoke --tenant be": false,
		"__complete tenant show a": true, "__complete tenant show alpha a": false,
	} {
		if out := must(t, "", args); strings.Contains(out, "alpha\tExample") != want {
			t.Errorf("agentctl %s: %s", args, out)
		}
	}
	t.Setenv("CONSOLE_URL", "http://127.0.0.1:1")
	if out, _, err := apart(t.Context(), "", "__complete", "tenant", "show", ""); err != nil || strings.TrimSpace(out) != ":4" {
		t.Errorf("without a console: %v: %q", err, out)
	}
}

func TestWithoutATokenNothingIsCompleted(t *testing.T) {
	newWorld(t, consoletest.Options{})
	if out, _, err := apart(t.Context(), "", "__complete", "tenant", "show", ""); err != nil || strings.TrimSpace(out) != ":4" {
		t.Errorf("%v: %q", err, out)
	}
}

func TestTheHelpTellsTheExitStatuses(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(newRootCommand().Long, "Exit status:")
	for _, status := range []int{0, exitFailed, exitNotEnhanced, exitRejected, exitStopped} {
		if !strings.Contains(table, "\n  "+strconv.Itoa(status)+" ") {
			t.Errorf("the help says nothing of status %d:%s", status, table)
		}
	}
}

func TestColoursAreForTerminalsOfThoseWhoWantThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		terminal bool
		env      map[string]string
		want     bool
	}{
		{true, nil, true},
		{false, nil, false},
		{true, map[string]string{"NO_COLOR": "1"}, false},
		{true, map[string]string{"TERM": "dumb"}, false},
		{true, map[string]string{"TERM": "xterm", "NO_COLOR": ""}, true},
	} {
		if got := wantsColour(c.terminal, func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
