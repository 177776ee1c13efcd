package knowledge

import (
	"errors"
	"sync"

	"github.com/ai-agents/ai-agents/internal/breaker"
	"github.com/ai-agents/ai-agents/internal/gather"
)

// breakers keep the jobs of a tenant from waiting, one by one, for a knowledge base that is dead. There is one for each
// knowledge base: a tenant that is given another begins with a closed one.
type breakers struct {
	opts Options

	mu   sync.Mutex
	open map[string]guarded // by tenant
}

type guarded struct {
	*breaker.Breaker[[]gather.Item]

	baseURL string
}

func newBreakers(opts Options) *breakers { return &breakers{opts: opts, open: map[string]guarded{}} }

func (b *breakers) of(look lookup) *breaker.Breaker[[]gather.Item] {
	b.mu.Lock()
	defer b.mu.Unlock()
	known, ok := b.open[look.tenantID]
	if ok && known.baseURL == look.endpoint.BaseURL {
		return known.Breaker
	}
	if ok {
		b.opts.Switched(look.tenantID, false)
	}
	made := breaker.New[[]gather.Item](breaker.Options{
		Dead: func(err error) bool {
			_, answered := errors.AsType[*gather.PermanentError](err) // that the settings are wrong
			return !answered
		},
		Switched: func(off bool) {
			if off {
				b.opts.Logger.Warn("the knowledge base fails again and again: it is not asked for a while", "tenant_id", look.tenantID)
			} else {
				b.opts.Logger.Info("the knowledge base answers again", "tenant_id", look.tenantID)
			}
			b.opts.Switched(look.tenantID, off)
		},
	})
	b.open[look.tenantID] = guarded{made, look.endpoint.BaseURL}
	return made
}
