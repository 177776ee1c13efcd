package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// terminal prints for a person; colours only where there is one.
type terminal struct {
	out   io.Writer
	color bool
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// linef prints one line. A terminal that is gone is no reason to stop.
func (t terminal) linef(format string, args ...any) {
	_, _ = fmt.Fprintf(t.out, format+"\n", args...)
}

func (t terminal) headline(text string) {
	if t.color {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	t.linef("\n%s", text)
}

func (t terminal) progress(name, state string, took time.Duration) {
	if state != stack.StateStarting {
		t.linef("  %-16s %-7s %5.1f s", name, state, took.Seconds())
	}
}

func (t terminal) quote(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		t.linef("  | %s", line)
	}
}

// note prints a note in HTML or, having no tags, in Markdown.
func (t terminal) note(body string) {
	if strings.HasPrefix(strings.TrimSpace(body), "<") {
		body = readable(body)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(body), "\n") {
		t.linef("  %s", line)
	}
}

// readable turns the simple HTML of a note into lines of text, links with their addresses.
func readable(body string) string {
	var (
		out  strings.Builder
		href string
	)
	tokens := html.NewTokenizer(strings.NewReader(body))
	for {
		switch tokens.Next() { //nolint:exhaustive // the others carry no text
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			out.WriteString(strings.TrimRight(tokens.Token().Data, "\n"))
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			switch token.DataAtom { //nolint:exhaustive // the tags that notes are made of
			case atom.H3, atom.P:
				out.WriteString("\n\n")
			case atom.Br:
				out.WriteString("\n")
			case atom.Li:
				out.WriteString("\n  - ")
			case atom.A:
				href = attribute(token, "href")
			}
		case html.EndTagToken:
			if tokens.Token().DataAtom == atom.A && href != "" {
				out.WriteString(" <" + href + ">")
				href = ""
			}
		}
	}
}

func attribute(token html.Token, key string) string {
	for _, a := range token.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// outro says what to do next; o is nil when nothing watches the stack.
func (t terminal) outro(s *stack.Stack, o *observe.Observability, running bool) {
	if !running {
		t.linef("\nKeep the stack running to look around: make demo KEEP=1")
		return
	}
	t.headline("The stack keeps running")
	t.linef("  tickets and notes   %s", s.SimulatorURL())
	t.linef("  open another one    curl -s %s/api/tenants/example-clinic/tickets -H 'Content-Type: application/json' \\", s.SimulatorURL())
	t.linef(`                        -d '{"subject":"VPN drops","description":"192.0.2.10 does not answer","priority":"High"}'`)
	t.linef("  look at a client    . %s/env", s.Dir())
	t.linef("                        bin/agentctl tenant show example-clinic")
	t.linef("                        bin/agentctl job list --tenant example-clinic")
	t.linef("                        bin/agentctl tenant test example-clinic")
	t.linef("  logs                %s/logs", s.Dir())
	if o != nil {
		t.where(o)
	}
	t.linef("  stop                make down")
}
