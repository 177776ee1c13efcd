package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/deadletter"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// queued puts a job of alpha into the ledger, with what else is true of it.
func (w *world) queued(t *testing.T, ticketID, set string) enhancement.Job {
	t.Helper()
	j := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "d", Priority: "High"}, "c")
	if _, err := ledger.New(w.DB).AcceptQueued(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	w.exec(t, "UPDATE enhancement_history SET "+set+" WHERE job_id = '"+j.ID+"'")
	return j
}

const (
	failedJob = "status = 'failed', failure_reason = 'example: HTTP 503', finished_at = now()"
	heldJob   = "held_for = 'servicedesk', held_since = now()"
	runs      = "status = 'running', started_at = now()"
)

// fill gives alpha a queue with one job of each state.
func (w *world) fill(t *testing.T) (waiting, held, running, failed enhancement.Job) {
	t.Helper()
	mustApply(t)
	const ago = "received_at = now() - interval '2 hours'"
	return w.queued(t, "1", ago), w.queued(t, "2", heldJob), w.queued(t, "3", runs), w.queued(t, "4", failedJob)
}

func (w *world) status(t *testing.T, j enhancement.Job) string {
	t.Helper()
	return w.stored(t, "SELECT status || ' ' || run FROM enhancement_history WHERE job_id = '"+j.ID+"'")
}

func TestQueueList(t *testing.T) {
	w := environment(t)
	waiting, held, _, failed := w.fill(t)
	if _, err := ledger.New(w.DB).Undelivered(t.Context(), "alpha", waiting.ID, "example: no answer"); err != nil {
		t.Fatal(err)
	}
	all := must(t, "", "queue list")
	for _, text := range []string{"FAILED (24H)", "alpha   1        1     1        1", "2h0m", "servicedesk since"} {
		if !strings.Contains(all, text) {
			t.Errorf("lists %s, without %q", all, text)
		}
	}
	var account adminapi.QueueAccount
	if err := json.Unmarshal([]byte(must(t, "", "queue list --json")), &account); err != nil || account.TenantID != "alpha" || account.Troubled != 1 {
		t.Errorf("%+v, %v", account, err)
	}
	jobs := must(t, "", "queue list --tenant alpha")
	for _, text := range []string{waiting.ID + "  1       waiting", held.ID + "  2       held", "waits for servicedesk since", "example: HTTP 503", "example: no answer"} {
		if !strings.Contains(jobs, text) {
			t.Errorf("lists %s, without %q", jobs, text)
		}
	}
	for id, text := range map[string]string{waiting.ID: "trouble      example: no answer", held.ID: "waits for    servicedesk, which does not answer, since"} {
		if out := must(t, "", "job show --tenant alpha "+id); !strings.Contains(out, text) {
			t.Errorf("shows %s, without %q", out, text)
		}
	}
	for args, want := range map[string]string{
		"--status failed": failed.ID, "--reason http": failed.ID, "--older-than 1h": waiting.ID, "--ticket 2": held.ID, "--limit 1": waiting.ID,
		"--status held --json": held.ID,
	} {
		out := must(t, "", "queue list --tenant alpha "+args)
		if lines := strings.Count(out, "\n"); !strings.Contains(out, want) || lines > 2 || lines == 2 && strings.Contains(args, "--json") {
			t.Errorf("%s lists %s", args, out)
		}
	}
	if out := must(t, "", "queue list --tenant alpha --newer-than 1h"); strings.Contains(out, waiting.ID) || strings.Count(out, "\n") != 4 {
		t.Errorf("lists %s", out)
	}
	fails(t, "", "queue list --status held", "name it with --tenant")
	fails(t, "", "queue list --tenant alpha --status completed", "waiting, held, running or failed")
	fails(t, "", "queue list --tenant alpha --older-than soon", "--older-than", "write 12h")
	fails(t, "", "queue list --limit 0", "--limit")
	fails(t, "", "queue list --tenant nobody", "no such tenant")
}

// A token that is good for some tenants shows these, also when one of them is not there yet.
func TestQueueListOfARestrictedToken(t *testing.T) {
	w := environment(t)
	w.fill(t)
	out, _, err := apart(t.Context(), "", "token", "create", "--name", "restricted", "--may", "jobs:read", "--tenant", "alpha", "--tenant", "later", "--valid", "1d")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AGENTCTL_TOKEN", strings.TrimSpace(out))
	if list := must(t, "", "queue list"); !strings.Contains(list, "alpha") || strings.Count(list, "\n") != 2 {
		t.Errorf("lists %s", list)
	}
	fails(t, "", "queue dead", "restricted to some tenants")
	fails(t, "", "queue retry --tenant alpha --all --yes", "jobs:write")
}

