package quota_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

func TestTurns(t *testing.T) {
	turns := quota.NewTurns(2)
	ends := make([]func(), 0, 2)
	for range 2 {
		end, err := turns.Take(t.Context(), "alpha")
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.Take(gone, "alpha"); !errors.Is(err, context.Canceled) {
		t.Errorf("a third one got a turn, or another error: %v", err)
	}
	end, err := turns.Take(t.Context(), "beta")
	if err != nil {
		t.Fatalf("a neighbour waits: %v", err)
	}
	end()
	ends[0]()
	end, err = turns.Take(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	end()
	ends[1]()
}

func TestTurnsUnderLoad(t *testing.T) {
	const each = 3
	turns := quota.NewTurns(each)
	var (
		wg   sync.WaitGroup
		busy atomic.Int32
	)
	for range 200 {
		wg.Go(func() {
			end, err := turns.Take(t.Context(), "alpha")
			if err != nil {
				t.Error(err)
				return
			}
			defer end()
			if n := busy.Add(1); n > each {
				t.Errorf("%d at once", n)
			}
			busy.Add(-1)
		})
	}
	wg.Wait()
}
