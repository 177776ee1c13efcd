package security_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/report"
	"github.com/ai-agents/ai-agents/internal/report/reportstore"
	"github.com/ai-agents/ai-agents/internal/search"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// call calls a function for a tenant, with the names of the victim's rows, and returns what it gave.
type call func(ctx context.Context, w *world, tenantID string) (any, error)

// calls are those that take a tenant, by package, type and name.
func calls() map[string]call {
	all := map[string]call{}
	maps.Copy(all, ledgerCalls())
	maps.Copy(all, sourceCalls())
	maps.Copy(all, indexCalls())
	maps.Copy(all, tenantCalls())
	maps.Copy(all, paceCalls())
	maps.Copy(all, feedbackCalls())
	maps.Copy(all, budgetCalls())
	maps.Copy(all, pauseCalls())
	maps.Copy(all, moveCalls())
	maps.Copy(all, reportCalls())
	return all
}

// moveCalls are made in a transaction of the tenant, about the victim.
func moveCalls() map[string]call {
	in := func(ctx context.Context, w *world, id string, ask func(tx postgres.Tx) (bool, error)) (any, error) {
		is := false
		err := w.store.DB.InTenant(ctx, id, func(tx postgres.Tx) (err error) {
			is, err = ask(tx)
			return err
		})
		return found(is), err
	}
	return map[string]call{
		"enhancement/ledger.SpreadIn": func(ctx context.Context, w *world, id string) (any, error) {
			return in(ctx, w, id, func(tx postgres.Tx) (bool, error) {
				spread, err := ledger.SpreadIn(ctx, tx, victim, "")
				return spread != (ledger.Spread{}), err
			})
		},
		"enhancement/ledger.TakeOverIn": func(ctx context.Context, w *world, id string) (any, error) {
			return in(ctx, w, id, func(tx postgres.Tx) (bool, error) {
				given, err := ledger.TakeOverIn(ctx, tx, victim, victim)
				return given > 0, err
			})
		},
	}
}

func feedbackCalls() map[string]call {
	note := func(w *world, id string) feedback.Note { return feedback.Note{TenantID: id, JobID: w.running.ID} }
	// The victim's note names a past ticket, which was voted on.
	voted := func(ctx context.Context, w *world) error {
		const (
			made = `INSERT INTO enhancement_steps (tenant_id, job_id, step, outcome, result, duration_ms) VALUES ($1, $2, 'synthesize', 'ok', $3, 1)
				ON CONFLICT (tenant_id, job_id, step) DO UPDATE SET result = excluded.result`
			part = `INSERT INTO note_feedback_parts (tenant_id, job_id, part, vote) VALUES ($1, $2, 'ticket:#1', 'up') ON CONFLICT DO NOTHING`
		)
		note := `{"sections":[{"title":"Similar Tickets","items":[{"sources":[{"kind":"ticket","text":"#1"},{"kind":"article","text":"` + canary + `"}]}]}]}`
		if _, err := w.store.Database.Admin.Exec(ctx, made, victim, w.running.ID, note); err != nil {
			return err
		}
		_, err := w.store.Database.Admin.Exec(ctx, part, victim, w.running.ID)
		return err
	}
	return map[string]call{
		"feedback.Store.Record": func(ctx context.Context, w *world, id string) (any, error) {
			return w.votes.Record(ctx, note(w, id), feedback.Vote{Value: feedback.Up})
		},
		"feedback.Store.Vote": func(ctx context.Context, w *world, id string) (any, error) { return w.votes.Vote(ctx, note(w, id)) },
		"feedback.Store.Parts": func(ctx context.Context, w *world, id string) (any, error) {
			if id == victim {
				if err := voted(ctx, w); err != nil {
					return nil, err
				}
			}
			return w.votes.Parts(ctx, note(w, id))
		},
		"feedback.Store.GivenParts": func(ctx context.Context, w *world, id string) (any, error) {
			if id == victim {
				if err := voted(ctx, w); err != nil {
					return nil, err
				}
			}
			given, err := w.votes.GivenParts(ctx, note(w, id))
			return found(len(given) > 0), err
		},
		"feedback.Store.Tallies": func(ctx context.Context, w *world, id string) (any, error) {
			if id == victim {
				if err := voted(ctx, w); err != nil {
					return nil, err
				}
			}
			tallies, err := w.votes.Tallies(ctx, id, []string{"ticket:#1"}, time.Now().Add(time.Minute))
			return found(len(tallies) > 0), err
		},
		"feedback.Store.Given": func(ctx context.Context, w *world, id string) (any, error) { return w.votes.Given(ctx, note(w, id)) },
	}
}

