package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/kelseyhightower/envconfig"

	embeddings "github.com/ai-agents/ai-agents/internal/embedding/openai"
	"github.com/ai-agents/ai-agents/internal/enhancement/dispatch"
	"github.com/ai-agents/ai-agents/internal/enhancement/sweep"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/reconcile"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/synthesis/answercache"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

type config struct {
	Log      telemetry.LogConfig
	Metrics  telemetry.MetricsConfig
	Traces   tracing.Config
	Sidecar  sidecar.Config
	Database postgres.Config
	Internal httpserver.InternalConfig
	LLM      openai.Config
	Answers  answercache.Config
	// PromptTokens bounds one prompt, as its tokens are estimated.
	PromptTokens int `envconfig:"LLM_PROMPT_TOKENS" default:"12000"`
	// Embeddings are optional.
	Embeddings embeddings.Config
	Mirror     mirror.Config
	Sweep      sweep.Config
	Reconcile  reconcile.Config
	Queue      dispatch.Config
	Preview    preview.Config
	// Outbound is for URLs of tenants. Those of LLM and Embeddings are the operator's own, and not guarded.
	Outbound outbound.Config
	// Tenant is whose own enhancer this is: it works for that tenant alone, and only while it is assigned to it. Empty for the one that
	// tenants share.
	Tenant string `envconfig:"ENHANCER_TENANT"`

	// DeskTimeout bounds one call to a tenant's ServiceDesk Plus.
	DeskTimeout time.Duration `envconfig:"SERVICEDESK_TIMEOUT" default:"5s"`
	// KnowledgeTimeout bounds one call to a tenant's knowledge base.
	KnowledgeTimeout time.Duration `envconfig:"KB_TIMEOUT" default:"10s"`
	// UpkeepInterval is how often search index and embeddings are looked after.
	UpkeepInterval time.Duration `envconfig:"UPKEEP_INTERVAL" default:"5m"`
	// HoldLimit is how long a job waits for a dead ServiceDesk Plus before it fails.
	HoldLimit time.Duration `envconfig:"QUEUE_HOLD_LIMIT" default:"72h"`
	Grace     time.Duration `envconfig:"SHUTDOWN_GRACE" default:"20s"`
	// FeedbackURL is where technicians' browsers reach the gateway; without it notes have no link for feedback.
	FeedbackURL string `envconfig:"FEEDBACK_URL"`
}

func loadConfig() (config, error) {
	var cfg config
	if err := envconfig.Process("", &cfg); err != nil {
		return config{}, fmt.Errorf("settings from the environment: %w", err)
	}
	return cfg, cfg.validate()
}

// validate names every duration that makes no sense.
func (c config) validate() error {
	errs := []error{c.Metrics.Validate(), c.Traces.Validate()}
	for name, d := range map[string]time.Duration{
		"UPKEEP_INTERVAL": c.UpkeepInterval, "MIRROR_TICKETS_INTERVAL": c.Mirror.Tickets,
		"MIRROR_KB_INTERVAL": c.Mirror.Articles, "MIRROR_ASSETS_INTERVAL": c.Mirror.Assets,
		"SWEEP_INTERVAL": c.Sweep.Interval, "WORKFLOW_RETENTION": c.Sweep.Retention,
		"RECONCILE_INTERVAL": c.Reconcile.Interval, "LLM_CACHE_TTL": c.Answers.TTL,
	} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("%s is %s: use a positive duration, or 0 to turn it off", name, d))
		}
	}
	for name, d := range map[string]time.Duration{
		"SERVICEDESK_TIMEOUT": c.DeskTimeout, "KB_TIMEOUT": c.KnowledgeTimeout, "SHUTDOWN_GRACE": c.Grace, "QUEUE_HOLD_LIMIT": c.HoldLimit,
		"SWEEP_PENDING_AFTER": c.Sweep.PendingAfter, "SWEEP_RUNNING_AFTER": c.Sweep.RunningAfter,
		"SWEEP_STUCK_AFTER": c.Sweep.StuckAfter, "SWEEP_BACKOFF": c.Sweep.Backoff,
		"MIRROR_COMPLETE_INTERVAL": c.Mirror.Complete, "MIRROR_FIRST_WINDOW": c.Mirror.FirstWindow,
	} {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("%s is %s: use a positive duration", name, d))
		}
	}
	if _, err := feedback.NewLinks(c.FeedbackURL, nil); err != nil {
		errs = append(errs, fmt.Errorf("FEEDBACK_URL is %q: %w", c.FeedbackURL, err))
	}
	if c.Reconcile.Grace < 0 {
		errs = append(errs, fmt.Errorf("RECONCILE_GRACE is %s: use a positive duration, or 0 to wait for no webhook", c.Reconcile.Grace))
	}
	if c.Reconcile.MaxAge <= c.Reconcile.Grace {
		errs = append(errs, fmt.Errorf("RECONCILE_MAX_AGE is %s: use more than RECONCILE_GRACE, which is %s", c.Reconcile.MaxAge, c.Reconcile.Grace))
	}
	for name, n := range map[string]int{
		"SWEEP_ATTEMPTS": c.Sweep.Attempts, "QUEUE_TENANT_LIMIT": c.Queue.TenantLimit, "QUEUE_GLOBAL_LIMIT": c.Queue.GlobalLimit,
		"PREVIEW_TENANT_LIMIT": c.Preview.TenantLimit, "PREVIEW_GLOBAL_LIMIT": c.Preview.GlobalLimit,
	} {
		if n < 1 {
			errs = append(errs, fmt.Errorf("%s is %d: use 1 or more", name, n))
		}
	}
	if !tenant.ValidEnhancer(c.Tenant) {
		errs = append(errs, fmt.Errorf("ENHANCER_TENANT is %q: use the id of a tenant, of at most 49 characters, or nothing for the enhancer that tenants share", c.Tenant))
	}
	if c.PromptTokens < synthesis.LeastPromptTokens {
		errs = append(errs, fmt.Errorf("LLM_PROMPT_TOKENS is %d: use %d or more, which hold the rules, the ticket and a source", c.PromptTokens, synthesis.LeastPromptTokens))
	}
	if kept := c.Sweep.LedgerRetention; kept != 0 && kept < sweep.ShortestLedger {
		errs = append(errs, fmt.Errorf("LEDGER_RETENTION is %s: use %s or more, or 0 to keep all jobs", kept, sweep.ShortestLedger))
	}
	if kept := c.Sweep.LedgerRetention; kept != 0 && c.Reconcile.MaxAge >= kept {
		errs = append(errs, fmt.Errorf("RECONCILE_MAX_AGE is %s: use less than LEDGER_RETENTION, which is %s, or tickets are enhanced again that the ledger has forgotten",
			c.Reconcile.MaxAge, kept))
	}
	return errors.Join(errs...)
}
