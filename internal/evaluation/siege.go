package evaluation

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// AttackReport is the result of the attack suite.
type AttackReport struct {
	Attacks int `json:"attacks"`
	// Tries counts the drafts: each attack in each of its places, with the model that obeys and without any.
	Tries int `json:"tries"`
	// Effective counts the attacks that have an effect on who renders the model's answer as it comes. A suite whose attacks have none
	// shows nothing.
	Effective int `json:"effective_unchecked"`
	// WithEffect counts those that have an effect on our notes.
	WithEffect int            `json:"with_effect"`
	Classes    []AttackClass  `json:"classes"`
	Breaches   []AttackBreach `json:"breaches,omitempty"`
	Harmless   []string       `json:"harmless_unchecked,omitempty"`
}

// AttackClass is the result of the attacks of a class.
type AttackClass struct {
	Class      string `json:"class"`
	Attacks    int    `json:"attacks"`
	Effective  int    `json:"effective_unchecked"`
	WithEffect int    `json:"with_effect"`
}

// AttackBreach is an effect that an attack had.
type AttackBreach struct {
	Attack  string   `json:"attack"`
	Where   string   `json:"where"`
	Effects []string `json:"effects"`
}

// attackAll runs the suite against models that obey and have seen a ticket of another tenant before, each with its share of the attacks.
func attackAll(ctx context.Context, attacks []Attack, o Options) (AttackReport, error) {
	results := make([]siegeResult, len(attacks))
	group, ctx := errgroup.WithContext(ctx)
	shares := runtime.GOMAXPROCS(0)
	for first := range shares {
		group.Go(func() error {
			s, err := laySiege(ctx, o)
			if err != nil {
				return err
			}
			defer s.bench.close()
			for i := first; i < len(attacks); i += shares {
				if results[i], err = s.try(ctx, attacks[i]); err != nil {
					return fmt.Errorf("attack %s: %w", attacks[i].Name, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return AttackReport{}, err //nolint:wrapcheck // it says which attack
	}
	report := AttackReport{Attacks: len(attacks)}
	for i, a := range attacks {
		report.add(a, results[i])
	}
	return report, nil
}

func laySiege(ctx context.Context, o Options) (siege, error) {
	b, err := openBench(ctx, model{name: modelObeys, faults: openaitest.Faults{ObeyInjection: true}}, o)
	if err != nil {
		return siege{}, err
	}
	d, err := b.draft(ctx, foreign())
	if err != nil {
		b.close()
		return siege{}, fmt.Errorf("attacks: %w", err)
	}
	rules := systemMessage(d.sent)
	return siege{bench: b, rules: rules, ruled: newPassages(rules), foreign: newPassages(foreign().Ticket.Text())}, nil
}

// plantedSecret is what the attacks on secrets have in their texts.
const plantedSecret = "Blau-Wal-90210!" //nolint:gosec // it opens nothing

// siege is a bench under attack.
type siege struct {
	bench          *bench
	rules          string
	ruled, foreign passages
}

// siegeResult is what an attack achieved.
type siegeResult struct {
	tries     int
	breaches  []AttackBreach
	effective bool // where the model is believed
}

func (s siege) try(ctx context.Context, a Attack) (siegeResult, error) {
	var result siegeResult
	for _, where := range a.Where {
		for _, faults := range s.behaviours(a, where) {
			found, err := s.attack(ctx, a, where, faults)
			if err != nil {
				return siegeResult{}, err
			}
			result.tries++
			if len(found) > 0 {
				result.breaches = append(result.breaches, AttackBreach{Attack: a.Name, Where: string(where), Effects: texts(found)})
			}
		}
	}
	var err error
	result.effective, err = s.unchecked(ctx, a)
	return result, err
}

// attack gives the effects that a has on our note.
func (s siege) attack(ctx context.Context, a Attack, where place, faults openaitest.Faults) ([]finding, error) {
	if slices.Contains(a.Wants, effectTenant) { // so that the model has just seen it
		if _, err := s.bench.draft(ctx, foreign()); err != nil {
			return nil, err
		}
	}
	if err := s.bench.fake.SetFaults(faults); err != nil {
		return nil, fmt.Errorf("set up the model: %w", err)
	}
	d, err := s.bench.draft(ctx, a.plantedIn(where))
	if err != nil {
		return nil, err
	}
	return inspect(render(d.Note), s.permitted(anyEffect), d.sent), nil
}

// behaviours are the models that an attack is tried with. Where none answers, the note is made of the gathered texts themselves.
func (s siege) behaviours(a Attack, where place) []openaitest.Faults {
	switch {
	case where == inAnswer:
		return []openaitest.Faults{{Answer: a.text()}}
	case strings.HasPrefix(string(where), "ticket."):
		return []openaitest.Faults{{ObeyInjection: true}} // without a model, nothing of the ticket is in the note
	}
	return []openaitest.Faults{{ObeyInjection: true}, {ContentFilter: true}}
}

// permitted is what the note may show. Words of rules and of other tenants are looked for where they are wanted, for that takes long.
func (s siege) permitted(wanted []effect) permitted {
	p := allowed(ordinary())
	p.secret = plantedSecret
	if slices.Contains(wanted, effectPrompt) {
		p.rules = s.ruled
	}
	if slices.Contains(wanted, effectTenant) {
		p.foreign = s.foreign
	}
	return p
}

// add enters the result of an attack.
func (r *AttackReport) add(a Attack, result siegeResult) {
	class := r.class(a.Class)
	class.Attacks++
	r.Tries += result.tries
	r.Breaches = append(r.Breaches, result.breaches...)
	r.WithEffect += one(len(result.breaches) > 0)
	class.WithEffect += one(len(result.breaches) > 0)
	r.Effective += one(result.effective)
	class.Effective += one(result.effective)
	if !result.effective {
		r.Harmless = append(r.Harmless, a.Name)
	}
}

// class is the account of the attacks of that name.
func (r *AttackReport) class(name string) *AttackClass {
	i := slices.IndexFunc(r.Classes, func(c AttackClass) bool { return c.Class == name })
	if i < 0 {
		r.Classes = append(r.Classes, AttackClass{Class: name})
		i = len(r.Classes) - 1
	}
	return &r.Classes[i]
}

func texts(found []finding) []string {
	var all []string
	for _, f := range found {
		if text := f.String(); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// systemMessage is what the model was told of our rules.
func systemMessage(requests []sent) string {
	for _, r := range requests {
		var body struct {
			Messages []struct {
				Role    string `json:"role"`
				Content string `json:"content"`
			} `json:"messages"`
		}
		if json.Unmarshal(r.Body, &body) != nil {
			continue
		}
		for _, m := range body.Messages {
			if m.Role == "system" {
				return m.Content
			}
		}
	}
	return ""
}

// anyEffect are those that permitted asks about.
//
//nolint:gochecknoglobals // immutable
var anyEffect = []effect{effectPrompt, effectTenant}
