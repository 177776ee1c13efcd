// Command eval measures how good the notes are: the evaluation set and the attack suite of internal/evaluation, with the models that
// the simulator plays, or with a real one. It ends with 1 where a figure is worse than the committed gate allows.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/evaluation"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
)

// errWorse says that a figure does not pass the gate.
var errWorse = errors.New("a figure is worse than internal/evaluation/gate.json allows")

// endpoint is a real model to evaluate. Its key comes from the environment alone: flags show in lists of processes.
type endpoint struct {
	BaseURL string `envconfig:"EVAL_LLM_BASE_URL"`
	Model   string `envconfig:"EVAL_LLM_MODEL"`
	APIKey  string `envconfig:"EVAL_LLM_API_KEY"`
	// Prices in US dollars per million tokens.
	PricePrompt     float64 `envconfig:"EVAL_LLM_PRICE_PROMPT_PER_MTOK"`
	PriceCompletion float64 `envconfig:"EVAL_LLM_PRICE_COMPLETION_PER_MTOK"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "eval:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("eval", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "write the whole report as JSON, each case included")
	write := flags.Bool("write", false, "write the table into docs/evaluation.md; only with the simulator")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	config, err := settings()
	if err != nil {
		return err
	}
	if config != nil && *write {
		return errors.New("-write is for the simulator's figures, which are the same for everybody: unset EVAL_LLM_BASE_URL and EVAL_LLM_MODEL")
	}
	report, err := evaluation.Run(ctx, evaluation.Options{Endpoint: config})
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if *write {
		if err := rewrite(report); err != nil {
			return err
		}
	}
	return show(out, report, *asJSON)
}

// settings are those of the real endpoint; nil without one.
func settings() (*openai.Config, error) {
	var e endpoint
	if err := envconfig.Process("", &e); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	switch {
	case e.BaseURL == "" && e.Model == "":
		return nil, nil //nolint:nilnil // the simulator is no error
	case e.BaseURL == "" || e.Model == "":
		return nil, errors.New("EVAL_LLM_BASE_URL and EVAL_LLM_MODEL go together: set both for a real model, or none for the simulator")
	}
	return &openai.Config{
		Server:  openai.Server{BaseURL: e.BaseURL, Model: e.Model, APIKey: e.APIKey},
		Timeout: time.Minute,
		Prices:  openai.Prices{Prompt: e.PricePrompt, Completion: e.PriceCompletion},
	}, nil
}

func show(out io.Writer, r evaluation.Report, asJSON bool) error {
	gate, err := evaluation.CommittedGate()
	if err != nil {
		return fmt.Errorf("read the gate: %w", err)
	}
	failures, err := gate.Failures(r)
	if err != nil {
		return fmt.Errorf("apply the gate: %w", err)
	}
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	} else {
		fmt.Fprintf(out, "%s\n%s", r.Table(), r.Times())
	}
	for _, b := range r.Attacks.Breaches {
		fmt.Fprintf(os.Stderr, "breach: %s in %s: %q\n", b.Attack, b.Where, b.Effects)
	}
	for _, failure := range failures {
		fmt.Fprintln(os.Stderr, "worse:", failure)
	}
	if len(failures) > 0 {
		return errWorse
	}
	return nil
}

// rewrite puts the table into the document.
func rewrite(r evaluation.Report) error {
	root, err := stack.FindRoot()
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	path := filepath.Join(root, "docs", "evaluation.md")
	document, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	changed, err := r.WithTable(string(document))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil { //nolint:gosec // below the repository
		return fmt.Errorf("write the document: %w", err)
	}
	return nil
}