func reportCalls() map[string]call {
	settings := func(id string) reportstore.Settings {
		minutes := map[string]float64{victim: 77, stranger: 1}[id]
		return reportstore.Settings{TicketMinutes: &minutes}
	}
	none := func(context.Context, postgres.Tx) error { return nil }
	set := func(ctx context.Context, w *world, id string) error {
		return w.reports.Set(ctx, id, settings(id), none)
	}
	return map[string]call{
		"report/reportstore.Store.Set": func(ctx context.Context, w *world, id string) (any, error) { return nil, set(ctx, w, id) },
		"report/reportstore.Store.Settings": func(ctx context.Context, w *world, id string) (any, error) {
			if id == victim {
				if err := set(ctx, w, id); err != nil {
					return nil, err
				}
			}
			s, err := w.reports.Settings(ctx, id)
			return found(s.TicketMinutes != nil), err
		},
		"report/reportstore.Store.Report": func(ctx context.Context, w *world, id string) (any, error) {
			r, err := w.reports.Report(ctx, id, report.WeekOf(time.Now()), time.Now())
			return found(r.Received > 0), err
		},
		"report/reportstore.Store.First": func(ctx context.Context, w *world, id string) (any, error) {
			first, err := w.reports.First(ctx, id)
			return found(!first.IsZero()), err
		},
	}
}

func paceCalls() map[string]call {
	return map[string]call{
		"desk/pace.Pace.Reserve": func(ctx context.Context, w *world, id string) (any, error) {
			place, err := w.pace.Reserve(ctx, id, deskHost, 60)
			return found(place.Strikes > 0), err
		},
		"desk/pace.Pace.Block": func(ctx context.Context, w *world, id string) (any, error) {
			_, err := w.pace.Block(ctx, id, deskHost, 1, time.Hour)
			return nil, err
		},
		"desk/pace.Pace.Forgive": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.pace.Forgive(ctx, id, deskHost)
		},
	}
}

func pauseCalls() map[string]call {
	none := func(context.Context, postgres.Tx, suspension.Pause) error { return nil }
	pause := func(ctx context.Context, w *world, id string) (suspension.Pause, error) {
		reason := map[string]string{victim: canary, stranger: "example"}[id]
		return w.pauses.Pause(ctx, suspension.Request{TenantID: id, Scope: suspension.Intake, Reason: reason, By: "system:test"}, none)
	}
	return map[string]call{
		"suspension.Store.Pause": func(ctx context.Context, w *world, id string) (any, error) { return pause(ctx, w, id) },
		"suspension.Store.Of": func(ctx context.Context, w *world, id string) (any, error) {
			if _, err := pause(ctx, w, id); err != nil {
				return nil, err
			}
			return w.pauses.Of(ctx, id)
		},
		"suspension.Store.Resume": func(ctx context.Context, w *world, id string) (any, error) {
			if _, err := pause(ctx, w, id); err != nil {
				return nil, err
			}
			return w.pauses.Resume(ctx, id, suspension.Intake, none)
		},
	}
}

func budgetCalls() map[string]call {
	entry := budget.Entry{At: time.Now(), Model: "m", Purpose: budget.PurposePreview, CostUSD: 1}
	return map[string]call{
		"budget.Books.Enter": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.budget.Enter(ctx, id, entry)
		},
		"budget.Books.Usage": func(ctx context.Context, w *world, id string) (any, error) {
			return w.budget.Usage(ctx, id, budget.Month(time.Now()))
		},
		"budget.Books.Standing": func(ctx context.Context, w *world, id string) (any, error) {
			standing, err := w.budget.Standing(ctx, id, tenant.Budget{HardUSD: 1}, time.Now())
			return found(standing.SpentUSD > 0), err
		},
		"budget.Guard.State": func(ctx context.Context, w *world, id string) (any, error) {
			state, err := w.budget.State(ctx, id, tenant.Budget{HardUSD: 1})
			return found(state == budget.StateOverHard), err
		},
	}
}

