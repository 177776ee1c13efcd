package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/embedding"
	embeddings "github.com/ai-agents/ai-agents/internal/embedding/openai"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// newSources makes the context sources. reranker may be nil: words then decide alone.
func newSources(cfg config, db *postgres.DB, guard *outbound.Guard, desks desks, cache knowledge.Cache, reranker gather.Reranker,
	metrics *telemetry.Metrics, logger *slog.Logger,
) map[enhancement.Step]gather.Source {
	articles := knowledge.NewMirror(db, knowledge.MirrorOptions{Reranker: reranker, Links: desks, Logger: logger})
	live := knowledge.NewLive(desks, cache, knowledge.Options{
		Timeout: cfg.KnowledgeTimeout, Transport: guard.Transport(), Logger: logger,
		Switched: func(tenantID string, off bool) { metrics.Breaker(tenantID, "knowledge", off) },
		Count:    func(gave telemetry.CacheResult) { metrics.Cached(telemetry.CacheKnowledge, gave) },
	})
	learn := func(source gather.Source) gather.Source {
		return feedback.Learn(source, feedback.NewStore(db), logger, time.Now)
	}
	return map[enhancement.Step]gather.Source{
		enhancement.StepTicketSearch: learn(history.New(db, history.Options{Reranker: reranker, Links: desks, Logger: logger})),
		enhancement.StepDocSearch:    learn(knowledge.New(articles, live)),
		enhancement.StepIPSearch:     inventory.New(db),
	}
}

// newEmbedder gives nil when no embeddings endpoint is configured.
func newEmbedder(cfg embeddings.Config, key string, logger *slog.Logger) (embedding.Embedder, error) {
	if !cfg.Enabled() {
		logger.Info("no embeddings endpoint is configured, similar tickets and articles are found by words alone")
		return nil, nil //nolint:nilnil // none is a valid choice
	}
	cfg.Logger = logger
	client, err := embeddings.New(cfg, key)
	if err != nil {
		return nil, fmt.Errorf("configure the embeddings: %w", err)
	}
	return client, nil
}

// newReranker gives nil without an embedder.
func newReranker(db *postgres.DB, embedder embedding.Embedder, logger *slog.Logger) (gather.Reranker, error) {
	if embedder == nil {
		return nil, nil //nolint:nilnil // none is a valid choice
	}
	return embedding.NewReranker(db, embedder, embedding.RerankOptions{Logger: logger})
}
