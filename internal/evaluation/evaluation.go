// Package evaluation owns how good the notes are, in figures: a set of cases written for it, a suite of attacks, the measures, and
// the gate that a worse result does not pass. Everything runs through the drafting of production, against a model that the simulator
// plays or a real one; what is measured is told without the code that is measured (docs/evaluation.md).
package evaluation

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
)

// Options of a Run.
type Options struct {
	// Endpoint is a real model; nil for those that the simulator plays.
	Endpoint *openai.Config
	// Synthesizer makes what writes the notes; nil for the one of production. Tests put a worse one in its place.
	Synthesizer func(synthesis.LLM) drafting.Synthesizer
	Logger      *slog.Logger // none
}

// Report is the result of a run.
type Report struct {
	// Subject is what was asked: the simulator, or a real model by its name.
	Subject string `json:"subject"`
	// Simulated says that the models were played by the simulator, so that the figures are those of the checks.
	Simulated bool          `json:"simulated"`
	Cases     int           `json:"cases"`
	Models    []ModelReport `json:"models"`
	Attacks   AttackReport  `json:"attacks"`
}

// ModelReport is what one model's notes were like.
type ModelReport struct {
	Model    string    `json:"model"`
	Figures  Figures   `json:"figures"`
	Outcomes []Outcome `json:"outcomes"`
}

// Run evaluates all cases with all models, and all attacks with the one that obeys.
func Run(ctx context.Context, o Options) (Report, error) {
	o = withDefaults(o)
	cases, err := Cases()
	if err != nil {
		return Report{}, err
	}
	attacks, err := Attacks()
	if err != nil {
		return Report{}, err
	}
	r := Report{Subject: "simulator", Simulated: o.Endpoint == nil, Cases: len(cases)}
	if o.Endpoint != nil {
		r.Subject = o.Endpoint.Model
	}
	for _, m := range models(o.Endpoint) {
		report, err := evaluate(ctx, m, cases, o)
		if err != nil {
			return Report{}, err
		}
		r.Models = append(r.Models, report)
	}
	if r.Attacks, err = attackAll(ctx, attacks, o); err != nil {
		return Report{}, err
	}
	return r, nil
}

func withDefaults(o Options) Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Synthesizer == nil {
		o.Synthesizer = func(llm synthesis.LLM) drafting.Synthesizer {
			return synthesis.New(llm, synthesis.Options{Logger: o.Logger})
		}
	}
	return o
}

func evaluate(ctx context.Context, m model, cases []Case, o Options) (ModelReport, error) {
	b, err := openBench(ctx, m, o)
	if err != nil {
		return ModelReport{}, err
	}
	defer b.close()
	report := ModelReport{Model: m.name}
	for _, c := range cases {
		started := time.Now()
		d, err := b.draft(ctx, c.request())
		if err != nil {
			return ModelReport{}, fmt.Errorf("model %s, case %s: %w", m.name, c.Name, err)
		}
		outcome := judge(c, d)
		outcome.Duration = time.Since(started)
		report.Outcomes = append(report.Outcomes, outcome)
	}
	report.Figures = sum(report.Outcomes)
	return report, nil
}
