package adminapi

import (
	"context"
	"net/http"
	"time"
)

// Worker is a replica of the enhancer.
type Worker struct {
	Replica   string     `json:"replica"`
	Enhancer  string     `json:"enhancer,omitempty"   doc:"The tenant whose own enhancer it is; none for the one that tenants share."`
	Version   string     `json:"version"              doc:"The release, or the revision of the source."`
	State     string     `json:"state"                doc:"draining: it begins no jobs and waits for its steps. drained: it can be stopped. unavailable: its sidecar does not count on it. silent: it has not been heard of for 15 s." enum:"working,draining,drained,unavailable,silent"`
	Steps     int        `json:"steps"                doc:"Steps under way."`
	Since     time.Time  `json:"since"                doc:"When it began."`
	SeenAt    time.Time  `json:"seen_at"`
	Drain     bool       `json:"drain"                doc:"An operator wants it to take no work."`
	DrainedBy string     `json:"drained_by,omitempty"`
	DrainedAt *time.Time `json:"drained_at,omitempty" doc:"When that was said."`
}

// DrainWorker asks for a worker to be drained.
type DrainWorker struct {
	EvenLast bool `json:"even_last,omitempty" doc:"Also when no other worker of the same enhancer takes work: nothing is enhanced then until one does."`
}

// The states of a worker that clients wait for.
const (
	WorkerWorking = "working"
	WorkerDrained = "drained"
	WorkerSilent  = "silent"
)

// Workers lists the replicas of the enhancer, those that began first first.
func (c *Client) Workers(ctx context.Context) ([]Worker, error) {
	var out Page[Worker]
	err := c.do(ctx, get("/workers", nil), &out)
	return out.Items, err
}

// DrainWorker has a worker take no work any more.
func (c *Client) DrainWorker(ctx context.Context, replica string, in DrainWorker) (Worker, error) {
	var out Worker
	err := c.do(ctx, call{method: http.MethodPost, path: below("workers", replica, "drain"), in: in, again: true}, &out)
	return out, err
}

// UndrainWorker has it take work again.
func (c *Client) UndrainWorker(ctx context.Context, replica string) (Worker, error) {
	var out Worker
	err := c.do(ctx, call{method: http.MethodPost, path: below("workers", replica, "undrain"), again: true}, &out)
	return out, err
}
