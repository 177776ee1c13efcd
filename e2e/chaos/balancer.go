package chaos

import (
	"context"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

const (
	// askEvery is how often the balancer asks each gateway whether it is ready, and askFor how long it waits for the answer.
	askEvery = 200 * time.Millisecond
	askFor   = time.Second
)

// balancer spreads webhooks over the gateways that are ready, as a load balancer does: it knows what it was told last.
type balancer struct {
	gateways []*gateway

	mu   sync.Mutex
	next int
}

type gateway struct {
	url     string
	process *stack.Process
	ready   bool // guarded by balancer.mu
}

func newBalancer(s *stack.Stack) *balancer {
	b := &balancer{}
	for i, url := range s.GatewayURLs() {
		b.gateways = append(b.gateways, &gateway{url: url, process: s.Process(replica("gateway", i+1)), ready: true})
	}
	return b
}

// watch asks until ctx ends.
func (b *balancer) watch(ctx context.Context) {
	if len(b.gateways) == 1 {
		return // there is no choice
	}
	var all sync.WaitGroup
	for _, g := range b.gateways {
		all.Go(func() {
			for ctx.Err() == nil {
				asking, cancel := context.WithTimeout(ctx, askFor)
				err := g.process.Ready(asking)
				cancel()
				b.mu.Lock()
				g.ready = err == nil
				b.mu.Unlock()
				rest(ctx, askEvery)
			}
		})
	}
	all.Wait()
}

// pick gives the address of the next gateway that is ready; of any, when none is.
func (b *balancer) pick() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.gateways {
		b.next = (b.next + 1) % len(b.gateways)
		if b.gateways[b.next].ready {
			break
		}
	}
	return b.gateways[b.next].url
}
