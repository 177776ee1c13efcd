package reconcile

import (
	"context"
	"time"
)

const (
	// lookEvery is how often the database is asked which polls are due.
	lookEvery = time.Second
	// lookAgain is the same after it did not answer.
	lookAgain = 5 * time.Second
	// tellEvery is how often the metrics learn how long each tenant has been silent.
	tellEvery = 15 * time.Second
)

// Run polls whatever is due until ctx ends, and then until what is under way has stopped. Any number of replicas may run it:
// a lease in the database lets one at a time at a tenant. Failures are logged and recorded with the tenant; they never end Run.
func (r *Reconciler) Run(ctx context.Context) {
	if r.cfg.Interval <= 0 {
		r.Logger.InfoContext(ctx, "requests whose webhooks are missed are not looked for: RECONCILE_INTERVAL is 0")
		return
	}
	defer r.running.Wait()
	var told time.Time
	for ctx.Err() == nil {
		pause := lookEvery
		full, err := r.start(ctx)
		if err != nil && ctx.Err() == nil {
			r.Logger.WarnContext(ctx, "the polls that are due cannot be listed", "error", err)
			pause = lookAgain
		}
		if time.Since(told) >= tellEvery {
			told = time.Now()
			r.tellSilence(ctx)
		}
		r.await(ctx, pause, full)
	}
}

// start begins as many of the due polls as there are places, and says whether that was not enough for all.
func (r *Reconciler) start(ctx context.Context) (full bool, err error) {
	free := cap(r.places) - len(r.places)
	if free == 0 {
		return true, nil
	}
	tenants, err := r.rows.due(ctx, free)
	if err != nil {
		return false, err
	}
	for _, id := range tenants {
		if !r.take(id) {
			continue
		}
		select {
		case r.places <- struct{}{}:
		default: // one that had lent its place took it back
			r.leave(id)
			return true, nil
		}
		r.running.Go(func() {
			r.poll(ctx, id, r.rest)
			<-r.places
			r.leave(id)
			r.wake()
		})
	}
	return len(tenants) == free, nil
}

// await passes the time until polls are to be started again: sooner when there were more than places and one becomes free.
func (r *Reconciler) await(ctx context.Context, pause time.Duration, full bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	woken := r.woken
	if !full {
		woken = nil
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-woken:
	}
}

// take has this replica poll a tenant once at a time: its lease may not be in the database yet.
func (r *Reconciler) take(tenantID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[tenantID] {
		return false
	}
	r.busy[tenantID] = true
	return true
}

func (r *Reconciler) leave(tenantID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, tenantID)
}

func (r *Reconciler) wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// rest lends the place of a poll that waits for its pace to another.
func (r *Reconciler) rest(ctx context.Context, d time.Duration) error {
	<-r.places
	r.wake()
	err := r.cfg.Sleep(ctx, d)
	r.places <- struct{}{} // whoever has one gives it back, also when ctx has ended
	return err
}

func (r *Reconciler) tellSilence(ctx context.Context) {
	silence, err := r.rows.silence(ctx)
	if err != nil {
		if ctx.Err() == nil {
			r.Logger.WarnContext(ctx, "how long tenants have not been polled cannot be told", "error", err)
		}
		return
	}
	r.Metrics.ReconcileSilence(silence)
}
