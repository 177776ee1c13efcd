package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every call of agentctl in the documentation is one that this program takes: its command, its flags and its arguments.
func TestTheDocumentsCallsAreTaken(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/runbooks/*.md", "charts/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	calls := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range documentedCalls(string(text)) {
			calls++
			if err := taken(call.words); err != nil {
				t.Errorf("%s:%d: agentctl %s: %v", page, call.line, strings.Join(call.words, " "), err)
			}
		}
	}
	const least = 100
	if calls < least {
		t.Errorf("%d calls were found; are they read as they are written?", calls)
	}
}

func TestACallThatIsNotTakenIsNoticed(t *testing.T) {
	t.Parallel()
	page := func(code string) string { return "```bash\n" + code + "\n```\n" }
	for code, want := range map[string]int{
		"bin/agentctl whoami": 0,
		"x=$(agentctl job list --tenant a --json | jq -r .x)": 0,
		"agentctl whoamy":                                              1,
		"agentctl job list --tenannt a":                                1,
		"agentctl job show --tenant a":                                 1,
		"agentctl webhook send --tenant a --ticket 1":                  1,
		"echo agentctl nothing":                                        0,
		"agentctl job show \\\n  --tenant a b; agentctl nonsense":      1,
		`agentctl job cancel --tenant a --reason-note "a; b | c" JOB`:  0,
		"while agentctl queue list > /dev/null; do agentctl no; done":  1,
		"agentctl tenant apply --file - <<EOF\nagentctl: nothing\nEOF": 0,
	} {
		wrong := 0
		for _, call := range documentedCalls(page(code)) {
			if taken(call.words) != nil {
				wrong++
			}
		}
		if wrong != want {
			t.Errorf("%q: %d calls are wrong, want %d", code, wrong, want)
		}
	}
}

// taken has the real command tree look at a call, without doing it.
func taken(words []string) error {
	root := newRootCommand()
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	cmd, rest, err := root.Find(words)
	if err != nil {
		return fmt.Errorf("find: %w", err)
	}
	if cmd.HasSubCommands() {
		if len(rest) == 0 || rest[0] == "--help" {
			return nil
		}
		return fmt.Errorf("%s has no %q", cmd.CommandPath(), rest[0])
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return fmt.Errorf("flags: %w", err)
	}
	if help := cmd.Flag("help"); help != nil && help.Changed {
		return nil
	}
	return argumentsFit(cmd)
}

func argumentsFit(cmd *cobra.Command) error {
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return fmt.Errorf("flags: %w", err)
	}
	return nil
}

// documentedCall is a call in a block of Bash.
type documentedCall struct {
	line  int
	words []string
}

// documentedCalls finds the calls in a page's blocks of Bash.
func documentedCalls(page string) []documentedCall {
	var calls []documentedCall
	inside, ends, logical, began := false, "", "", 0
	for i, line := range strings.Split(page, "\n") {
		bare := strings.TrimSpace(line)
		if strings.HasPrefix(bare, "```") {
			inside = !inside && strings.HasPrefix(bare, "```bash")
			logical, ends = "", ""
			continue
		}
		if !inside {
			continue
		}
		if ends != "" { // a here-document
			if bare == ends {
				ends = ""
			}
			continue
		}
		if logical == "" {
			began = i + 1
		}
		if more, goesOn := strings.CutSuffix(line, `\`); goesOn {
			logical += more + " "
			continue
		}
		logical += line
		if _, word, here := strings.Cut(logical, "<<"); here && !strings.HasPrefix(word, "<") {
			ends = strings.Trim(strings.TrimLeft(strings.Fields(word)[0], "-"), `'"`)
		}
		for _, words := range simpleCommands(logical) {
			if at := callAt(words); at >= 0 {
				calls = append(calls, documentedCall{began, words[at+1:]})
			}
		}
		logical = ""
	}
	return calls
}

// callAt is where a simple command has agentctl as what it runs, and otherwise negative.
func callAt(words []string) int {
	for i, word := range words {
		switch {
		case word == "agentctl" || strings.HasSuffix(word, "/agentctl"):
			return i
		case strings.Contains(word, "=") || word == "while" || word == "until" || word == "if" || word == "do" || word == "then" || word == "!" || word == "time":
		default:
			return -1
		}
	}
	return -1
}

// simpleCommands splits a line of Bash at what separates commands, and each into words: quotes, comments and redirections are understood,
// and what stands in $( ) is a command of its own.
func simpleCommands(line string) [][]string {
	var all [][]string
	var words []string
	var word strings.Builder
	started, quote, redirected := false, rune(0), false
	endWord := func() {
		if started && !redirected {
			words = append(words, word.String())
		}
		if started {
			redirected = false
		}
		word.Reset()
		started = false
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 {
			all = append(all, words)
		}
		words, redirected = nil, false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, started = r, true
		case r == '#' && !started:
			endCommand()
			return all
		case strings.ContainsRune(";|&()", r):
			endCommand()
		case r == '<' || r == '>':
			if strings.Trim(word.String(), "012") == "" {
				word.Reset()
				started = false
			}
			endWord()
			redirected = true
		case r == ' ' || r == '\t':
			endWord()
		default:
			word.WriteRune(r)
			started = true
		}
	}
	endCommand()
	return all
}
