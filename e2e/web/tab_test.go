package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

const (
	// patience is how long a page may take to say what is waited for: a ticket is enhanced meanwhile, on a machine under load.
	patience = 90 * time.Second
	// The sizes of a desk's and of a phone's window.
	deskWidth, deskHeight   = 1280, 900
	phoneWidth, phoneHeight = 390, 844
)

// tab is a browser's tab, and who looks at it.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab opens a browser with nothing of another one in it.
func newTab(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.DisableGPU, chromedp.WindowSize(deskWidth, deskHeight))
	if os.Geteuid() == 0 { // as root, Chromium starts only without it
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	// The first step starts the browser, which lives as long as the context of this step.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(deskWidth, deskHeight)); err != nil {
		t.Fatalf("no browser starts; make browser installs one: %v", err)
	}
	dialogs := chromedp.Events(ctx, page.JavascriptDialogOpening)
	go func() {
		for dialog, err := range dialogs {
			if err != nil {
				return
			}
			t.Errorf("a script of somebody else's ran: %s", dialog.Message)
			_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}
	}()
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\n%s", err, b.text())
	}
}

// eval gives what the script is worth on the page.
func eval[T any](b *tab, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return value
}

// text is what the page says.
func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

func (b *tab) path() string { b.t.Helper(); return eval[string](b, "location.pathname") }

// open goes to a page of the console.
func (b *tab) open(path string) { b.t.Helper(); b.do(chromedp.Navigate(running.ConsoleURL() + path)) }

// sees waits until the page says all of this, whether or not it is loaded anew meanwhile.
func (b *tab) sees(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		until := time.Now().Add(patience)
		for !strings.Contains(b.text(), text) {
			if time.Now().After(until) {
				b.t.Fatalf("%s does not come to say %q:\n%s", b.path(), text, b.text())
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// fills types into fields, by their ids.
func (b *tab) fills(fields map[string]string) {
	b.t.Helper()
	for id, value := range fields {
		b.do(chromedp.SetValue(chromedp.CSS("[id="+strconv.Quote(id)+"]"), value))
	}
}

// presses is for the button or the link that says this; it waits for the page that it leads to.
func (b *tab) presses(says string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void]("window.pressed = true"))
	script := fmt.Sprintf(`(() => {
		const all = [...document.querySelectorAll("button, a")].filter((e) => e.innerText.trim() === %s || e.getAttribute("aria-label") === %[1]s);
		if (all.length > 0) all[0].click();
		return all.length;
	})()`, quoted(says))
	if eval[int](b, script) == 0 {
		b.t.Fatalf("%s has no button %q:\n%s", b.path(), says, b.text())
	}
	until := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		old, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("window.pressed === true || document.readyState !== 'complete'"))
		cancel()
		if err == nil && !old { // while pages change there is none to ask
			return
		}
		if time.Now().After(until) {
			b.t.Fatalf("%q leads nowhere: %v\n%s", says, err, b.text())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func quoted(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err) // it is a text
	}
	return string(q)
}

// signIn signs in with a token that may do everything.
func (b *tab) signIn() {
	b.t.Helper()
	b.open("/sign-in")
	b.fills(map[string]string{"token": token})
	b.presses("Sign in")
	b.sees("Overview")
}

// look sets what the person prefers: the scheme is light or dark.
func (b *tab) look(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// picture keeps what is in the window, where the pictures of the docs are to be taken anew.
func (b *tab) picture(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil || len(shot) == 0 {
		b.t.Fatalf("no picture of %s: %v", name, err)
	}
	if !*updateImages {
		return
	}
	root, err := stack.FindRoot()
	if err != nil {
		b.t.Fatal(err)
	}
	dir := filepath.Join(root, "docs", "images", "console")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// violation is a barrier that axe has found.
type violation struct {
	ID, Impact, Help string
	Nodes            []string
}

// accessible checks that axe finds no serious barrier on the page, and that it does not have to be moved sideways.
func (b *tab) accessible() {
	b.t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		b.t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(root, "bin", "axe.min.js"))
	if err != nil {
		b.t.Fatalf("axe is missing: make browser installs it: %v", err)
	}
	b.do(chromedp.Evaluate[chromedp.Void](string(axe)))
	found := eval[[]violation](b, `axe.run(document, {iframes: false}).then((r) => r.violations.map((v) => (
		{ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map((n) => n.html + " " + n.failureSummary)})))`)
	for _, v := range found {
		if v.Impact == "serious" || v.Impact == "critical" {
			b.t.Errorf("%s: %s: %s (%s)\n%s", b.path(), v.Impact, v.Help, v.ID, strings.Join(v.Nodes, "\n"))
		}
	}
	if wide := eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		b.t.Errorf("%s is %d pixels too wide", b.path(), wide)
	}
}