func ledgerCalls() map[string]call {
	also := func(context.Context, postgres.Tx) error { return nil }
	return map[string]call{
		"enhancement/ledger.Ledger.Accept": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.Accept(ctx, w.newJob(id, "1009"))
		},
		"enhancement/ledger.Ledger.AcceptAnd": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.AcceptAnd(ctx, w.newJob(id, "1009"), func(context.Context, postgres.Tx, ledger.Accepted) error { return nil })
		},
		"enhancement/ledger.Ledger.Known": func(ctx context.Context, w *world, id string) (any, error) {
			known, err := w.ledger.Known(ctx, id, w.job.ID)
			return found(known), err
		},
		"enhancement/ledger.Ledger.Unknown": func(ctx context.Context, w *world, id string) (any, error) {
			unknown, err := w.ledger.Unknown(ctx, id, []string{"1001"})
			return found(len(unknown) == 0), err
		},
		"enhancement/ledger.Ledger.Backlog": func(ctx context.Context, w *world, id string) (any, error) {
			waiting, err := w.ledger.Backlog(ctx, id, 10)
			return found(waiting > 0), err
		},
		"enhancement/ledger.Ledger.Confirm": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.Confirm(ctx, id, w.job.ID)
		},
		"enhancement/ledger.Ledger.Withdraw": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.Withdraw(ctx, id, w.job.ID)
		},
		"enhancement/ledger.Ledger.WithdrawAnd": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.WithdrawAnd(ctx, id, w.job.ID, also)
		},
		"enhancement/ledger.Ledger.Queued": func(ctx context.Context, w *world, id string) (any, error) { return w.ledger.Queued(ctx, id, w.job.ID) },
		"enhancement/ledger.Ledger.AcceptQueued": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.AcceptQueued(ctx, w.newJob(id, "1009"))
		},
		"enhancement/ledger.Ledger.Admit": func(ctx context.Context, w *world, id string) (any, error) { return w.ledger.Admit(ctx, id, 10, 10) },
		"enhancement/ledger.Ledger.TraceAnew": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.TraceAnew(ctx, id, w.running.ID, 1, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		},
		"enhancement/ledger.Ledger.Readmit": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.Readmit(ctx, id, w.running.ID, 1)
		},
		"enhancement/ledger.Ledger.Fail": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.Fail(ctx, id, w.running.ID, 1, "example")
		},
		"enhancement/ledger.Ledger.Retry": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.Retry(ctx, id, w.failed.ID, func(context.Context, postgres.Tx, enhancement.Job) error { return nil })
		},
		"enhancement/ledger.Ledger.Undelivered": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.Undelivered(ctx, id, w.job.ID, "example")
		},
		"enhancement/ledger.Ledger.QueueList": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.QueueList(ctx, id, failedOnes(w), ledger.Some{Limit: 10})
		},
		"enhancement/ledger.Ledger.Tally": func(ctx context.Context, w *world, id string) (any, error) {
			tally, err := w.ledger.Tally(ctx, id, failedOnes(w))
			return found(tally.Jobs > 0), err
		},
		"enhancement/ledger.Ledger.Account": func(ctx context.Context, w *world, id string) (any, error) {
			account, err := w.ledger.Account(ctx, id)
			return found(account.Running > 0), err
		},
		"enhancement/ledger.Ledger.RetrySome": func(ctx context.Context, w *world, id string) (any, error) {
			jobs, _, err := w.ledger.RetrySome(ctx, id, failedOnes(w), ledger.Some{Limit: 10}, withNothing)
			return found(len(jobs) > 0), err
		},
		"enhancement/ledger.Ledger.DropSome": func(ctx context.Context, w *world, id string) (any, error) {
			waiting := ledger.Selection{States: []enhancement.QueueState{enhancement.QueueWaiting}}
			jobs, _, err := w.ledger.DropSome(ctx, id, waiting, ledger.Some{Limit: 10}, "example", withNothing)
			return found(len(jobs) > 0), err
		},
		"enhancement/ledger.Ledger.Release": func(ctx context.Context, w *world, id string) (any, error) {
			for _, statement := range []string{
				"UPDATE enhancement_history SET held_for = 'servicedesk', held_since = now() WHERE status = 'pending' AND tenant_id = '" + id + "'",
				`INSERT INTO dependency_outages (tenant_id, dependency, since, probe_after)
				 VALUES ('` + id + `', 'servicedesk', now(), now() + interval '1 hour') ON CONFLICT DO NOTHING`,
			} {
				if _, err := w.store.Database.Admin.Exec(ctx, statement); err != nil {
					return nil, err
				}
			}
			return w.ledger.Release(ctx, id, ledger.Selection{}, func(context.Context, postgres.Tx, []string) error { return nil })
		},
		"enhancement/ledger.Ledger.PruneSome": func(ctx context.Context, w *world, id string) (any, error) {
			_, err := w.store.Database.Admin.Exec(ctx, "UPDATE enhancement_history SET purged_run = run WHERE finished_at IS NOT NULL AND tenant_id = $1", id)
			if err != nil {
				return nil, err
			}
			return w.ledger.PruneSome(ctx, id, 0, 10)
		},
		"enhancement/ledger.Ledger.TakeDue": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.TakeDue(ctx, id, ledger.Patience{}, 10, time.Minute)
		},
		"enhancement/ledger.Ledger.Beat": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.Beat(ctx, id, w.running.ID)
		},
		"enhancement/ledger.Ledger.BeginAnew": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.BeginAnew(ctx, ledger.Due{TenantID: id, JobID: w.running.ID, Run: 1})
		},
		"enhancement/ledger.Ledger.Swept": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.Swept(ctx, ledger.Due{TenantID: id, JobID: w.running.ID, Run: 1}, 1, time.Minute)
		},
		"enhancement/ledger.Ledger.TakeEnded": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.TakeEnded(ctx, id, 0, 10, time.Minute)
		},
		"enhancement/ledger.Ledger.Purged": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.Purged(ctx, ledger.Ended{TenantID: id, JobID: w.failed.ID, Run: 1})
		},
		"enhancement/ledger.Ledger.KeepWorkflow": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.KeepWorkflow(ctx, ledger.Ended{TenantID: id, JobID: w.failed.ID, Run: 1}, time.Minute)
		},
		"enhancement/ledger.Ledger.Outage": func(ctx context.Context, w *world, id string) (any, error) {
			// As when the server has failed for long enough.
			if _, err := w.store.Database.Admin.Exec(ctx, "UPDATE dependency_outages SET since = now(), probe_after = now() WHERE tenant_id = $1", id); err != nil {
				return nil, err
			}
			o, err := w.ledger.Outage(ctx, id, enhancement.DependencyServiceDesk, w.running.ID, 1)
			return found(o.Standing), err
		},
		"enhancement/ledger.Ledger.Activity": func(ctx context.Context, w *world, id string) (any, error) {
			hours, err := w.ledger.Activity(ctx, id, time.Time{})
			return found(len(hours) > 0), err
		},
		"enhancement/ledger.Ledger.Amiss": func(ctx context.Context, w *world, id string) (any, error) {
			if _, err := w.store.Database.Admin.Exec(ctx, `UPDATE enhancement_history SET failure_reason = $3 WHERE tenant_id = $1 AND job_id = $2`,
				id, w.failed.ID, "update_ticket: "+canary); err != nil {
				return nil, err
			}
			return w.ledger.Amiss(ctx, id, time.Now().Add(-time.Hour))
		},
		"enhancement/ledger.Ledger.DependencyFailed": func(ctx context.Context, w *world, id string) (any, error) {
			o, err := w.ledger.DependencyFailed(ctx, id, ledger.Failure{
				Dependency: enhancement.DependencyServiceDesk, JobID: w.running.ID, Run: 1, Step: enhancement.StepUpdateTicket, Reason: "example",
			})
			return found(o.Standing), err
		},
		"enhancement/ledger.Ledger.ProbeOver": func(ctx context.Context, w *world, id string) (any, error) {
			// As of the job that tries the server.
			if _, err := w.store.Database.Admin.Exec(ctx, `UPDATE dependency_outages SET since = now(), probe_after = now() + interval '1 hour',
				probe_job = $2, probe_run = 1 WHERE tenant_id = $1`, id, w.running.ID); err != nil {
				return nil, err
			}
			return nil, w.ledger.ProbeOver(ctx, id, enhancement.DependencyServiceDesk, w.running.ID, 1)
		},
		"enhancement/ledger.Ledger.DependencyWorks": func(ctx context.Context, w *world, id string) (any, error) {
			r, err := w.ledger.DependencyWorks(ctx, id, enhancement.DependencyServiceDesk)
			return found(r.Ended), err
		},
		"enhancement/ledger.Ledger.Hold": func(ctx context.Context, w *world, id string) (any, error) {
			held, err := w.ledger.Hold(ctx, id, w.running.ID, 1, ledger.Holding{Dependency: enhancement.DependencyServiceDesk, Limit: time.Hour})
			return found(held.Held), err
		},
		"enhancement/ledger.Ledger.Job": func(ctx context.Context, w *world, id string) (any, error) { return w.ledger.Job(ctx, id, w.job.ID) },
		"enhancement/ledger.Ledger.List": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.List(ctx, id, ledger.List{Limit: 100})
		},
		"enhancement/ledger.Ledger.RecordStep": func(ctx context.Context, w *world, id string) (any, error) {
			again := step()
			again.Detail = "changed"
			return nil, w.ledger.RecordStep(ctx, id, w.running.ID, again)
		},
		"enhancement/ledger.Ledger.Steps": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.Steps(ctx, id, w.running.ID)
		},
		"enhancement/ledger.Ledger.LLMCalls": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.LLMCalls(ctx, id, w.running.ID)
		},
		"enhancement/ledger.Ledger.HoldNote": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.HoldNote(ctx, id, "1002", w.running.ID, 2*time.Hour)
		},
		"enhancement/ledger.Ledger.IntendNote": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.IntendNote(ctx, ledger.Writer{TenantID: id, TicketID: "1002", Holder: w.running.ID, JobID: w.running.ID, Run: 1}, "digest")
		},
		"enhancement/ledger.Ledger.Cancel": func(ctx context.Context, w *world, id string) (any, error) {
			c, err := w.ledger.Cancel(ctx, id, w.running.ID, 1, "example", func(context.Context, postgres.Tx, ledger.Cancellation) error { return nil })
			return found(c.Job.ID != ""), err
		},
		"enhancement/ledger.Ledger.Rerun": func(ctx context.Context, w *world, id string) (any, error) {
			if _, err := w.store.Database.Admin.Exec(ctx, `UPDATE enhancement_history SET status = 'completed', finished_at = now()
				WHERE tenant_id = $1 AND job_id = $2`, id, w.running.ID); err != nil {
				return nil, err
			}
			job, err := w.ledger.Rerun(ctx, id, w.running.ID, 1, false, func(context.Context, postgres.Tx, enhancement.Job) error { return nil })
			return found(job.ID != ""), err
		},
		"enhancement/ledger.Ledger.Withhold": func(ctx context.Context, w *world, id string) (any, error) {
			ended, err := w.ledger.Withhold(ctx, ledger.Withholding{TenantID: id, JobID: w.running.ID, Run: 1, Mode: tenant.ModeShadow, Step: step()})
			return found(ended), err
		},
		"enhancement/ledger.Ledger.EndUnwanted": func(ctx context.Context, w *world, id string) (any, error) {
			if _, err := w.store.Database.Admin.Exec(ctx, `UPDATE tenant_configs SET enhancement_prefs = '{"mode": "off"}' WHERE tenant_id = $1`, id); err != nil {
				return nil, err
			}
			u, err := w.ledger.EndUnwanted(ctx, id, w.running.ID, 1, step())
			return found(u.Now), err
		},
		"enhancement/ledger.Ledger.ReleaseNote": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.ledger.ReleaseNote(ctx, id, "1002", w.running.ID)
		},
		"enhancement/ledger.Ledger.Complete": func(ctx context.Context, w *world, id string) (any, error) {
			last := step()
			last.Step = enhancement.StepUpdateTicket
			return nil, w.ledger.Complete(ctx, ledger.Completion{TenantID: id, JobID: w.running.ID, TicketID: "1002", NoteID: "5", Step: last, Written: &ledger.WrittenNote{Run: 1, Stored: "digest"}}, w.running.ID)
		},
		"enhancement/ledger.Ledger.Fetched": func(ctx context.Context, w *world, id string) (any, error) {
			return w.ledger.Fetched(ctx, id, w.running.ID, 1, ticket.Ticket{ID: "1002", Subject: "changed", Description: "changed"})
		},
		"webhook/quota.Ledger.Accept": func(ctx context.Context, w *world, id string) (any, error) {
			return w.quota.Accept(ctx, w.newJob(id, "1009"), w.terms[id])
		},
		"webhook/quota.Ledger.Confirm": func(ctx context.Context, w *world, id string) (any, error) {
			return nil, w.quota.Confirm(ctx, id, w.job.ID)
		},
		"webhook/quota.Ledger.Withdraw": func(ctx context.Context, w *world, id string) (any, error) {
			return w.quota.Withdraw(ctx, id, w.job.ID, w.counted)
		},
	}
}

