package mirror

import (
	"context"
	"errors"
	"slices"
)

// peek reads the cursor for a run that writes nothing.
func (r *run) peek(ctx context.Context) error {
	c, err := r.m.rows.peek(ctx, r.tenantID, r.feed)
	r.cursor = c
	return err
}

// endCatalog ends a pass over articles or assets, whose lists are read as a whole each time: what the list lacks is
// looked up and, if it is gone, removed.
func (r *run) endCatalog(ctx context.Context, listed int, c checking) error {
	r.done, r.total = listed, listed
	r.report(0, "")
	if r.opts.DryRun {
		return nil
	}
	var err error
	if r.opts.Since.IsZero() && r.opts.Limit == 0 {
		if err = r.checkCatalog(ctx, c); err != nil && !isFinal(err) {
			return err
		}
	}
	r.cursor.Import = nil
	return errors.Join(err, r.save(ctx, sightings{}))
}

// checkCatalog compares ours with a list that was just read. The next step of the schedule, which has read it anew, goes on
// behind those that this one has looked up.
func (r *run) checkCatalog(ctx context.Context, c checking) error {
	c.state = &r.cursor.Catalog
	if r.foreground {
		c.state = new(*check)
	}
	err := r.check(ctx, c)
	if err == nil || isFinal(err) {
		r.cursor.Catalog = nil
	}
	if err == nil && (r.foreground || r.cursor.Halted == "") {
		r.cursor.Tally, r.cursor.Halted = nil, ""
	}
	return err
}

// notAmong gives those of ids that were not listed.
func notAmong[T any](listed []T, id func(T) string) func(context.Context, []string) ([]string, error) {
	seen := make(map[string]bool, len(listed))
	for _, record := range listed {
		seen[id(record)] = true
	}
	return func(_ context.Context, ids []string) ([]string, error) {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return seen[id] }), nil
	}
}

// withoutTwins drops records that were listed twice because others moved meanwhile, and those without an id.
func withoutTwins[T any](records []T, id func(T) string) []T {
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(records, func(record T) bool {
		twin := seen[id(record)]
		seen[id(record)] = true
		return twin
	})
}
