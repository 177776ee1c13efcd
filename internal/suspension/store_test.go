package suspension_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/suspension/suspensiontest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

type fixture struct {
	*tenantstoretest.Store

	t      *testing.T
	pauses *suspension.Store
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{Store: tenantstoretest.New(t), t: t}
	for _, id := range []string{"alpha", "beta"} {
		f.Save(t, id)
	}
	f.pauses = suspension.New(f.ConsoleDB)
	return f
}

// in asks as the apps do that obey.
func (f *fixture) in(tenantID string, scope suspension.Scope) (s *suspension.Standing) {
	f.t.Helper()
	err := f.DB.InTenant(f.t.Context(), tenantID, func(tx postgres.Tx) (err error) {
		s, err = suspension.In(f.t.Context(), tx, scope)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func nothing(context.Context, postgres.Tx, suspension.Pause) error { return nil }

func TestAPauseIsOfItsTenantAndScopeAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	suspensiontest.Pause(t, f.ConsoleDB, "alpha", suspension.Intake)
	if s := f.in("alpha", suspension.Intake); s == nil || s.Everybody || !s.Until.IsZero() {
		t.Errorf("alpha's intake: %+v", s)
	}
	for tenantID, scope := range map[string]suspension.Scope{"alpha": suspension.Processing, "beta": suspension.Intake} {
		if s := f.in(tenantID, scope); s != nil {
			t.Errorf("%s of %s is paused, too: %+v", scope, tenantID, s)
		}
	}
	suspensiontest.Resume(t, f.ConsoleDB, "alpha", suspension.Intake)
	if s := f.in("alpha", suspension.Intake); s != nil {
		t.Errorf("after the end: %+v", s)
	}
	if _, err := f.pauses.Resume(t.Context(), "alpha", suspension.Intake, nothing); !errors.Is(err, suspension.ErrNotPaused) {
		t.Errorf("ended twice: %v", err)
	}
}

func TestAPauseOfAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	suspensiontest.Pause(t, f.ConsoleDB, suspension.Everybody, suspension.Processing)
	suspensiontest.Pause(t, f.ConsoleDB, "beta", suspension.Processing)
	if s := f.in("alpha", suspension.Processing); s == nil || !s.Everybody {
		t.Errorf("alpha: %+v", s)
	}
	suspensiontest.Resume(t, f.ConsoleDB, suspension.Everybody, suspension.Processing)
	if f.in("alpha", suspension.Processing) != nil || f.in("beta", suspension.Processing) == nil {
		t.Error("the end of the pause of all is not the end of beta's own, or is not one of alpha's")
	}
}

// It survives whoever made it, and ends by itself, by the database's clock.
func TestAPauseEndsByItself(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := suspension.Request{TenantID: "alpha", Scope: suspension.Intake, Reason: "example", By: "system:test", For: time.Hour}
	p, err := f.pauses.Pause(t.Context(), r, nothing)
	if err != nil || p.Until.Sub(p.Since) != time.Hour {
		t.Fatalf("%+v, %v", p, err)
	}
	if s := f.in("alpha", suspension.Intake); s == nil || !s.Until.Equal(p.Until) {
		t.Errorf("%+v, want the end %s", s, p.Until)
	}
	// Given again, it keeps its beginning.
	r.Reason, r.For = "another example", 0
	again, err := f.pauses.Pause(t.Context(), r, nothing)
	if err != nil || !again.Since.Equal(p.Since) || !again.Until.IsZero() || again.Reason != r.Reason {
		t.Errorf("%+v, %v", again, err)
	}
	f.exec("UPDATE tenant_pauses SET paused_at = now() - interval '2 hours', ends_at = now() - interval '1 hour'")
	if s := f.in("alpha", suspension.Intake); s != nil {
		t.Errorf("over, and it stands: %+v", s)
	}
	if all, err := f.pauses.All(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("over, and listed: %+v, %v", all, err)
	}
	if _, err := f.pauses.Resume(t.Context(), "alpha", suspension.Intake, nothing); !errors.Is(err, suspension.ErrNotPaused) {
		t.Errorf("over, and ended: %v", err)
	}
	if next, err := f.pauses.Pause(t.Context(), r, nothing); err != nil || time.Since(next.Since) > time.Minute {
		t.Errorf("the next one began with the one before: %+v, %v", next, err)
	}
}

func (f *fixture) exec(statement string) {
	f.t.Helper()
	if _, err := f.Database.Admin.Exec(f.t.Context(), statement); err != nil {
		f.t.Fatal(err)
	}
}

func TestWhoIsToldOfWhichPauses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	suspensiontest.Pause(t, f.ConsoleDB, "beta", suspension.Intake)
	suspensiontest.Pause(t, f.ConsoleDB, suspension.Everybody, suspension.Processing)
	all, err := f.pauses.All(t.Context())
	if err != nil || len(all) != 2 || all[0].TenantID != suspension.Everybody || all[1].TenantID != "beta" || all[1].Reason != "example" || all[1].By != "system:test" {
		t.Errorf("all: %+v, %v", all, err)
	}
	if of, err := f.pauses.Of(t.Context(), "alpha"); err != nil || len(of) != 1 || of[0].TenantID != suspension.Everybody {
		t.Errorf("alpha's: %+v, %v", of, err)
	}
	marks, err := suspension.New(f.DB).Standing(t.Context())
	want := []suspension.Mark{{TenantID: "beta", Scope: suspension.Intake}, {Scope: suspension.Processing}}
	if diff := cmp.Diff(want, marks); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
	// Gateway and enhancer can neither make nor end one, nor read why another's stands.
	app := suspension.New(f.DB)
	if _, err := app.Pause(t.Context(), suspension.Request{TenantID: "alpha", Scope: suspension.Intake, Reason: "x", By: "x"}, nothing); err == nil {
		t.Error("app_user pauses")
	}
	if _, err := app.Resume(t.Context(), "beta", suspension.Intake, nothing); err == nil {
		t.Error("app_user resumes")
	}
	if _, err := app.All(t.Context()); err == nil {
		t.Error("app_user reads all pauses")
	}
}

// What belongs to a change is undone with it.
func TestAnErrorUndoesAPause(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	wrong := errors.New("example")
	r := suspension.Request{TenantID: "alpha", Scope: suspension.Intake, Reason: "example", By: "system:test"}
	if _, err := f.pauses.Pause(t.Context(), r, func(context.Context, postgres.Tx, suspension.Pause) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("%v", err)
	}
	if s := f.in("alpha", suspension.Intake); s != nil {
		t.Errorf("it stands: %+v", s)
	}
}