// failedOnes are the victim's, by their id.
func failedOnes(w *world) ledger.Selection {
	return ledger.Selection{States: []enhancement.QueueState{enhancement.QueueFailed}, JobIDs: []string{w.failed.ID}}
}

func withNothing(context.Context, postgres.Tx, []enhancement.Job) error { return nil }

func sourceCalls() map[string]call {
	return map[string]call{
		"gather/history.Source.Find": func(ctx context.Context, w *world, id string) (any, error) {
			return history.New(w.store.DB, history.Options{}).Find(ctx, question(id))
		},
		"gather/history.Store.Put": func(ctx context.Context, w *world, id string) (any, error) {
			changed := w.pastTicket()
			changed[0].Description, changed[0].UpdatedAt = "changed", changed[0].UpdatedAt.Add(time.Hour)
			return w.history.Put(ctx, id, gather.OriginFile, changed)
		},
		"gather/history.Store.Past": func(ctx context.Context, w *world, id string) (any, error) {
			past, err := w.history.Past(ctx, id, history.PastList{Limit: 100})
			return found(slices.ContainsFunc(past, func(p history.Past) bool { return p.ID == "9001" })), err
		},
		"gather/history.Store.Ticket": func(ctx context.Context, w *world, id string) (any, error) {
			past, err := w.history.Ticket(ctx, id, "9001")
			return found(past.ID == "9001"), err
		},
		"gather/knowledge.Mirror.Find": func(ctx context.Context, w *world, id string) (any, error) {
			return knowledge.NewMirror(w.store.DB, knowledge.MirrorOptions{}).Find(ctx, question(id))
		},
		"gather/knowledge.Store.Put": func(ctx context.Context, w *world, id string) (any, error) {
			changed := w.article()
			changed[0].Body, changed[0].UpdatedAt = "changed", changed[0].UpdatedAt.Add(time.Hour)
			return w.articles.Put(ctx, id, gather.OriginFile, changed)
		},
		"gather/corpus.Store.Delete": func(ctx context.Context, w *world, id string) (any, error) {
			return w.history.Delete(ctx, id, gather.OriginFile, []string{"9001", "9002"})
		},
		"gather/corpus.Store.IDs": func(ctx context.Context, w *world, id string) (any, error) {
			ids, err := w.history.IDs(ctx, id, gather.OriginFile, "", 100)
			return found(slices.Contains(ids, "9001")), err
		},
		"gather/history.Store.Name": func(ctx context.Context, w *world, id string) (any, error) {
			return w.history.Name(ctx, id, map[string][]string{"9001": {"Example"}, "9002": {"Example"}})
		},
		"gather/corpus.Store.Versions": func(ctx context.Context, w *world, id string) (any, error) {
			versions, err := w.articles.Versions(ctx, id, []string{"KB-1"})
			return found(len(versions) > 0), err
		},
		"gather/corpus.Store.Revision": func(ctx context.Context, w *world, id string) (any, error) {
			revision, err := w.history.Revision(ctx, id)
			return found(revision > 0), err
		},
		"gather/corpus.Store.Rebuild": func(ctx context.Context, w *world, id string) (any, error) { return w.history.Rebuild(ctx, id) },
		"gather/inventory.Source.Find": func(ctx context.Context, w *world, id string) (any, error) {
			return inventory.New(w.store.DB).Find(ctx, question(id))
		},
		"gather/inventory.Store.Put": func(ctx context.Context, w *world, id string) (any, error) {
			changed := systems()
			changed[0].Role = "changed"
			return w.systems.Put(ctx, id, gather.OriginFile, changed)
		},
		"gather/inventory.Store.Delete": func(ctx context.Context, w *world, id string) (any, error) {
			return w.systems.Delete(ctx, id, gather.OriginFile, []string{"lt-1", "LT-1"})
		},
		"gather/inventory.Store.IDs": func(ctx context.Context, w *world, id string) (any, error) {
			ids, err := w.systems.IDs(ctx, id, gather.OriginFile, "", 100)
			return found(len(ids) > 0), err
		},
		"gather/inventory.Store.PutSubnets": func(ctx context.Context, w *world, id string) (any, error) {
			return w.systems.PutSubnets(ctx, id, gather.OriginFile, subnets("changed"))
		},
		"embedding.Backfill.Run": func(ctx context.Context, w *world, id string) (any, error) {
			// As after the texts were embedded with another model.
			if _, err := w.store.Database.Admin.Exec(ctx, "UPDATE ticket_embeddings SET model = 'older' WHERE tenant_id = $1", id); err != nil {
				return nil, err
			}
			return w.backfill.Run(ctx, id)
		},
		"embedding.Reranker.Rerank": func(ctx context.Context, w *world, id string) (any, error) {
			given := []gather.Candidate{{ID: "9001", Relevance: 0.9}, {ID: "9002", Relevance: 0.8}}
			ranked, err := w.rerank.Rerank(ctx, question(id), gather.KindTicket, given)
			return found(!slices.Equal(ranked, given)), err
		},
	}
}

