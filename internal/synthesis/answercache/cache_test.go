package answercache_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/answercache"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// state is a state store whose lifetimes got lost, which is the worst there is.
type state struct {
	mu     sync.Mutex
	values map[string][]byte
	down   error
	hangs  bool
}

func (s *state) wait(ctx context.Context) error {
	if s.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.down
}

func (s *state) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := s.wait(ctx); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[key]
	return value, ok, nil
}

func (s *state) Set(ctx context.Context, key string, value []byte, _ time.Duration) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
	return nil
}

// model answers with as many stars as it was asked before.
type model struct {
	asked  int
	answer func(*synthesis.Completion) error
}

func (m *model) Complete(context.Context, synthesis.Prompt) (synthesis.Completion, error) {
	done := synthesis.Completion{
		Text: "answer" + strings.Repeat("*", m.asked), Model: "m", Calls: []synthesis.Call{{Model: "m", CostUSD: 1}},
	}
	m.asked++
	if m.answer != nil {
		return done, m.answer(&done)
	}
	return done, nil
}

// world is a cache before a model.
type world struct {
	*answercache.Cache

	state *state
	model *model
	gave  []string
	now   time.Time
	deps  answercache.Deps
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{state: &state{values: map[string][]byte{}}, model: &model{}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w.deps = answercache.Deps{
		LLM: w.model, State: w.state, Sealer: tenantstoretest.NewSealer(t), Asks: func(preferred string) string { return "server " + preferred },
		Count: func(gave string) { w.gave = append(w.gave, gave) }, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
	}
	w.Cache = answercache.New(answercache.Config{TTL: time.Hour}, w.deps)
	return w
}

func prompt() synthesis.Prompt {
	return synthesis.Prompt{TenantID: "alpha", System: "rules", User: "data", Schema: []byte(`{"type":"object"}`), MaxTokens: 100}
}

func (w *world) ask(t *testing.T, p synthesis.Prompt) synthesis.Completion {
	t.Helper()
	done, err := w.Complete(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestTheSameQuestionIsAnsweredAgain(t *testing.T) {
	w := newWorld(t)
	first := w.ask(t, prompt())
	again := w.ask(t, prompt())
	if first.Cached || len(first.Calls) != 1 || !again.Cached || len(again.Calls) != 0 || again.Text != first.Text || again.Model != "m" || w.model.asked != 1 {
		t.Errorf("first %+v, again %+v, asked %d times", first, again, w.model.asked)
	}
	if got := strings.Join(w.gave, " "); got != "miss hit" {
		t.Errorf("counted %s", got)
	}
	w.now = w.now.Add(time.Hour)
	if late := w.ask(t, prompt()); late.Cached || w.model.asked != 2 {
		t.Errorf("given after its time: %+v", late)
	}
}

func TestAnotherQuestionIsAsked(t *testing.T) {
	w := newWorld(t)
	half := 0.5
	w.ask(t, prompt())
	for name, change := range map[string]func(*synthesis.Prompt){
		"tenant": func(p *synthesis.Prompt) { p.TenantID = "beta" }, "model": func(p *synthesis.Prompt) { p.Model = "n" },
		"system": func(p *synthesis.Prompt) { p.System += "." }, "user": func(p *synthesis.Prompt) { p.User += "." },
		"border": func(p *synthesis.Prompt) { p.System, p.User = "rule", "sdata" },
		"schema": func(p *synthesis.Prompt) { p.Schema = []byte(`{}`) }, "temperature": func(p *synthesis.Prompt) { p.Temperature = &half },
		"length": func(p *synthesis.Prompt) { p.MaxTokens++ },
	} {
		p, asked := prompt(), w.model.asked
		change(&p)
		if done := w.ask(t, p); done.Cached || w.model.asked != asked+1 {
			t.Errorf("%s: was given %+v", name, done)
		}
	}
	nobody, asked := prompt(), w.model.asked
	nobody.TenantID = ""
	w.ask(t, nobody)
	if w.ask(t, nobody); w.model.asked != asked+2 {
		t.Error("nobody's question was kept")
	}
}

// Who reads the state store and guesses a question cannot tell whether it was asked: its name there needs the keyset.
func TestTheNameOfAQuestionNeedsTheKeyset(t *testing.T) {
	names := map[string]bool{}
	for range 2 {
		w := newWorld(t)
		w.ask(t, prompt())
		w.ask(t, prompt())
		for name := range w.state.values {
			names[name] = true
		}
	}
	if len(names) != 2 {
		t.Errorf("one question of one tenant has the names %v under two keysets", names)
	}
}

func TestWhatIsNotWorthKeeping(t *testing.T) {
	example := errors.New("example: it failed")
	for name, answer := range map[string]func(*synthesis.Completion) error{
		"failed":    func(*synthesis.Completion) error { return example },
		"truncated": func(c *synthesis.Completion) error { c.Truncated = true; return nil },
		"fallback":  func(c *synthesis.Completion) error { c.Fallback = true; return nil },
		"no use":    func(c *synthesis.Completion) error { c.Text = "useless"; return nil },
		"too long":  func(c *synthesis.Completion) error { c.Text = strings.Repeat("x", 100<<10); return nil },
		"nothing":   func(c *synthesis.Completion) error { c.Text = ""; return nil },
	} {
		w := newWorld(t)
		m := &answering{answer}
		w.deps.LLM = m
		w.Cache = answercache.New(answercache.Config{TTL: time.Hour}, w.deps)
		p := prompt()
		p.Usable = func(text string) bool { return text != "useless" }
		if _, err := w.Complete(t.Context(), p); err != nil && !errors.Is(err, example) {
			t.Errorf("%s: %v", name, err)
		}
		if len(w.state.values) != 0 {
			t.Errorf("%s: was kept", name)
		}
	}
}

// answering answers as it is told.
type answering struct {
	how func(*synthesis.Completion) error
}

func (a *answering) Complete(context.Context, synthesis.Prompt) (synthesis.Completion, error) {
	done := synthesis.Completion{Text: "answer", Model: "m"}
	err := a.how(&done)
	return done, err
}

// A release that reads answers otherwise does not have to live with those that it cannot use.
func TestAnAnswerThatIsOfNoUseAnyMoreIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.ask(t, prompt())
	p := prompt()
	p.Usable = func(text string) bool { return strings.HasSuffix(text, "*") }
	if done := w.ask(t, p); done.Cached || done.Text != "answer*" {
		t.Errorf("got %+v", done)
	}
	if done := w.ask(t, p); !done.Cached || done.Text != "answer*" {
		t.Errorf("the better one was not kept: %+v", done)
	}
}

func TestAnswersAreSealed(t *testing.T) {
	w := newWorld(t)
	w.ask(t, prompt())
	var alphas, betas string
	for key, value := range w.state.values {
		if strings.Contains(string(value), "answer") || !strings.HasPrefix(key, "answer:alpha:") {
			t.Errorf("%s holds %q", key, value)
		}
		alphas = key
	}
	other := prompt()
	other.TenantID = "beta"
	w.ask(t, other)
	for key := range w.state.values {
		if key != alphas {
			betas = key
		}
	}
	// Who can write to the state store cannot give one tenant's answer to another, nor one of their own.
	w.state.values[betas] = w.state.values[alphas]
	if done := w.ask(t, other); done.Cached {
		t.Errorf("beta was given %+v", done)
	}
	w.state.values[alphas] = []byte(`{"at":"2026-11-23T12:00:00Z","model":"m","text":"forged"}`)
	if done := w.ask(t, prompt()); done.Cached || done.Text == "forged" {
		t.Errorf("alpha was given %+v", done)
	}
}

func TestACacheThatFailsCostsNothingButMoney(t *testing.T) {
	w := newWorld(t)
	w.state.down = errors.New("example: redis is gone")
	for range 2 {
		if done := w.ask(t, prompt()); done.Cached || len(done.Calls) != 1 {
			t.Errorf("got %+v", done)
		}
	}
	if !slices.Equal(w.gave, []string{"failed", "failed"}) {
		t.Errorf("counted %s", w.gave)
	}
}

func TestACacheThatHangsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.state.hangs = true
		began := time.Now()
		done := w.ask(t, prompt())
		if took := time.Since(began); done.Cached || took != time.Second {
			t.Errorf("took %s to get %+v", took, done)
		}
	})
}

// An answer that was paid for is kept, also when nobody waits for it any more.
func TestAnAnswerIsKeptForTheNextOne(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.model.answer = func(*synthesis.Completion) error { cancel(); return nil }
	if _, err := w.Complete(ctx, prompt()); err != nil {
		t.Fatal(err)
	}
	if done := w.ask(t, prompt()); !done.Cached {
		t.Errorf("got %+v", done)
	}
}
