package tokenstore_test

import (
	"testing"
	"time"
)

func TestTheTokenThatEndsNext(t *testing.T) {
	w := newWorld(t)
	next := func(want time.Time) {
		t.Helper()
		if at, err := w.NextEnd(t.Context()); err != nil || !at.Equal(want) {
			t.Errorf("the next one ends %s, %v; want %s", at, err, want)
		}
	}
	next(time.Time{})
	const day = 24 * time.Hour
	w.create(t, reader(2*time.Hour)) // made to end soon: no news
	next(time.Time{})
	w.create(t, reader(30*day))
	soon, _ := w.create(t, reader(20*day))
	sooner, _ := w.create(t, reader(14*day))
	next(start.Add(14 * day))
	if _, err := w.Revoke(t.Context(), sooner.ID, nil); err != nil {
		t.Fatal(err)
	}
	next(soon.ExpiresAt)
	w.now = start.Add(21 * day) // it has ended, and is no news
	next(start.Add(30 * day))
}