func indexCalls() map[string]call {
	within := func(do func(ctx context.Context, tx postgres.Tx) (any, error)) call {
		return func(ctx context.Context, w *world, id string) (given any, err error) {
			err = w.store.DB.InTenant(ctx, id, func(tx postgres.Tx) (err error) {
				if err = search.Tickets.Lock(ctx, tx); err == nil {
					given, err = do(ctx, tx)
				}
				return err
			})
			return given, err
		}
	}
	return map[string]call{
		"search.Collection.Add": within(func(ctx context.Context, tx postgres.Tx) (any, error) {
			return search.Tickets.Add(ctx, tx, []search.Document{{Title: "new", Body: "new"}})
		}),
		"search.Collection.Remove": within(func(ctx context.Context, tx postgres.Tx) (any, error) {
			return nil, search.Tickets.Remove(ctx, tx, []int32{0, 1})
		}),
		"search.Collection.DropOutdated": within(func(ctx context.Context, tx postgres.Tx) (any, error) {
			ranges, err := search.Tickets.DropOutdated(ctx, tx, true)
			return found(len(ranges) > 0), err
		}),
		"search.Collection.Revision": within(func(ctx context.Context, tx postgres.Tx) (any, error) {
			revision, err := search.Tickets.Revision(ctx, tx)
			return found(revision > 0), err
		}),
		"search.Collection.Find": func(ctx context.Context, w *world, id string) (given any, err error) {
			err = w.store.DB.InTenantSnapshot(ctx, id, func(tx postgres.Tx) error {
				result, err := search.Tickets.Find(ctx, tx, search.Document{Title: "VPN " + canary}, 10)
				given = found(len(result.Hits) > 0)
				return err
			})
			return given, err
		},
	}
}

