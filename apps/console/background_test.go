package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/console/sessionstore"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// scripted prunes as told, and ends the work when there is nothing more.
type scripted struct {
	results []error
	stop    context.CancelFunc
	kept    []time.Duration
}

func (s *scripted) Prune(_ context.Context, keep time.Duration) (int64, error) {
	s.kept = append(s.kept, keep)
	if len(s.kept) > len(s.results) {
		s.stop()
		return 0, context.Canceled
	}
	return 1, s.results[len(s.kept)-1]
}

func TestTokensArePrunedAgainAfterAFailure(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var log bytes.Buffer
	tokens := &scripted{results: []error{errors.New("example"), nil}, stop: stop}
	prune(ctx, "API tokens", tokens, tokenstore.KeepEnded, time.Millisecond, slog.New(slog.NewTextHandler(&log, nil)))
	if len(tokens.kept) != 3 || tokens.kept[0] != tokenstore.KeepEnded {
		t.Errorf("pruned with %v", tokens.kept)
	}
	if !strings.Contains(log.String(), "was not removed") || !strings.Contains(log.String(), "was removed") {
		t.Error(log.String())
	}
}

func TestTheWorkInTheBackgroundEnds(t *testing.T) {
	store := tenantstoretest.New(t)
	logger := slog.New(slog.DiscardHandler)
	cfg := config{UpkeepInterval: time.Hour, Retention: audit.Retention{Keep: audit.MinRetention}}
	sealer := tenantstoretest.NewSealer(t)
	b := newBackground(t.Context(), cfg, store.ConsoleDB, store.Console, tokenstore.New(store.ConsoleDB, time.Now),
		sessionstore.New(store.ConsoleDB, sealer, time.Now), nil, logger)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := b.stop(ctx); err != nil {
		t.Error(err)
	}
	stuck := &background{cancel: func() {}}
	release := make(chan struct{})
	stuck.running.Go(func() { <-release })
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := stuck.stop(gone); err == nil {
		t.Error("work that goes on has stopped")
	}
	close(release)
}
