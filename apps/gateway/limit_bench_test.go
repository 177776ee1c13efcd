package main

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

// unlimited is the ledger as it was without a limit.
type unlimited struct {
	jobLedger

	accept func(ctx context.Context, job enhancement.Job) (ledger.Accepted, error)
}

func (u unlimited) Accept(ctx context.Context, job enhancement.Job, _ int) (quota.Acceptance, error) {
	accepted, err := u.accept(ctx, job)
	return quota.Acceptance{Accepted: accepted}, err
}

// BenchmarkAccept is a webhook from the request to 202, with and without counting in turns, so that both have the same
// neighbours on the machine; it reports the medians.
func BenchmarkAccept(b *testing.B) {
	counting := newFixture(b)
	plain := newReplica(b, counting.store)
	counting.door.perMinute = 1 << 30
	plain.door.ledger = unlimited{accept: plain.ledger.Accept}
	var limited, without []time.Duration
	n := 0
	send := func(f *fixture) time.Duration {
		n++
		began := time.Now()
		if rec := f.sendAs(b, "alpha", n); rec.Code != http.StatusAccepted {
			b.Fatalf("%d %s", rec.Code, rec.Body)
		}
		return time.Since(began)
	}
	for b.Loop() {
		limited = append(limited, send(counting))
		without = append(without, send(plain))
	}
	slices.Sort(limited)
	slices.Sort(without)
	with, base := limited[len(limited)/2], without[len(without)/2]
	b.ReportMetric(float64(with.Microseconds()), "limited-µs")
	b.ReportMetric(float64(base.Microseconds()), "unlimited-µs")
	b.ReportMetric(float64(with)/float64(base), "ratio")
}

// BenchmarkRefuse is what a webhook of a tenant at its limit costs.
func BenchmarkRefuse(b *testing.B) {
	f := newFixture(b)
	f.door.perMinute = 1
	f.sendAs(b, "alpha", 0)
	n := 0
	for b.Loop() {
		n++
		if rec := f.sendAs(b, "alpha", n); rec.Code != http.StatusTooManyRequests {
			b.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
}

// BenchmarkNeighbour reports the 99th percentile of a tenant's accepts, while another sends nothing, or 1,000 webhooks
// a minute to three replicas, of which 100 are accepted.
func BenchmarkNeighbour(b *testing.B) {
	for name, pause := range map[string]time.Duration{"quiet": 0, "flood": time.Minute / 1_000} {
		b.Run(name, func(b *testing.B) {
			first := newFixture(b)
			replicas := []*fixture{first, newReplica(b, first.store), newReplica(b, first.store)}
			for _, r := range replicas {
				r.door.perMinute = 1 << 30 // beta's
			}
			example, credentials := tenantstoretest.Example("alpha")
			example.Preferences.WebhooksPerMinute = 100
			first.store.Put(b, example, credentials)
			var stop atomic.Bool
			done := make(chan struct{})
			go func() {
				defer close(done)
				for n := 0; pause > 0 && !stop.Load(); n++ {
					replicas[n%len(replicas)].sendAs(b, "alpha", n)
					time.Sleep(pause)
				}
			}()
			var took []time.Duration
			n := 0
			for b.Loop() {
				n++
				began := time.Now()
				if rec := replicas[n%len(replicas)].sendAs(b, "beta", n); rec.Code != http.StatusAccepted {
					b.Fatalf("%d %s", rec.Code, rec.Body)
				}
				took = append(took, time.Since(began))
			}
			stop.Store(true)
			<-done
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}