func tenantCalls() map[string]call {
	return map[string]call{
		"tenant/tenantstore.Store.Get": func(ctx context.Context, w *world, id string) (any, error) {
			t, _, err := w.store.Get(ctx, id)
			return t, err
		},
		"tenant/tenantstore.Store.GetAny": func(ctx context.Context, w *world, id string) (any, error) {
			t, _, err := w.store.Console.GetAny(ctx, id)
			return t, err
		},
		"tenant/tenantstore.Store.Load": func(ctx context.Context, w *world, id string) (any, error) {
			sealed, err := w.store.Load(ctx, id)
			return fmt.Sprintf("%+v", sealed), err
		},
		"tenant/tenantstore.Store.Read": func(ctx context.Context, w *world, id string) (any, error) { return w.store.Console.Read(ctx, id) },
		"tenant/tenantstore.Store.Count": func(ctx context.Context, w *world, id string) (any, error) {
			counts, err := w.store.Console.Count(ctx, id)
			return found(counts["ticket_history"] > 0), err
		},
		"tenant/tenantstore.Store.Create": func(ctx context.Context, w *world, id string) (any, error) {
			created, credentials := example(id + "2") // of a name that nobody has yet
			if id == victim {
				// There is no creating over somebody: what the victim has is what a reader sees.
				return w.store.Console.Read(ctx, victim)
			}
			return w.store.Console.Create(ctx, created, credentials, nil)
		},
		"tenant/tenantstore.Store.Update": func(ctx context.Context, w *world, id string) (any, error) {
			changed, _ := example(id)
			changed.Name = "changed"
			return w.store.Console.Update(ctx, changed, 0, nil)
		},
		"tenant/tenantstore.Store.UpdatePreferences": func(ctx context.Context, w *world, id string) (any, error) {
			return w.store.Console.UpdatePreferences(ctx, id, tenant.Preferences{Tone: tenant.ToneFormal}, 0, nil)
		},
		"tenant/tenantstore.Store.PreferencesHistory": func(ctx context.Context, w *world, id string) (any, error) {
			return w.store.Console.PreferencesHistory(ctx, id, 0, 100)
		},
		"tenant/tenantstore.Store.PreferencesAt": func(ctx context.Context, w *world, id string) (any, error) {
			return w.store.Console.PreferencesAt(ctx, id, w.terms[victim].Version)
		},
		"tenant/tenantstore.Store.UpdateWithKeys": func(ctx context.Context, w *world, id string) (any, error) {
			changed, credentials := example(id)
			changed.Name = "changed"
			return w.store.Console.UpdateWithKeys(ctx, changed, tenantstore.NewKeys{APIKey: credentials.APIKey}, 0, nil)
		},
		"tenant/tenantstore.Store.SetStatus": func(ctx context.Context, w *world, id string) (any, error) {
			return w.store.Console.SetStatus(ctx, id, tenantstore.StatusDisabled, 0, nil)
		},
		"tenant/tenantstore.Store.Assign": func(ctx context.Context, w *world, id string) (any, error) {
			return w.store.Console.Assign(ctx, id, "", 0, nil)
		},
		"tenant/tenantstore.Store.Restore": func(ctx context.Context, w *world, id string) (any, error) {
			if _, err := w.store.Console.SetStatus(ctx, id, tenantstore.StatusDeleted, 0, nil); err != nil {
				return nil, err
			}
			return w.store.Console.Restore(ctx, id, 0, nil)
		},
		"tenant/tenantstore.Store.Purge": func(ctx context.Context, w *world, id string) (any, error) {
			if _, err := w.store.Console.SetStatus(ctx, id, tenantstore.StatusDeleted, 0, nil); err != nil {
				return nil, err
			}
			return w.store.Console.Purge(ctx, id, 0, nil)
		},
		"tenant/tenantstore.Store.RotateSigningSecret": func(ctx context.Context, w *world, id string) (any, error) {
			return w.store.Console.RotateSigningSecret(ctx, id, "another-signing-secret-of-the-example", time.Hour, 0, nil)
		},
		"tenant/tenantstore.Store.ReplaceAPIKey": func(ctx context.Context, w *world, id string) (any, error) {
			return w.store.Console.ReplaceAPIKey(ctx, id, "another-key", 0, nil)
		},
		"tenant/tenantstore.Store.ReplaceKnowledgeKey": func(ctx context.Context, w *world, id string) (any, error) {
			return w.store.Console.ReplaceKnowledgeKey(ctx, id, "another-key", 0, nil)
		},
	}
}