func TestQueueRetry(t *testing.T) {
	w := environment(t)
	waiting, _, running, failed := w.fill(t)
	w.exec(t, `INSERT INTO dependency_outages (tenant_id, dependency, since, probe_after) VALUES ('alpha', 'servicedesk', now(), now() + interval '1 hour')`)
	const retry = "queue retry --tenant alpha"
	fails(t, "", retry, "name jobs", "--all")
	fails(t, "", retry+" --all --ticket 4", "leave out one of them")
	fails(t, "", retry+" --status waiting --all", "failed or held")
	fails(t, "", retry+" "+strings.Repeat("x ", 101), "101 jobs are named")
	fails(t, "4\n", retry+" --all", "nothing was done", "--yes")
	dry := must(t, "", retry+" --all --dry-run")
	for _, text := range []string{"2 jobs of alpha to begin anew (1 of them held)", failed.ID, "held"} {
		if !strings.Contains(dry, text) {
			t.Errorf("says %s, without %q", dry, text)
		}
	}
	if w.status(t, failed) != "failed 1" {
		t.Error("the dry run did it")
	}
	out := must(t, "", retry+" --all --yes")
	if !strings.Contains(out, "servicedesk is tried at once") || !strings.Contains(out, "1 job begun anew") || strings.Contains(out, "meanwhile") {
		t.Errorf("says %s", out)
	}
	if w.status(t, failed) != "pending 2" || w.status(t, waiting) != "pending 1" || w.status(t, running) != "running 1" {
		t.Errorf("%s, %s, %s", w.status(t, failed), w.status(t, waiting), w.status(t, running))
	}
	if out := must(t, "", retry+" --yes "+failed.ID); !strings.Contains(out, "nothing to begin anew") {
		t.Errorf("again, it says %s", out)
	}
}

func TestQueueDrop(t *testing.T) {
	w := environment(t)
	waiting, held, running, _ := w.fill(t)
	fails(t, "", "queue drop --tenant alpha --all --yes", "reason-note")
	out := must(t, "", "queue drop --tenant alpha --reason-note flood --yes "+waiting.ID+" "+running.ID)
	if !strings.Contains(out, "1 job of alpha to drop") || !strings.Contains(out, "1 of the 2 jobs that are named are not waiting or held") || !strings.Contains(out, "1 job dropped") {
		t.Errorf("says %s", out)
	}
	if w.status(t, waiting) != "failed 1" || w.status(t, held) != "pending 1" || w.status(t, running) != "running 1" {
		t.Errorf("%s, %s, %s", w.status(t, waiting), w.status(t, held), w.status(t, running))
	}
	if reason := w.stored(t, "SELECT failure_reason FROM enhancement_history WHERE job_id = '"+waiting.ID+"'"); reason != "dropped by an operator: flood" {
		t.Errorf("the reason is %q", reason)
	}
}

