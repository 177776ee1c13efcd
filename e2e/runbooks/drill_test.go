package runbooks_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// drill goes through one page: it makes the trouble, runs the page's commands, and looks at what they say and do.
type drill struct {
	*world

	t      *testing.T
	page   string
	blocks []block
	done   map[int]bool // lines of the blocks that were run
	env    map[string]string
}

// drills has one for each page with a block that wants one. Those that take processes or the database away come last: the others
// could not do without.
func drills() []struct {
	page string
	run  func(d *drill)
} {
	return []struct {
		page string
		run  func(d *drill)
	}{
		{"high-queue-depth", (*drill).queueDepth},
		{"low-success-rate", (*drill).successRate},
		{"api-timeouts", (*drill).timeouts},
		{"servicedesk-throttling", (*drill).throttling},
		{"llm-outage-or-budget", (*drill).languageModel},
		{"dead-letters", (*drill).deadLetters},
		{"missed-webhooks", (*drill).missedWebhooks},
		{"tenant-onboarding", (*drill).onboarding},
		{"expiring-credentials", (*drill).credentials},
		{"incidents", (*drill).incident},
		{"upgrade", (*drill).upgrade},
		{"database-connections", (*drill).connections},
		{"sidecar-down", (*drill).sidecar},
		{"worker-failures", (*drill).worker},
		{"key-rotation", (*drill).keys},
		{"restore-from-backup", (*drill).restore},
	}
}

// TestDrills goes through every runbook with the trouble that it is about.
func TestDrills(t *testing.T) {
	equipped(t)
	all := blocks(t)
	wanting := map[string]bool{}
	for _, b := range all {
		if b.kind == kindDrill {
			wanting[b.page] = true
		}
	}
	for _, one := range drills() {
		delete(wanting, one.page)
		t.Run(one.page, func(t *testing.T) {
			d := &drill{world: running(t), t: t, page: one.page, done: map[int]bool{}}
			for _, b := range all {
				if b.page == one.page && (b.kind == kindDrill || b.kind == kindCalm) {
					d.blocks = append(d.blocks, b)
				}
			}
			id := "drill-" + one.page
			d.env = d.environment()
			d.env["TENANT"] = id
			one.run(d)
			for _, b := range d.blocks {
				if b.kind == kindDrill && !d.done[b.line] && !t.Failed() {
					t.Errorf("%s is not part of the drill", b)
				}
			}
		})
	}
	for page := range maps.Keys(wanting) {
		t.Errorf("%s.md has blocks for a drill, and there is no drill of it", page)
	}
}

// tenant is the drill's own, onboarded.
func (d *drill) tenant() string {
	d.t.Helper()
	d.onboard(d.t, d.env["TENANT"])
	return d.env["TENANT"]
}

// block is the page's one that has the text in it, or that is the text.
func (d *drill) block(text string) block {
	d.t.Helper()
	var found []block
	for _, b := range d.blocks {
		if strings.TrimSpace(b.code) == text {
			found = []block{b}
			break
		}
		if strings.Contains(b.code, text) {
			found = append(found, b)
		}
	}
	if len(found) != 1 {
		d.t.Fatalf("%s.md has %d blocks with %q, want one", d.page, len(found), text)
	}
	d.done[found[0].line] = true
	return found[0]
}

// run runs the block that has the text in it, which has to succeed, and gives what it printed. With words, it has to say each.
func (d *drill) run(text string, words ...string) string {
	d.t.Helper()
	out := succeeds(d.t, d.env, d.block(text))
	for _, word := range slices.DeleteFunc(words, func(word string) bool { return strings.Contains(out, word) }) {
		d.t.Errorf("the block with %q does not say %q:\n%s", text, word, out)
	}
	return out
}

// fails runs the block that has the text in it, which must not work now.
func (d *drill) fails(text string) {
	d.t.Helper()
	if r := bash(d.t, d.env, d.block(text).code); r.status == 0 {
		d.t.Errorf("the block with %q works:\n%s", text, r.out)
	}
}

// shell runs what is not on a page: the trouble, or what somebody else does.
func (d *drill) shell(code string) string {
	d.t.Helper()
	r := bash(d.t, d.env, code)
	if r.status != 0 {
		d.t.Fatalf("%s\nended with status %d: %s", code, r.status, r.out)
	}
	return strings.TrimSpace(r.stdout)
}

// set gives the reader a variable.
func (d *drill) set(name, value string) { d.env[name] = value }

// shown asks for the output of the block until it has the words, as a reader does who looks again.
func (d *drill) shown(text string, words ...string) {
	d.t.Helper()
	b, out := d.block(text), ""
	d.t.Cleanup(func() {
		if d.t.Failed() {
			d.t.Logf("%s said last:\n%s", b, out)
		}
	})
	eventually(d.t, strings.Join(words, ", ")+" in "+b.String(), func() bool {
		out = bash(d.t, d.env, b.code).out
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(out, word) })
	})
}
