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
	w.create(t, reader(30*24*time.Hour))
	soon, _ := w.create(t, reader(2*time.Hour))
	sooner, _ := w.create(t, reader(time.Hour))
	next(start.Add(time.Hour))
	if _, err := w.Revoke(t.Context(), sooner.ID, nil); err != nil {
		t.Fatal(err)
	}
	next(soon.ExpiresAt)
	w.now = start.Add(3 * time.Hour) // it has ended, and is no news
	next(start.Add(30 * 24 * time.Hour))
}
