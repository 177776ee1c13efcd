package drafting_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/embedding"
	embeddings "github.com/ai-agents/ai-agents/internal/embedding/openai"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const modelKey = "sk-example-0123456789-not-a-real-key"

// provider is the fake model, with all that it was sent.
type provider struct {
	*openaitest.Server

	url string

	mu   sync.Mutex
	sent bytes.Buffer
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{Server: openaitest.New(modelKey, nil)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		p.sent.Write(body)
		p.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { p.Close(); server.Close() })
	p.url = server.URL + "/v1"
	return p
}

// taken gives what was sent since the last time.
func (p *provider) taken() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.sent.Reset()
	return p.sent.String()
}

// planted are values of all kinds, in a ticket and in a past one; comeBack are those that a reader needs.
func planted() (asked ticket.Ticket, past history.PastTicket, values, comeBack []string) {
	asked = ticket.Ticket{
		ID: "20501", Subject: "Jane Quimby cannot print", People: []string{"Jane Quimby", "Müllenbrück, Jörg"},
		Description: "Printer error 0x80070005 on floor 2. Write to jane.quimby@example.com or call 212-555-0123. Card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00. " +
			"Her password: hunter2-Example, the PC is 192.0.2.10. Herr Muellenbrueck knows.",
	}
	past = history.PastTicket{
		ID: "17", Subject: "Printer error 0x80070005", Description: "Printer of Quincy Adamsson on floor 2 shows error 0x80070005, cannot print",
		Resolution: "Told quincy@example.org; logged in with hunter2-Example and P@ssw0rd-77 as password: P@ssw0rd-77, then the printer worked.",
		ResolvedAt: time.Now().Add(-time.Hour), Requester: "Quincy Adamsson",
	}
	return asked, past, []string{
		"Quimby", "quimby", "llenbr", "uellenbr", "212-555-0123", "4111 1111", "3704 0044", "hunter2", "192.0.2.10", "Quincy", "Adamsson", "quincy", "P@ssw0rd", "@example",
	}, []string{"quincy@example.org"}
}

