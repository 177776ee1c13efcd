package mirror

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// codeNotFound is how ServiceDesk Plus itself says that there is no such record. Others who answer 404, proxies and
// log-in pages among them, do not.
const codeNotFound = 4007

// A record that cannot be read is passed over. When so many in a row cannot, it is the server; a call without any answer
// counts for several.
const (
	hopeless = 5
	noAnswer = 3
)

// isGone tells whether the server says of a record that it does not exist, or not any more.
func isGone(err error) bool {
	failed, ok := errors.AsType[*servicedesk.Error](err)
	return ok && failed.Kind == servicedesk.KindNotFound && (failed.Code == codeNotFound || failed.ParentID != "")
}

// isAboutOne tells whether an error may concern one record only: another one may still be read.
func isAboutOne(err error) bool {
	if _, ok := errors.AsType[*refusedError](err); ok {
		return false
	}
	failed, ok := errors.AsType[*servicedesk.Error](err)
	return ok && !failed.RateLimited
}

// hasRead notes that the server answers.
func (r *run) hasRead() { r.inARow, r.row = 0, nil }

// forgetRow has the records before which the server failed read again at once: they were not to blame.
func (r *run) forgetRow(ctx context.Context) error {
	parting, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingTime)
	defer cancel()
	return r.m.rows.letIn(parting, r.tenantID, r.feed, r.row)
}

// leave is the note by which a record that could not be read is left out: not for long if the server failed.
func leave(id string, version time.Time, err error) leftOut {
	if servicedesk.Retryable(err) {
		return leftOut{ID: id, Reason: leftFailed, Version: version, Until: failedFor}
	}
	return leftOut{ID: id, Reason: leftRejected, Version: version, Until: rejectedFor}
}

// count ends the run at its limit.
func (r *run) count() error {
	if r.stored++; r.opts.Limit > 0 && r.stored >= r.opts.Limit {
		return errLimit
	}
	return nil
}

// passOver decides whether a record that could not be read spoils only itself. Its error is then on the books, and nil
// is returned.
func (r *run) passOver(ctx context.Context, id string, err error) error {
	if ctx.Err() != nil || !isAboutOne(err) {
		return err
	}
	r.inARow++
	r.row = append(r.row, id)
	if failed, ok := errors.AsType[*servicedesk.Error](err); ok && failed.HTTPStatus == 0 {
		r.inARow += noAnswer - 1
	}
	if r.inARow >= hopeless {
		r.hopeless = true
		return fmt.Errorf("several records in a row could not be read, the last because: %w", err)
	}
	r.reject(ctx, id, err.Error())
	return nil
}

// put stores records, all at once if possible. One that the store cannot take is rejected and the others are stored without it.
func put[T any](ctx context.Context, r *run, into store[T], records []T, id func(T) string) (rejected map[string]bool, err error) {
	rejected = make(map[string]bool)
	valid := make([]T, 0, len(records))
	for _, record := range records {
		if err := validate(record); err != nil {
			rejected[id(record)] = true
			r.reject(ctx, id(record), oneLine(err))
			continue
		}
		valid = append(valid, record)
	}
	if len(valid) == 0 {
		return rejected, nil
	}
	change, err := into.Put(ctx, r.tenantID, gather.OriginServiceDesk, valid)
	if err == nil {
		r.sum.Change = r.sum.Plus(change)
		return rejected, nil
	}
	if !isAboutData(err) {
		return nil, fmt.Errorf("store %s: %w", r.feed, err)
	}
	for _, record := range valid {
		change, err := into.Put(ctx, r.tenantID, gather.OriginServiceDesk, []T{record})
		switch {
		case err == nil:
			r.sum.Change = r.sum.Plus(change)
		case isAboutData(err):
			rejected[id(record)] = true
			r.reject(ctx, id(record), oneLine(err))
		default:
			return nil, fmt.Errorf("store %s: %w", r.feed, err)
		}
	}
	return rejected, nil
}

func validate(record any) error {
	if v, ok := record.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// isAboutData tells a record that does not fit from a database that does not work.
func isAboutData(err error) bool {
	_, is := postgres.Refused(err)
	return is
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
