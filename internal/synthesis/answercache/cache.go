// Package answercache owns the answers of language models that are given again to identical questions: which ones, to whom, and for
// how long. Whatever it gives is checked as any other answer.
package answercache

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

const (
	// patience with the state store. An answer that takes longer to find is asked for.
	patience = 500 * time.Millisecond
	// longest is the length of an answer that is kept at most, in bytes: no note needs more.
	longest = 64 << 10
)

// Config of the cache.
type Config struct {
	// TTL is how long an answer is given again; 0 for no cache.
	TTL time.Duration `envconfig:"LLM_CACHE_TTL" default:"24h"`
}

// State is the state store: sidecar.Cache.
type State interface {
	Get(ctx context.Context, key string) ([]byte, bool, error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// Sealer keeps answers from those who can read the state store: tenant.Sealer.
type Sealer interface {
	SealDocument(tenantID, name string, document []byte) ([]byte, error)
	OpenDocument(tenantID, name string, sealed []byte) ([]byte, error)
	Digest(tenantID string, document []byte) []byte
}

// Deps are what a Cache works with.
type Deps struct {
	LLM    synthesis.LLM
	State  State
	Sealer Sealer
	// Asks names the model, with its server, that is put a prompt which prefers one. Answers of another one are not given for its.
	Asks   func(preferred string) string
	Count  func(gave string) // hears what the cache gave: hit, miss or failed
	Logger *slog.Logger
	Now    func() time.Time
}

// Cache is a synthesis.LLM that answers what it was asked before. It stands before everything else that belongs to asking a model, its
// fallback and its circuit breaker included: what is known needs none of them.
type Cache struct {
	deps Deps
	ttl  time.Duration
}

var _ synthesis.LLM = (*Cache)(nil)

// New makes a Cache.
func New(cfg Config, d Deps) *Cache { return &Cache{deps: d, ttl: cfg.TTL} }

// entry is what is kept, sealed. It says itself how old it is: the store's own lifetime can get lost.
type entry struct {
	At    time.Time `json:"at"`
	Model string    `json:"model"`
	Text  string    `json:"text"`
}

// Complete gives the answer to p: an earlier one if there is one to the very same question of the same tenant, or else the model's.
// Nothing that is wrong with the cache keeps a question from the model.
func (c *Cache) Complete(ctx context.Context, p synthesis.Prompt) (synthesis.Completion, error) {
	if p.TenantID == "" { // nobody's question is nobody's to keep
		return c.deps.LLM.Complete(ctx, p)
	}
	name, err := c.name(p)
	if err != nil {
		return synthesis.Completion{}, err
	}
	known, err := c.recall(ctx, p.TenantID, name)
	switch {
	case err == nil && (p.Usable == nil || p.Usable(known.Text)):
		c.deps.Count("hit")
		return synthesis.Completion{Text: known.Text, Model: known.Model, Cached: true}, nil
	case err == nil || errors.Is(err, errUnknown):
		c.deps.Count("miss")
	default:
		c.deps.Count("failed")
		c.deps.Logger.WarnContext(ctx, "earlier answers of the language model cannot be used", "error", err)
	}
	done, err := c.deps.LLM.Complete(ctx, p)
	if err == nil && worthKeeping(p, done) {
		c.keep(ctx, p.TenantID, name, done)
	}
	return done, err
}

// name is a digest of all that decides on an answer. It needs the keyset: questions can be guessed, and who reads the state store must not
// find out which were asked.
func (c *Cache) name(p synthesis.Prompt) (string, error) {
	question, err := json.Marshal(struct {
		Tenant      string          `json:"tenant"`
		Model       string          `json:"model"`
		System      string          `json:"system"`
		User        string          `json:"user"`
		Temperature *float64        `json:"temperature"`
		Schema      json.RawMessage `json:"schema"`
		MaxTokens   int             `json:"max_tokens"`
	}{p.TenantID, c.deps.Asks(p.Model), p.System, p.User, p.Temperature, p.Schema, p.MaxTokens})
	if err != nil {
		return "", fmt.Errorf("digest a question: %w", err)
	}
	return hex.EncodeToString(c.deps.Sealer.Digest(p.TenantID, question)), nil
}

func key(tenantID, name string) string { return "answer:" + tenantID + ":" + name }

var errUnknown = errors.New("there is no earlier answer")

func (c *Cache) recall(ctx context.Context, tenantID, name string) (entry, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	value, found, err := c.deps.State.Get(ctx, key(tenantID, name))
	if err != nil {
		return entry{}, err
	}
	if !found {
		return entry{}, errUnknown
	}
	var sealed []byte
	if err := json.Unmarshal(value, &sealed); err != nil {
		return entry{}, fmt.Errorf("decode an earlier answer: %w", err)
	}
	opened, err := c.deps.Sealer.OpenDocument(tenantID, name, sealed)
	if err != nil {
		return entry{}, err
	}
	var e entry
	if err := json.Unmarshal(opened, &e); err != nil {
		return entry{}, fmt.Errorf("decode an earlier answer: %w", err)
	}
	if age := c.deps.Now().Sub(e.At); age >= c.ttl || age < -c.ttl {
		return entry{}, errUnknown
	}
	return e, nil
}

// worthKeeping leaves out what nobody wants twice: half an answer, the answer of a fallback that is asked while the model is out, and
// what no note can be made of.
func worthKeeping(p synthesis.Prompt, done synthesis.Completion) bool {
	return !done.Truncated && !done.Fallback && done.Text != "" && len(done.Text) <= longest && (p.Usable == nil || p.Usable(done.Text))
}

// keep keeps an answer, also when who asked has no time left: it was paid for.
func (c *Cache) keep(ctx context.Context, tenantID, name string, done synthesis.Completion) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := func() error {
		encoded, err := json.Marshal(entry{At: c.deps.Now().UTC(), Model: done.Model, Text: done.Text})
		if err != nil {
			return fmt.Errorf("encode an answer: %w", err)
		}
		sealed, err := c.deps.Sealer.SealDocument(tenantID, name, encoded)
		if err != nil {
			return err
		}
		value, err := json.Marshal(sealed) // some state stores take nothing but JSON
		if err != nil {
			return fmt.Errorf("encode an answer: %w", err)
		}
		return c.deps.State.Set(ctx, key(tenantID, name), value, c.ttl)
	}()
	if err != nil {
		c.deps.Logger.WarnContext(ctx, "an answer of the language model was not kept", "error", err)
	}
}