func TestQueueClear(t *testing.T) {
	w := environment(t)
	waiting, held, running, failed := w.fill(t)
	const clearAlpha = "queue clear --tenant alpha"
	fails(t, "alpha\n", clearAlpha, "nothing was done", "--yes --expect 2")
	fails(t, "", clearAlpha+" --yes", "--expect")
	fails(t, "", clearAlpha+" --expect -1", "--expect")
	fails(t, "", clearAlpha+" --yes --expect 3", "2 jobs would be dropped, and 3 were expected")
	fails(t, "", "queue clear", "tenant")
	if dry := must(t, "", clearAlpha+" --dry-run"); !strings.Contains(dry, "2 jobs of alpha to drop (1 of them held)") {
		t.Errorf("says %s", dry)
	}
	for _, typed := range []string{"no\n", "2\n"} {
		if _, err := w.atTerminal(t, typed, clearAlpha); err == nil || !strings.Contains(err.Error(), "nothing was done") {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if w.status(t, waiting) != "pending 1" || w.status(t, held) != "pending 1" {
		t.Error("something was done")
	}
	said, err := w.atTerminal(t, "alpha\n", clearAlpha)
	if err != nil || !strings.Contains(said, "Type alpha to drop them") || !strings.Contains(said, "2 jobs dropped") {
		t.Errorf("%v: %s", err, said)
	}
	for _, j := range []enhancement.Job{waiting, held, failed} {
		if got := w.status(t, j); got != "failed 1" {
			t.Errorf("the job of ticket %s is %s", j.Ticket.ID, got)
		}
	}
	if got := w.status(t, running); got != "running 1" {
		t.Errorf("what runs is %s", got)
	}
	if reason := w.stored(t, "SELECT failure_reason FROM enhancement_history WHERE job_id = '"+waiting.ID+"'"); reason != "dropped by an operator: the queue was cleared" {
		t.Errorf("the reason is %q", reason)
	}
	if out := must(t, "", clearAlpha+" --yes --expect 0"); !strings.Contains(out, "nothing to drop") {
		t.Errorf("again, it says %s", out)
	}
}

// The number has to be right when it is done, and not only when it was looked at.
func TestAQueueThatChangesIsNotClearedByAScript(t *testing.T) {
	w := environment(t)
	waiting, held, _, _ := w.fill(t)
	w.between(t, func() { w.exec(t, "UPDATE enhancement_history SET "+runs+" WHERE job_id = '"+waiting.ID+"'") })
	fails(t, "", "queue clear --tenant alpha --yes --expect 2", "1 jobs are selected, and 2 were expected")
	if got := w.status(t, held); got != "pending 1" {
		t.Errorf("the other one is %s", got)
	}
}

// What changes between the look and the deed is left, and said.
func TestWhatChangesMeanwhileIsLeft(t *testing.T) {
	w := environment(t)
	w.fill(t)
	other := w.queued(t, "5", "received_at = now()")
	w.between(t, func() { w.exec(t, "UPDATE enhancement_history SET "+runs+" WHERE job_id = '"+other.ID+"'") })
	out := must(t, "", "queue drop --tenant alpha --status waiting --all --reason-note flood --yes")
	if !strings.Contains(out, "2 jobs of alpha") || !strings.Contains(out, "1 job dropped") || !strings.Contains(out, "1 changed meanwhile") {
		t.Errorf("says %s", out)
	}
}

// A change that is cut off says how far it came, and the same command goes on.
func TestAChangeThatIsCutOffGoesOn(t *testing.T) {
	w := environment(t)
	mustApply(t)
	for i := range adminapi.MostQueueJobs + 20 {
		w.queued(t, strconv.Itoa(i), failedJob)
	}
	w.before(t, 3, func() int { return http.StatusInternalServerError })
	_, messages, err := apart(t.Context(), "", strings.Fields("queue retry --tenant alpha --all --yes")...)
	if err == nil || !strings.Contains(messages, "100 jobs begun anew before it broke off, of 120") {
		t.Errorf("%v: %s", err, messages)
	}
	if out := must(t, "", "queue retry --tenant alpha --all --yes"); !strings.Contains(out, "20 jobs begun anew") {
		t.Errorf("then it says %s", out)
	}
	if n := w.stored(t, "SELECT count(*)::text FROM enhancement_history WHERE run = 2"); n != "120" {
		t.Errorf("%s jobs are in their second run", n)
	}
}

// A person is asked, and has to type the number.
func TestAPersonIsAsked(t *testing.T) {
	w := environment(t)
	waiting, held, _, _ := w.fill(t)
	for typed, want := range map[string]string{"no\n": "pending 1", "11\n": "pending 1"} {
		if _, err := w.atTerminal(t, typed, "queue drop --tenant alpha --status waiting --all --reason-note flood"); err == nil || !strings.Contains(err.Error(), "nothing was done") {
			t.Errorf("%q: %v", typed, err)
		}
		if got := w.status(t, waiting); got != want {
			t.Errorf("after %q it is %s", typed, got)
		}
	}
	said, err := w.atTerminal(t, "1\n", "queue drop --tenant alpha --status waiting --all --reason-note flood")
	if err != nil || !strings.Contains(said, "Type 1 to drop them") || w.status(t, waiting) != "failed 1" || w.status(t, held) != "pending 1" {
		t.Errorf("%v: %s; it is %s", err, said, w.status(t, waiting))
	}
}

func TestQueueDead(t *testing.T) {
	w := environment(t)
	if out := must(t, "", "queue dead"); strings.Count(out, "\n") != 1 {
		t.Errorf("lists %s", out)
	}
	letters := deadletter.NewLetters(w.DB)
	if err := letters.Keep(context.WithoutCancel(t.Context()), deadletter.Letter{Reason: "cannot be read", Excerpt: "\x1b[2J{", Bytes: 6}); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "", "queue dead"); !strings.Contains(out, "cannot be read") || strings.Contains(out, "\x1b") {
		t.Errorf("lists %q", out)
	}
	if out := must(t, "", "queue dead --json"); !strings.Contains(out, `"times":1`) {
		t.Errorf("lists %s", out)
	}
	fails(t, "", "queue dead --limit 0", "--limit")
}

// before has the nth request for a change answered with the status that do gives, or as usual when that is 0.
func (w *world) before(t *testing.T, nth int, do func() int) {
	t.Helper()
	n := 0
	w.proxied(t, func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/queue/") {
			return false
		}
		if n++; n != nth {
			return false
		}
		status := do()
		if status == 0 {
			return false
		}
		rw.WriteHeader(status)
		return true
	})
}

// between does something between the preview and the change.
func (w *world) between(t *testing.T, do func()) {
	t.Helper()
	w.before(t, 2, func() int { do(); return 0 })
}

// atTerminal runs a command at a terminal at which somebody types.
func (w *world) atTerminal(t *testing.T, typed, args string) (said string, err error) {
	t.Helper()
	keyboard, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keyboard.Close() }()
	defer func() { _ = terminal.Close() }()
	if _, err := keyboard.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	return runAt(t, terminal, args)
}

func runAt(t *testing.T, terminal *os.File, args string) (said string, err error) {
	t.Helper()
	var out strings.Builder
	cmd := newRootCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetIn(terminal)
	cmd.SetArgs(strings.Fields(args))
	err = cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// proxied has agentctl reach the console by way of answer, which says whether it has answered itself.
func (w *world) proxied(t *testing.T, answer func(rw http.ResponseWriter, r *http.Request) bool) {
	t.Helper()
	console, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(console)
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !answer(rw, r) {
			pass.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(proxy.Close)
	t.Setenv("CONSOLE_URL", proxy.URL)
}
