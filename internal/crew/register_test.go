package crew_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

type fixture struct {
	*crew.Register

	t        *testing.T
	database *postgrestest.Database
	app      *crew.Register
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	database := postgrestest.New(t)
	return &fixture{crew.NewRegister(database.OpenConsole(t)), t, database, crew.NewRegister(database.Open(t))}
}

func (f *fixture) beat(replica string, state crew.State) (drain bool) {
	f.t.Helper()
	drain, err := f.app.Beat(f.t.Context(), crew.Member{Replica: replica, Version: "v1", State: state, Steps: 3})
	if err != nil {
		f.t.Fatal(err)
	}
	return drain
}

func (f *fixture) list() []crew.Member {
	f.t.Helper()
	all, err := f.List(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

func (f *fixture) exec(statement string) {
	f.t.Helper()
	if _, err := f.database.Admin.Exec(f.t.Context(), statement); err != nil {
		f.t.Fatal(err)
	}
}

func nothing(context.Context, postgres.Tx) error { return nil }

func TestAReplicaIsDrainedByItsRow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, replica := range []string{"one", "two"} {
		if f.beat(replica, crew.Working) {
			t.Errorf("%s is to be drained", replica)
		}
	}
	m, err := f.Drain(t.Context(), "one", "person:example", false, nothing)
	if err != nil || !m.Drain || m.By != "person:example" || m.At.IsZero() {
		t.Fatalf("%+v, %v", m, err)
	}
	if !f.beat("one", crew.Draining) || f.beat("two", crew.Working) {
		t.Error("the wrong one hears of it")
	}
	if again, err := f.Drain(t.Context(), "one", "person:other", false, func(context.Context, postgres.Tx) error {
		t.Error("what belongs to it is done twice")
		return nil
	}); err != nil || again.By != "person:example" {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := f.Drain(t.Context(), "two", "person:example", false, nothing); !errors.Is(err, crew.ErrLast) {
		t.Errorf("the last one: %v", err)
	}
	if m, err := f.Drain(t.Context(), "two", "person:example", true, nothing); err != nil || !m.Drain {
		t.Errorf("the last one, on purpose: %+v, %v", m, err)
	}
	if m, err := f.Undrain(t.Context(), "two", "person:example", nothing); err != nil || m.Drain || m.By != "" || !m.At.IsZero() {
		t.Errorf("back: %+v, %v", m, err)
	}
	if f.beat("two", crew.Drained) {
		t.Error("it does not hear of that")
	}
	for _, change := range []func() error{
		func() error { _, err := f.Drain(t.Context(), "three", "x", true, nothing); return err },
		func() error { _, err := f.Undrain(t.Context(), "three", "x", nothing); return err },
	} {
		if err := change(); !errors.Is(err, crew.ErrNoReplica) {
			t.Errorf("one that there is not: %v", err)
		}
	}
}

// Of two that are drained at once, one stays.
func TestTwoAreNotDrainedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 10 {
		f.exec("DELETE FROM workers")
		f.beat("one", crew.Working)
		f.beat("two", crew.Working)
		var both sync.WaitGroup
		errs := make([]error, 2)
		for i, replica := range []string{"one", "two"} {
			both.Go(func() { _, errs[i] = f.Drain(t.Context(), replica, "x", false, nothing) })
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), crew.ErrLast) {
			t.Fatalf("%v", errs)
		}
	}
}

// Who has died does not count as one that works, and disappears.
func TestTheDeadAreNotCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.beat("one", crew.Working)
	f.beat("two", crew.Working)
	f.exec("UPDATE workers SET seen_at = now() - interval '1 minute' WHERE replica = 'two'")
	all := f.list()
	if len(all) != 2 || all[0].Silent || !all[1].Silent || all[0].Steps != 3 || all[0].Version != "v1" {
		t.Errorf("%+v", all)
	}
	if _, err := f.Drain(t.Context(), "one", "x", false, nothing); !errors.Is(err, crew.ErrLast) {
		t.Errorf("beside a dead one: %v", err)
	}
	f.exec("UPDATE workers SET seen_at = now() - interval '11 minutes' WHERE replica = 'two'")
	f.beat("one", crew.Working)
	if all := f.list(); len(all) != 1 {
		t.Errorf("%+v", all)
	}
	// One that is to be drained, and was cut off meanwhile, hears of it when it is back.
	f.beat("three", crew.Working)
	if _, err := f.Drain(t.Context(), "three", "x", true, nothing); err != nil {
		t.Fatal(err)
	}
	f.exec("UPDATE workers SET seen_at = now() - interval '11 minutes' WHERE replica = 'three'")
	f.beat("one", crew.Working)
	if drain := f.beat("three", crew.Working); !drain {
		t.Error("it has forgotten that it is to be drained")
	}
	if err := f.app.Leave(t.Context(), "three"); err != nil {
		t.Fatal(err)
	}
	if err := f.app.Leave(t.Context(), "one"); err != nil || len(f.list()) != 0 {
		t.Errorf("it said goodbye, and is listed: %v", err)
	}
}

// The apps reach no row but their own, by beating.
func TestAppsDoNotSeeTheRegister(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.beat("one", crew.Working)
	if all, err := f.app.List(t.Context()); err == nil {
		t.Errorf("app_user lists %+v", all)
	}
	if _, err := f.app.Drain(t.Context(), "one", "x", true, nothing); err == nil {
		t.Error("app_user drains")
	}
}
