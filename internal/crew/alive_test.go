package crew_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// An enhancer has workers of its own, which make up for nobody else's.
func TestWhoseWorkersThereAre(t *testing.T) {
	t.Parallel()
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	store.Save(t, "beta")
	register := crew.NewRegister(store.DB)
	if _, err := store.Console.Assign(t.Context(), "alpha", "alpha", 0, nil); err != nil {
		t.Fatal(err)
	}
	beat := func(enhancer string, state crew.State) {
		if _, err := register.Beat(t.Context(), crew.Member{Replica: "of-" + enhancer, Enhancer: enhancer, Version: "v1", State: state}); err != nil {
			t.Fatal(err)
		}
	}
	is := func(when string, unmanned int, enhancer string, works, gone error) {
		t.Helper()
		if n, err := register.WithoutWorkers(t.Context()); err != nil || n != unmanned {
			t.Errorf("%s: %d without workers, %v", when, n, err)
		}
		ask := func(question func(context.Context, postgres.Tx, string) error) error {
			return store.ConsoleDB.InPlatform(t.Context(), func(tx postgres.Tx) error { return question(t.Context(), tx, enhancer) })
		}
		if err := ask(crew.TakesWork); !errors.Is(err, works) {
			t.Errorf("%s: takes work: %v", when, err)
		}
		if err := ask(crew.Gone); !errors.Is(err, gone) {
			t.Errorf("%s: gone: %v", when, err)
		}
	}
	is("nobody", 2, "alpha", crew.ErrNoWorker, nil)
	beat("", crew.Working)
	is("the shared one", 1, "alpha", crew.ErrNoWorker, nil)
	beat("alpha", crew.Unavailable)
	is("one that cannot", 1, "alpha", crew.ErrNoWorker, crew.ErrAlive)
	beat("alpha", crew.Working)
	is("both", 0, "alpha", nil, crew.ErrAlive)
	if _, err := store.Database.Admin.Exec(t.Context(), "UPDATE workers SET seen_at = now() - interval '1 minute' WHERE enhancer = ''"); err != nil {
		t.Fatal(err)
	}
	is("its own alone", 1, "", crew.ErrNoWorker, nil)
	// Whoever has no tenants has nothing to do.
	if _, err := store.Database.Admin.Exec(t.Context(), "UPDATE tenant_configs SET enabled = false WHERE tenant_id = 'beta'"); err != nil {
		t.Fatal(err)
	}
	is("without a tenant", 0, "", crew.ErrNoWorker, nil)
}