func TestNothingPlantedLeavesForTheModel(t *testing.T) {
	p := newProvider(t)
	asked, past, values, comeBack := planted()
	store := tenantstoretest.New(t)
	example, credentials := tenantstoretest.Example("alpha")
	example.Preferences.Mask = append(masking.Defaults(), masking.KindAddress)
	store.Put(t, example, credentials)
	all := []history.PastTicket{past}
	for i := range 20 { // so that words have a weight
		all = append(all, history.PastTicket{ID: "9" + strconv.Itoa(i), Subject: "Telephone rings", Resolution: "x", ResolvedAt: past.ResolvedAt})
	}
	if _, err := history.NewStore(store.DB).Put(t.Context(), "alpha", gather.OriginFile, all); err != nil {
		t.Fatal(err)
	}

	embedder, err := embeddings.New(embeddings.Config{BaseURL: p.url, Model: "m"}, modelKey)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := embedding.NewBackfill(store.DB, embedder, embedding.BackfillOptions{}).Run(t.Context(), "alpha"); err != nil || done.Embedded != len(all) {
		t.Fatalf("embedded %+v, %v", done, err)
	}
	reranker, err := embedding.NewReranker(store.DB, embedder, embedding.RerankOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := history.New(store.DB, history.Options{Reranker: reranker}).Find(t.Context(), gather.Query{TenantID: "alpha", Ticket: asked})
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("found %+v, %v", found, err)
	}
	expectNothing(t, "embeddings", p.taken(), values)

	llm, err := openai.New(openai.Config{Server: openai.Server{BaseURL: p.url, Model: "m", APIKey: modelKey}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	counted := &meter{}
	drafter := drafting.New(drafting.Deps{
		Tenants: known{store}, Synthesizer: synthesis.New(llm, synthesis.Options{}), Meter: counted, Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	draft, err := drafter.Draft(t.Context(), drafting.Request{
		TenantID: "alpha", JobID: "7d3b6f0e-8a53-4a0f-9d9d-2f4f3c5a1b11", Ticket: asked, Tickets: synthesis.Found{Result: found}, Reference: "ai-agents job 7d3b6f0e",
	})
	if err != nil || !draft.Note.Generated {
		t.Fatalf("drafted %+v, %v", draft, err)
	}
	sent := p.taken()
	expectNothing(t, "chat", sent, values)
	for _, token := range []string{"[[EMAIL_", "[[PHONE_", "[[CARD_", "[[BANK_", "[[NAME_", "[[CREDENTIAL_", "[[ADDRESS_", "0x80070005"} {
		if !strings.Contains(sent, token) {
			t.Errorf("the model has no %s to speak of", token)
		}
	}
	note := synthesis.Text(draft.Note)
	for _, value := range comeBack {
		if !strings.Contains(note, value) {
			t.Errorf("%s did not come back in %s", value, note)
		}
	}
	if strings.Contains(note, "hunter2") || strings.Contains(note, "P@ssw0rd") || strings.Contains(note, "[[") || !strings.Contains(note, masking.Removed) {
		t.Errorf("the note is %s", note)
	}
	account, err := json.Marshal(draft.Account)
	if err != nil {
		t.Fatal(err)
	}
	expectNothing(t, "the account", string(account), values)
	expectNothing(t, "the log", log.String(), values)
	want := map[masking.Kind]int{"credential": 2, "email": 2, "phone": 1, "card": 1, "bank": 1, "name": 3, "address": 1}
	if !maps.Equal(draft.Account.Masked, want) || counted.masked["credential"] != 2 || counted.masked["name"] != 3 {
		t.Errorf("counted %v and %v", draft.Account.Masked, counted.masked)
	}
	if !strings.Contains(log.String(), "1 address, 1 bank, 1 card, 2 credential, 2 email, 3 name, 1 phone") {
		t.Errorf("the log says %s", &log)
	}
}

// What a tenant chose not to have masked is not, but for credentials.
func TestATenantChoosesWhatIsMasked(t *testing.T) {
	p := newProvider(t)
	asked, past, _, _ := planted()
	llm, err := openai.New(openai.Config{Server: openai.Server{BaseURL: p.url, Model: "m", APIKey: modelKey}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		mask        []masking.Kind
		there, gone []string
	}{
		"nothing":      {[]masking.Kind{}, []string{"Quimby", "212-555-0123", "192.0.2.10", "4111 1111"}, []string{"hunter2"}},
		"e-mail alone": {[]masking.Kind{masking.KindEmail}, []string{"212-555-0123"}, []string{"@example.com", "hunter2"}},
		"no choice":    {nil, []string{"192.0.2.10"}, []string{"Quimby", "212-555-0123", "4111 1111", "hunter2"}},
	} {
		store := tenantstoretest.New(t)
		example, credentials := tenantstoretest.Example("alpha")
		store.Put(t, example, credentials)
		prefs := tenant.Preferences{Mask: c.mask}
		r := drafting.Request{TenantID: "alpha", Ticket: asked, Preferences: &prefs, Reference: "ai-agents job 7d3b6f0e"}
		r.Tickets.Items = []gather.Item{{ID: past.ID, Title: past.Subject, Text: past.Description, Resolution: past.Resolution, Relevance: 1}}
		drafter := drafting.New(drafting.Deps{Tenants: known{store}, Synthesizer: synthesis.New(llm, synthesis.Options{}), Logger: slog.New(slog.DiscardHandler)})
		if _, err := drafter.Draft(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		sent := p.taken()
		expectNothing(t, name, sent, c.gone)
		for _, value := range c.there {
			if !strings.Contains(sent, value) {
				t.Errorf("%s: %s is masked", name, value)
			}
		}
	}
}

// A secret that some text of a draft tells is hidden in those that come before it, too: whichever texts these are.
func TestASecretIsLearntWhereverItIsTold(t *testing.T) {
	p := newProvider(t)
	llm, err := openai.New(openai.Config{Server: openai.Server{BaseURL: p.url, Model: "m", APIKey: modelKey}})
	if err != nil {
		t.Fatal(err)
	}
	store := tenantstoretest.New(t)
	example, credentials := tenantstoretest.Example("alpha")
	store.Put(t, example, credentials)
	drafter := drafting.New(drafting.Deps{Tenants: known{store}, Synthesizer: synthesis.New(llm, synthesis.Options{}), Logger: slog.New(slog.DiscardHandler)})
	const secret, told = "hunter2-Example", "password: hunter2-Example"
	for name, tell := range map[string]func(r *drafting.Request, past, system *gather.Item){
		"priority":     func(r *drafting.Request, _, _ *gather.Item) { r.Ticket.Priority = told },
		"instructions": func(r *drafting.Request, _, _ *gather.Item) { r.Preferences.Instructions = told },
		"pinned fact":  func(r *drafting.Request, _, _ *gather.Item) { r.Preferences.PinnedFacts = []string{told} },
		"resolution":   func(_ *drafting.Request, past, _ *gather.Item) { past.Resolution = told },
		"role":         func(_ *drafting.Request, _, system *gather.Item) { system.Role = told },
		"client":       func(_ *drafting.Request, _, system *gather.Item) { system.Client = told },
		"location":     func(_ *drafting.Request, _, system *gather.Item) { system.Location = told },
		"address":      func(_ *drafting.Request, _, system *gather.Item) { system.Address = told },
	} {
		r := drafting.Request{
			TenantID: "alpha", Ticket: ticket.Ticket{ID: "20501", Subject: "Cannot log in with " + secret, Description: "It says " + secret + " is wrong."},
			Preferences: &tenant.Preferences{}, Reference: "ai-agents job 7d3b6f0e",
		}
		past, system := gather.Item{ID: "17", Title: "Cannot log in", Text: "As " + secret, Resolution: "Reset it.", Relevance: 1}, gather.Item{ID: "pc7", Title: "pc7", Role: "PC"}
		tell(&r, &past, &system)
		r.Tickets.Items, r.Systems.Items = []gather.Item{past}, []gather.Item{system}
		if _, err := drafter.Draft(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		expectNothing(t, name, p.taken(), []string{secret})
	}
}

func expectNothing(t *testing.T, where, text string, values []string) {
	t.Helper()
	if text == "" {
		t.Errorf("%s: nothing was sent", where)
	}
	for _, value := range values {
		if strings.Contains(text, value) {
			t.Errorf("%s: %q is in %s", where, value, text)
		}
	}
}
