package mirror

import (
	"testing"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

func TestSettings(t *testing.T) {
	t.Setenv("MIRROR_KB_INTERVAL", "0")
	t.Setenv("MIRROR_ONPREM_CALLS_PER_MINUTE", "90")
	t.Setenv("MIRROR_RESOLVED_STATUSES", "Closed,Erledigt")
	var cfg Config
	if err := envconfig.Process("", &cfg); err != nil {
		t.Fatal(err)
	}
	cfg = cfg.withDefaults()
	if cfg.interval(FeedTickets) != 2*time.Minute || cfg.interval(FeedArticles) != 0 || cfg.interval(FeedAssets) != time.Hour {
		t.Errorf("intervals %v, %v, %v", cfg.Tickets, cfg.Articles, cfg.Assets)
	}
	if cfg.CallsPerMinute(servicedesk.ProfileOnPrem) != 90 || cfg.CallsPerMinute(servicedesk.ProfileCloud) != 25 {
		t.Errorf("pace %d, %d", cfg.OnPremCalls, cfg.CloudCalls)
	}
	if len(cfg.ResolvedStatuses) != 2 || cfg.FirstWindow != 7*24*time.Hour || cfg.Complete != 24*time.Hour || cfg.Concurrency != 16 {
		t.Errorf("got %+v", cfg)
	}
	zero := Config{CloudCalls: -1}.withDefaults()
	if zero.CallsPerMinute(servicedesk.ProfileCloud) != 25 || zero.CallsPerMinute(servicedesk.ProfileOnPrem) != 30 || zero.interval(FeedTickets) != 0 {
		t.Errorf("got %+v", zero)
	}
}
