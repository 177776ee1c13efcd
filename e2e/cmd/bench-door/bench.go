package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
)

// The percentiles that are told.
const p50, p99 = 0.5, 0.99

// bench sends webhooks to all gateways in turn.
type bench struct {
	platform *platform.Platform
	gateways []string
}

// answer is what became of one webhook.
type answer struct {
	at     time.Time // when it was answered
	took   time.Duration
	status int // 0 without an answer
	jobID  string
}

type answers []answer

// send sends n webhooks of different tickets, spread evenly over the window, whether or not the earlier ones have been
// answered: a slow gateway gets no relief.
func (b bench) send(ctx context.Context, tenantID, prefix string, n int) answers {
	var wg sync.WaitGroup
	all := make(answers, n)
	ticker := time.NewTicker(window / time.Duration(n))
	defer ticker.Stop()
	for i := range n {
		select {
		case <-ctx.Done():
			return all[:i]
		case <-ticker.C:
		}
		wg.Go(func() {
			all[i] = b.one(ctx, b.gateways[i%len(b.gateways)], tenantID, prefix+strconv.Itoa(10_000+i))
		})
	}
	wg.Wait()
	return all
}

func (b bench) one(ctx context.Context, gateway, tenantID, ticketID string) answer {
	began := time.Now()
	status, body, err := b.platform.SendWebhookTo(ctx, gateway, tenantID, map[string]any{
		"tenant_id": tenantID, "ticket_id": ticketID, "subject": "VPN drops", "description": "The VPN drops every few minutes.",
	})
	a := answer{at: time.Now(), took: time.Since(began), status: status}
	var accepted struct {
		JobID string `json:"job_id"`
	}
	if err == nil && status == http.StatusAccepted && json.Unmarshal(body, &accepted) == nil {
		a.jobID = accepted.JobID
	}
	return a
}

// inLedger says which accepted webhooks the ledger does not know.
func (b bench) inLedger(ctx context.Context, tenantID string, all answers) error {
	for _, a := range all {
		if a.status != http.StatusAccepted {
			continue
		}
		if _, err := b.platform.Job(ctx, tenantID, a.jobID); err != nil {
			return fmt.Errorf("lost: a webhook of %s was accepted as job %q: %w", tenantID, a.jobID, err)
		}
	}
	return nil
}

func (all answers) count(status int) (n int) {
	for _, a := range all {
		if a.status == status {
			n++
		}
	}
	return n
}

// most is how many were accepted in any 60 seconds at most.
func (all answers) most() (most int) {
	var times []time.Time
	for _, a := range all {
		if a.status == http.StatusAccepted {
			times = append(times, a.at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	first := 0
	for last := range times {
		for times[last].Sub(times[first]) >= window {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

func (all answers) percentile(share float64) time.Duration {
	took := make([]time.Duration, len(all))
	for i, a := range all {
		took[i] = a.took
	}
	slices.Sort(took)
	if len(took) == 0 {
		return 0
	}
	return took[min(len(took)-1, int(share*float64(len(took))))]
}

// exactly says whether the limit was kept, and used.
func (all answers) exactly(limit int) error {
	if got := all.most(); got != limit {
		return fmt.Errorf("%d webhooks were accepted in 60 seconds at most, not exactly %d", got, limit)
	}
	if others := len(all) - all.count(http.StatusAccepted) - all.count(http.StatusTooManyRequests); others != 0 {
		return fmt.Errorf("%d webhooks were answered neither 202 nor 429", others)
	}
	return nil
}

// all says whether each was accepted.
func (all answers) all() error {
	if n := len(all) - all.count(http.StatusAccepted); n != 0 {
		return fmt.Errorf("%d webhooks of the neighbour were not accepted", n)
	}
	return nil
}

// String gives the counts and the times to an answer.
func (all answers) String() string {
	return fmt.Sprintf("%d sent, %d answered 202 (at most %d in any 60 s), %d answered 429, %d otherwise; p50 %s, p99 %s",
		len(all), all.count(http.StatusAccepted), all.most(), all.count(http.StatusTooManyRequests),
		len(all)-all.count(http.StatusAccepted)-all.count(http.StatusTooManyRequests),
		all.percentile(p50).Round(100*time.Microsecond), all.percentile(p99).Round(100*time.Microsecond))
}
