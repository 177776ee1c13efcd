package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// expiryInterval is how often is looked what ends next.
const expiryInterval = time.Minute

// expiries has operators see in time what has to be renewed.
type expiries struct {
	tokens interface {
		NextEnd(ctx context.Context) (time.Time, error)
	}
	certificate string // a file; empty for none
	metrics     *telemetry.Metrics
	logger      *slog.Logger
}

// watch looks, now and every minute, until ctx ends.
func (e expiries) watch(ctx context.Context) {
	again := time.NewTicker(expiryInterval)
	defer again.Stop()
	for {
		e.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// look leaves what was said last where it cannot find out.
func (e expiries) look(ctx context.Context) {
	switch at, err := e.tokens.NextEnd(ctx); {
	case err == nil:
		e.metrics.CredentialEnds(telemetry.CredentialToken, at)
	case ctx.Err() == nil:
		e.logger.WarnContext(ctx, "it was not found out which API token ends next", "error", err)
	}
	if e.certificate == "" {
		return
	}
	at, err := httpserver.CertificateEnd(e.certificate)
	if err != nil {
		e.logger.WarnContext(ctx, "it was not found out when the TLS certificate ends", "error", err)
		return
	}
	e.metrics.CredentialEnds(telemetry.CredentialCertificate, at)
}