func example(id string) (tenant.Tenant, tenant.Credentials) {
	return tenant.Tenant{
			ID: id, Name: "Example", ServiceDeskURL: "https://sdp.example.com/" + id + "/api/v3", Profile: tenant.ProfileOnPrem,
			Preferences: tenant.Preferences{Format: tenant.FormatMarkdown},
		},
		tenant.Credentials{APIKey: "example-key", SigningSecret: tenant.Secret("signing-secret-of-" + id)}
}

// found is what a call that finds something says, in a word that is looked for.
func found(something bool) string {
	if something {
		return canary
	}
	return ""
}

// ofNoTenant are those that do not act for one tenant by its name, each with the reason.
func ofNoTenant() map[string]string {
	return map[string]string{
		"access/tokenstore":            "tokens are the platform's: app_user reaches none of them, see TestAppUserReachesNoTableOfThePlatform",
		"audit":                        "the audit log is the platform's: app_user may only add to it, see TestNobodyChangesTheLog",
		"mirror":                       "it works with the desk of the tenant it is told, by stores and statements within InTenant: see TestTheScheduleServesAllTenants",
		"reconcile":                    "it works with the desk of the tenant it is told, by the ledger and statements within InTenant: see TestReplicasServeAllTenants",
		"gather/knowledge.Source.Find": "asks Mirror and Live", "gather/knowledge.Live.Find": "asks the tenant's own server: see TestConformance there",
		"gather/knowledge.Probe":                    "asks a server, and touches no row",
		"gather/corpus.Store.PutRows":               "history.Store.Put and knowledge.Store.Put are made of it",
		"gather/corpus.Store.Reindex":               "does what Rebuild does, with rows that lack an index",
		"search.Collection.Lock":                    "all of the index' calls take it first",
		"search.Collection.Outdated":                "answers yes or no of the transaction's own tenant; TestTenantsDoNotMeet",
		"tenant/tenantstore.ChangedBy":              "puts a name into a context, and touches no row",
		"tenant/tenantstore.Store.Enabled":          "lists ids, on purpose: see TestTheFunctionBehindEnabledIsConfined",
		"tenant/tenantstore.Store.EnabledOf":        "the same, of one enhancer: see TestTheFunctionsAcrossTenantsAreConfined",
		"enhancement/ledger.HoldAdmissions":         "takes a lock, and reads no row",
		"tenant/tenantstore.Store.List":             "is the console's, which works across tenants",
		"tenant/tenantstore.Store.KeepSealed":       "seals all tenants' secrets anew",
		"tenant/tenantstore.Store.Reseal":           "the same",
		"tenant/tenantstore.Store.SealedWith":       "counts by key",
		"enhancement/ledger.Ledger.Unfinished":      "lists ids and how much there is to do, on purpose: see TestEveryFunctionWithItsOwnersRightsIsConfined",
		"enhancement/ledger.Ledger.Unpurged":        "the same",
		"enhancement/ledger.Ledger.NoteMode":        "answers one word of the tenant it is told: see TestTheModeIsThatOfTheDatabase",
		"enhancement/ledger.Ledger.Turns":           "the same",
		"enhancement/ledger.Ledger.Waiting":         "the same",
		"enhancement/ledger.Ledger.StandingOutages": "the same",
		"enhancement/ledger.Ledger.Prunable":        "the same",
		"enhancement/ledger.Ledger.Accounts":        "is the console's, which works across tenants: see TestOnlyTheConsoleSeesAllQueues",
		"enhancement/ledger.Ledger.Everywhere":      "is the console's, which works across tenants: see TestEverywhereGoesThroughAllJobsOnce",
		"enhancement/ledger.Ledger.AllActivity":     "is the console's, which works across tenants: see TestEverywhereGoesThroughAllJobsOnce",
		"budget.Books.All":                          "is the console's, which works across tenants: see TestTheUsageOfAllTenants",
		"suspension.In":                             "asks in the transaction of its caller, by the tenant of that: see TestAPauseIsOfItsTenantAndScopeAlone",
		"suspension.Store.All":                      "is the console's, which works across tenants: see TestWhoIsToldOfWhichPauses",
		"suspension.Store.Standing":                 "lists ids and scopes, on purpose: see TestWhoIsToldOfWhichPauses",
		"crew":                                      "knows replicas, which are of no tenant: see TestAppsDoNotSeeTheRegister",
		"enhancement/ledger.Ledger.AllAmiss":        "is the console's, which works across tenants: see TestRecentErrors",
		"enhancement/deadletter":                    "what belongs to no job belongs to no tenant: app_user may only add to it, see TestLettersAreForTheConsole",
		"webhook/quota.Turns.Take":                  "touches no row",
	}
}

