package web

import (
	"fmt"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// hoursShown is how far back charts go.
const hoursShown = 24

// overviewPage is how the platform stands.
type overviewPage struct {
	Sum    adminapi.QueueAccount
	Pauses []adminapi.Pause
	Errors []adminapi.Error
	Chart  *chart
	// Median and Slow are how long notes took in the last hour that has any, in milliseconds.
	Median, Slow int64
}

func (s *Site) overview(v *visit) error {
	var page overviewPage
	waiting, err := accounts(v)
	if err != nil && !refused(err) {
		return fmt.Errorf("overview: %w", err)
	}
	for _, a := range waiting {
		page.Sum.Waiting += a.Waiting
		page.Sum.Running += a.Running
		page.Sum.Held += a.Held
		page.Sum.Failed += a.Failed
		page.Sum.Troubled += a.Troubled
	}
	if page.Pauses, err = pauses(v); err != nil && !refused(err) {
		return fmt.Errorf("overview: %w", err)
	}
	since := s.cfg.Now().Add(-day)
	page.Errors, err = reached(v, func(id string) ([]adminapi.Error, error) { return v.api.Errors(v.ctx, id, since) })
	if err != nil && !refused(err) {
		return fmt.Errorf("overview: %w", err)
	}
	hours, err := activity(v)
	if err != nil && !refused(err) {
		return fmt.Errorf("overview: %w", err)
	}
	page.Chart = newChart(hours)
	for _, h := range hours {
		if h.Completed > 0 && len(v.session.Tenants) < 2 { // percentiles of several tenants do not add up
			page.Median, page.Slow = h.P50MS, h.P95MS
		}
	}
	return s.show(v, "overview", "Overview", page)
}

// activity counts jobs by the hour: the platform's or, for a reader of some tenants only, those of these together.
func activity(v *visit) ([]adminapi.ActiveHour, error) {
	var sum []adminapi.ActiveHour
	_, err := reached(v, func(id string) ([]adminapi.ActiveHour, error) {
		hours, err := v.api.Activity(v.ctx, id, hoursShown)
		for i, h := range hours {
			if i >= len(sum) {
				sum = append(sum, h)
				continue
			}
			sum[i].Completed += h.Completed
			sum[i].Failed += h.Failed
			sum[i].Unfinished += h.Unfinished
		}
		return nil, err
	})
	return sum, err
}
