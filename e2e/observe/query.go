package observe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	prometheusapi "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/ai-agents/ai-agents/internal/pause"
)

// poll is how often something that is waited for is looked at.
const poll = 100 * time.Millisecond

var errNoPrometheus = errors.New("there is no Prometheus here: see Options.Parts")

// API is all of Prometheus' API: ranges, rules, alerts, exemplars. It is nil when Prometheus was not started.
func (o *Observability) API() prometheusapi.API { return o.api }

// Query evaluates expr now. A scalar is returned as one sample without labels. A query that finds nothing returns no samples and no
// error; one that Prometheus does not understand, or warns of, an error.
func (o *Observability) Query(ctx context.Context, expr string) (model.Vector, error) {
	if o.api == nil {
		return nil, errNoPrometheus
	}
	value, warnings, _, err := o.api.Query(ctx, expr, time.Now())
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	if len(warnings) > 0 {
		return nil, fmt.Errorf("query %s: %s", expr, strings.Join(warnings, "; "))
	}
	switch v := value.(type) {
	case model.Vector:
		return v, nil
	case *model.Scalar:
		return model.Vector{{Metric: model.Metric{}, Value: v.Value, Timestamp: v.Timestamp}}, nil
	default:
		return nil, fmt.Errorf("query %s: it gives a %s, want an instant vector or a scalar", expr, value.Type())
	}
}

// AwaitQuery evaluates expr until it finds something, as long as ctx allows.
func (o *Observability) AwaitQuery(ctx context.Context, expr string) (model.Vector, error) {
	for {
		found, err := o.Query(ctx, expr)
		if err != nil || len(found) > 0 {
			return found, err
		}
		if err := pause.For(ctx, poll); err != nil {
			return nil, fmt.Errorf("query %s found nothing: %w", expr, context.Cause(ctx))
		}
	}
}

// Targets are what Prometheus scrapes, with the state of the latest scrape of each.
func (o *Observability) Targets(ctx context.Context) ([]prometheusapi.ActiveTarget, error) {
	if o.api == nil {
		return nil, errNoPrometheus
	}
	found, err := o.api.Targets(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the targets: %w", err)
	}
	return found.Active, nil
}

// AwaitTargets waits until every target was scraped and is up, as long as ctx allows. The error names those that are not, and why.
func (o *Observability) AwaitTargets(ctx context.Context) error {
	var missing []string
	for {
		targets, err := o.Targets(ctx)
		if err != nil && ctx.Err() != nil && len(missing) > 0 { // the time is up, and what was seen last says more
			return fmt.Errorf("these targets are not up: %s: %w", strings.Join(missing, "; "), context.Cause(ctx))
		}
		if err != nil {
			return err
		}
		missing = nil
		for i := range targets {
			if t := &targets[i]; t.Health != prometheusapi.HealthGood {
				missing = append(missing, fmt.Sprintf("%s %s: %s %s", t.ScrapePool, t.ScrapeURL, t.Health, t.LastError))
			}
		}
		if len(targets) > 0 && len(missing) == 0 {
			return nil
		}
		if err := pause.For(ctx, poll); err != nil {
			return fmt.Errorf("of %d targets these are not up: %s: %w", len(targets), strings.Join(missing, "; "), context.Cause(ctx))
		}
	}
}

// Reload has Prometheus read its configuration and its rules again, and returns when it has.
func (o *Observability) Reload(ctx context.Context) error {
	if o.api == nil {
		return errNoPrometheus
	}
	return o.post(ctx, o.PrometheusURL()+"/-/reload")
}

func (o *Observability) post(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	_, err = o.do(request)
	return err
}