// With the names of another tenant's rows, no store shows or changes one of them.
func TestNoStoreMixesTenants(t *testing.T) {
	for name, call := range calls() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.print(t)
			given, err := call(t.Context(), w, stranger)
			// An error is an answer, too, as long as it tells nothing.
			if said := fmt.Sprintf("%+v %v", given, err); strings.Contains(said, canary) && !ownWords(name) {
				t.Errorf("the stranger is told %s", said)
			}
			if w.print(t) != before {
				t.Error("rows of the victim have changed")
			}
			// The control: the same call for the victim does show or change something.
			given, err = call(t.Context(), w, victim)
			if err != nil {
				t.Fatalf("for the victim itself: %v", err)
			}
			if !strings.Contains(fmt.Sprintf("%+v", given), canary) && w.print(t) == before {
				t.Error("for the victim itself nothing happens: this test proves nothing")
			}
		})
	}
}

// ownWords are the calls that give back what the caller handed in.
func ownWords(name string) bool {
	return strings.HasSuffix(name, ".Accept") || strings.HasSuffix(name, ".AcceptAnd")
}

// Every function of a package that talks to the database is called above, or there is a reason why not.
func TestNoStoreIsForgotten(t *testing.T) {
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	cases, excused := calls(), ofNoTenant()
	used := map[string]bool{}
	functions := exported(t, filepath.Join(root, "internal"))
	if len(functions) < 50 {
		t.Fatalf("only %d functions were found", len(functions))
	}
	for _, name := range functions {
		pkg, _, _ := strings.Cut(name, ".")
		switch {
		case cases[name] != nil:
			used[name] = true
		case excused[name] != "":
			used[name] = true
		case excused[pkg] != "":
			used[pkg] = true
		default:
			t.Errorf("%s reaches the database and has no case here", name)
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(cases)), slices.Collect(maps.Keys(excused))) {
		if !used[name] {
			t.Errorf("%s is named here, and there is no such function", name)
		}
	}
}

// exported lists the exported functions with a context of the packages below dir that import internal/postgres, but
// for test helpers and the console, which is made of them.
func exported(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, "test") || name == "postgres" || name == "console" {
			return filepath.SkipDir
		}
		files, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil {
			return err
		}
		var functions []string
		talks := false
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, imported := range parsed.Imports {
				value, err := strconv.Unquote(imported.Path.Value)
				talks = talks || err == nil && strings.HasSuffix(value, "/internal/postgres")
			}
			functions = append(functions, functionsOf(parsed, filepath.ToSlash(name))...)
		}
		if talks {
			found = append(found, functions...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func functionsOf(file *ast.File, pkg string) []string {
	var found []string
	for _, decl := range file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || !function.Name.IsExported() || len(function.Type.Params.List) == 0 {
			continue
		}
		if first, ok := function.Type.Params.List[0].Type.(*ast.SelectorExpr); !ok || first.Sel.Name != "Context" {
			continue
		}
		name := function.Name.Name
		if function.Recv != nil {
			receiver := function.Recv.List[0].Type
			if pointer, ok := receiver.(*ast.StarExpr); ok {
				receiver = pointer.X
			}
			named, ok := receiver.(*ast.Ident)
			if !ok || !named.IsExported() {
				continue
			}
			name = named.Name + "." + name
		}
		found = append(found, pkg+"."+name)
	}
	return found
}
