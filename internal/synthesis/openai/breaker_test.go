package openai_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/breaker"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// A server that is dead is left alone for a while, and nobody waits for it.
func TestADeadServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]openaitest.Faults{"500": {Status: 500}, "hangs": {Hang: true}, "too many": {Status: 429, RetryAfter: 3600}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var switches []bool
			client, fake, _ := start(t, faults, func(c *openai.Config) {
				c.MaxAttempts, c.Timeout, c.Switched = 1, 50*time.Millisecond, func(off bool) { switches = append(switches, off) }
			})
			for range breaker.DefaultFailures {
				if done, err := client.Complete(t.Context(), prompt()); err == nil || errors.Is(err, synthesis.ErrNotNow) || len(done.Calls) != 1 {
					t.Fatalf("%d calls, %v", len(done.Calls), err)
				}
			}
			calls := len(fake.Calls())
			done, err := client.Complete(t.Context(), prompt())
			if !errors.Is(err, synthesis.ErrNotNow) || !strings.Contains(err.Error(), "the next try is in") || len(done.Calls) != 0 || len(fake.Calls()) != calls {
				t.Errorf("%d calls counted, %d made, %v", len(done.Calls), len(fake.Calls())-calls, err)
			}
			if !slices.Equal(switches, []bool{true}) {
				t.Errorf("told %v", switches)
			}
		})
	}
}

// What was refused was read, and what is wrong with the settings somebody has to mend, and then not to wait.
func TestRefusalsDoNotSilenceAServer(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]openaitest.Faults{
		"401": {Status: 401}, "400": {Status: 400}, "content filter": {ContentFilter: true}, "empty choices": {EmptyChoices: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake, _ := start(t, faults, nil)
			for range 2 * breaker.DefaultFailures {
				if _, err := client.Complete(t.Context(), prompt()); err == nil || errors.Is(err, synthesis.ErrNotNow) {
					t.Fatal(err)
				}
			}
			if err := fake.SetFaults(openaitest.Faults{}); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Complete(t.Context(), prompt()); err != nil {
				t.Error(err)
			}
		})
	}
}
