package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/sidecar"
)

func TestWatchdog(t *testing.T) {
	other := errors.New("example: connection refused")
	for name, c := range map[string]struct {
		answer func(since time.Duration) error
		after  time.Duration // 0: it stays quiet
	}{
		"all is well":         {func(time.Duration) error { return nil }, 0},
		"the sidecar is away": {func(time.Duration) error { return other }, 0},
		"slow to register":    {func(since time.Duration) error { return pickErr(since < 11*time.Second, sidecar.ErrNoWorker) }, 0},
		"never registered":    {func(time.Duration) error { return sidecar.ErrNoWorker }, watchdogInterval + watchdogFirst},
		"the worker reconnects": {
			func(since time.Duration) error {
				return pickErr(since > 10*time.Second && since < 35*time.Second, sidecar.ErrNoWorker)
			}, 0,
		},
		"missing now and then": {func(since time.Duration) error {
			return pickErr(since%(20*time.Second) > 2*time.Second, sidecar.ErrNoWorker)
		}, 0},
		"missing after a minute": {func(since time.Duration) error { return pickErr(since > time.Minute, sidecar.ErrNoWorker) }, 62*time.Second + watchdogPatience},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				var active []bool // each time
				err := watchdog{worker: func(context.Context) error { return c.answer(time.Since(began)) }, active: func(is bool) { active = append(active, is) }}.watch(ctx)
				took := time.Since(began)
				if (c.after == 0) != (err == nil) || (c.after != 0 && took != c.after) {
					t.Errorf("after %s: %v, want after %s", took, err, c.after)
				}
				looks := int(took / watchdogInterval)
				for i, is := range active[:len(active)-1] {
					if want := c.answer(time.Duration(i+1)*watchdogInterval) == nil; is != want {
						t.Errorf("look %d: active is %v", i, is)
					}
				}
				if len(active) < looks || active[len(active)-1] {
					t.Errorf("%d looks of %d, and in the end it is active: %v", len(active), looks, active[len(active)-1])
				}
			})
		})
	}
}

func pickErr(yes bool, err error) error {
	if yes {
		return err
	}
	return nil
}
