package replay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// ErrTenantChanged says that the tenant is not the one any more whose own preferences the notes before were drafted under: one report would
// tell of two configurations as if they were one.
var ErrTenantChanged = errors.New("the tenant was changed since the replay began")

const (
	// attempts and longestWait bound the patience with a console that has no room, or an enhancer that is being restarted.
	attempts    = 12
	firstWait   = time.Second
	longestWait = 15 * time.Second
)

// one drafts the notes of a ticket that are missing. What is wrong with the ticket alone is in its result.
func (r *run) one(ctx context.Context, t adminapi.ResolvedTicket) error {
	if err := r.confirm(); err != nil { // somebody may be asking
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	result := Result{
		TicketID: t.TicketID, Subject: t.Subject, CreatedAt: t.CreatedAt, ResolvedAt: t.ResolvedAt,
		Drafts: make([]Draft, len(r.plan.Configurations)),
	}
	copy(result.Drafts, r.begun[t.TicketID].Drafts)
	if r.plan.AsOf {
		result.AsOf = asOf(t)
	}
	for place := range result.Drafts {
		if result.Drafts[place].Preview != nil {
			continue
		}
		if err := r.draft(ctx, &result, place); err != nil {
			return err
		}
	}
	return r.add(result)
}

// draft drafts the note of a ticket under the configuration at place.
func (r *run) draft(ctx context.Context, result *Result, place int) error {
	shown, err := r.preview(ctx, adminapi.PreviewRequest{
		TicketID: result.TicketID, Source: adminapi.SourceHistory, AsOf: result.AsOf, Preferences: r.plan.Configurations[place].Preferences,
	})
	switch {
	case err == nil:
		result.Drafts[place] = Draft{Preview: &shown}
		return r.drafted(*result, place)
	case ctx.Err() != nil:
		return ctx.Err()
	case fatal(err):
		return err
	default:
		result.Drafts[place] = Draft{Error: err.Error()}
		return nil
	}
}

// drafted has a draft kept that has just come. That of the last configuration is kept with the result.
func (r *run) drafted(result Result, place int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.sameTenant(result, place); err != nil {
		return err
	}
	if r.Drafted == nil || place == len(result.Drafts)-1 {
		return nil
	}
	return r.Drafted(result)
}

func (r *run) sameTenantAs(earlier []Result) error {
	for _, e := range earlier {
		for place := range min(len(e.Drafts), len(r.plan.Configurations)) {
			if err := r.sameTenant(e, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameTenant holds a draft against those before. Under given preferences the tenant's own do not matter.
func (r *run) sameTenant(result Result, place int) error {
	shown := result.Drafts[place].Preview
	if shown == nil || r.plan.Configurations[place].Preferences != nil {
		return nil
	}
	version := shown.Account.TenantVersion
	if r.version == 0 {
		r.version = version
	}
	if version != r.version {
		return fmt.Errorf("%w: notes were drafted under its version %d, and that of ticket %s under version %d: "+
			"begin anew, with another progress file, or give the preferences of one version in a file", ErrTenantChanged, r.version, result.TicketID, version)
	}
	return nil
}

// preview asks again where there is no room, or no enhancer, for a moment.
func (r *run) preview(ctx context.Context, request adminapi.PreviewRequest) (adminapi.Preview, error) {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		shown, err := r.Previews.Preview(ctx, r.plan.TenantID, request)
		if err == nil || attempt == attempts || !passes(err) {
			return shown, err
		}
		if problem, is := errors.AsType[*adminapi.Problem](err); is {
			wait = max(wait, problem.RetryAfter)
		}
		if r.Wait(ctx, min(wait, longestWait)) != nil {
			return adminapi.Preview{}, err
		}
		wait *= 2
	}
}

// passes says that it may be otherwise in a moment. Of an enhancer that was cut off, a model may have been asked all the same.
func passes(err error) bool {
	status := adminapi.StatusOf(err)
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// fatal says that no other ticket would fare better.
func fatal(err error) bool {
	problem, is := errors.AsType[*adminapi.Problem](err)
	if !is {
		return true // the console cannot be spoken to
	}
	switch problem.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return true
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return slices.ContainsFunc(problem.Errors, func(f adminapi.FieldProblem) bool { return strings.HasPrefix(f.Location, "body.preferences") })
	default:
		return false
	}
}

// asOf is when the ticket came; when it was resolved, where that is not known.
func asOf(t adminapi.ResolvedTicket) *time.Time {
	if t.CreatedAt != nil {
		return t.CreatedAt
	}
	return &t.ResolvedAt
}
