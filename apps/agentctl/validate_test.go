package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
)

const tenTickets = "1,2,3,4,5,6,7,8,9,10"

// refusingGateway takes no webhook.
func refusingGateway(t *testing.T) string {
	t.Helper()
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"detail":"the signature does not match | it says"}`)
	}))
	t.Cleanup(gateway.Close)
	return gateway.URL
}

func TestAValidationThatFailsSaysWhat(t *testing.T) {
	w := newWorld(t, consoletest.Options{GatewayURL: refusingGateway(t)})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	mustApply(t)
	must(t, strings.Replace(exampleTenant, "alpha", "beta", 1), "tenant apply --file -")
	file := filepath.Join(t.TempDir(), "report.md")
	out, messages, err := apart(t.Context(), "", "validate", "--tenant", "alpha", "--other-tenant", "beta", "--ticket", tenTickets, "--out", file, "--json")
	if !errors.Is(err, errInvalid) || exitStatus(err) != exitFailed || !strings.Contains(err.Error(), "10 tickets not enhanced") {
		t.Fatalf("%v: %s%s", err, messages, out)
	}
	var report validationReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if report.Passed || report.Figures != (figures{Tickets: 10}) || !strings.Contains(report.Tickets[9].Reason, "the signature does not match") {
		t.Errorf("%+v", report)
	}
	outcomes := map[string]check{}
	for _, c := range report.Checks {
		outcomes[c.Name] = c
	}
	if c := outcomes["what is the other tenant's is refused"]; c.Outcome != checkPassed || !strings.Contains(c.Detail, "beta were refused") {
		t.Errorf("%+v", c)
	}
	for name, says := range map[string]string{
		"a search finds nothing of the other tenant's": "nothing to look for", "an alert arrives at Alertmanager": "no --alertmanager", scenarios()[0].name: "no --simulator",
	} {
		if c := outcomes[name]; c.Outcome != checkNotRun || !strings.Contains(c.Detail, says) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	// The token that it took is of no use any more.
	if tokens := must(t, "", "token list --json"); !strings.Contains(tokens, "validation of alpha") || !strings.Contains(tokens, "revoked_at") {
		t.Errorf("the tokens are %s", tokens)
	}
	data, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(data), "**Failed:** 10 tickets not enhanced.") || !strings.Contains(string(data), `does not match \| it says`) ||
		!strings.Contains(string(data), "Not run: 5 of 6 checks") {
		t.Errorf("%v: %s", err, data)
	}
	// A place that cannot be written to does not take the report away.
	out, _, err = apart(t.Context(), "", "validate", "--tenant", "alpha", "--ticket", tenTickets, "--out", filepath.Join(file, "below"))
	if err == nil || !strings.Contains(err.Error(), "write the report") || !strings.Contains(out, "# Validation of alpha") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWhatAValidationTakes(t *testing.T) {
	environment(t)
	mustApply(t)
	fails(t, "", "validate --tenant alpha --ticket 1,2,2,3 --other-tenant alpha --simulator nowhere --alertmanager ftp://x --parallel 0",
		"3 different tickets, and it takes 10", "--other-tenant: has to be another", "--simulator: give an address", "--alertmanager: give an address", "--parallel")
	fails(t, "", "validate --tenant gamma --ticket "+tenTickets, "no such tenant")
	must(t, "", "tenant disable alpha")
	fails(t, "", "validate --tenant alpha --ticket "+tenTickets, "agentctl tenant enable alpha")
}

func TestFiguresAreThoseOfTheTicketsThatWereEnhanced(t *testing.T) {
	t.Parallel()
	var runs []ticketRun
	for i := range 20 {
		runs = append(runs, ticketRun{Enhanced: i > 0, TookMS: int64(100 * i)})
	}
	runs[5].Degraded = []string{"doc_search"}
	if got, want := figuresOf(runs), (figures{Tickets: 20, Enhanced: 19, Degraded: 1, SuccessRate: 0.95, P50MS: 1000, P95MS: 1900, P99MS: 1900}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := figuresOf(nil); got != (figures{}) {
		t.Errorf("of none: %+v", got)
	}
	for percent, want := range map[float64]int64{50: 2, 51: 3, 75: 3, 100: 4, 1: 1} {
		if got := percentile([]int64{1, 2, 3, 4}, percent); got != want {
			t.Errorf("p%v is %d, want %d", percent, got, want)
		}
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ended := at.Add(1500 * time.Millisecond)
	var run ticketRun
	if run.tell(adminapi.Job{JobID: "j", AskedAt: at, FinishedAt: &ended}, nil); run.TookMS != 1500 || !run.Enhanced {
		t.Errorf("%+v", run)
	}
}

// A check that was not run is not one that passed, and one that failed fails the whole.
func TestTheVerdictFollowsFromWhatHappened(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[checkOutcome]struct {
		passed bool
		says   string
	}{
		checkPassed: {true, "**Passed.**\n"}, checkNotRun: {true, "**Passed.** Not run: 1 of 1 checks"}, checkFailed: {false, "**Failed:** alerts: x."},
	} {
		r := validationReport{TenantID: "alpha", Tickets: []ticketRun{{TicketID: "1", Enhanced: true, TookMS: 100, NoteID: "7"}}}
		r.try(groupAlerts, "x", func() (checkOutcome, string) { return outcome, "" })
		if r.conclude(time.Now()); r.Passed != want.passed || !strings.Contains(r.markdown(), want.says) {
			t.Errorf("%s: %t\n%s", outcome, r.Passed, r.markdown())
		}
	}
}

// alertmanager is as much of Alertmanager's API as an alert needs.
type alertmanager struct {
	mu     sync.Mutex
	alerts []firedAlert
	posts  int
	deaf   bool
}

func (a *alertmanager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Method == http.MethodPost {
		a.posts++
		if err := json.NewDecoder(r.Body).Decode(&a.alerts); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		return
	}
	if a.deaf || !strings.Contains(r.URL.Query().Get("filter"), a.alerts[0].Labels["run"]) {
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, `[{"labels":{"alertname":"AIAgentsValidation"},"receivers":[{"name":"on-call"}]}]`)
}

func TestAnAlertIsLookedForAndEnded(t *testing.T) {
	t.Parallel()
	there := &alertmanager{}
	server := httptest.NewServer(there)
	t.Cleanup(server.Close)
	v := &validation{validateFlags: validateFlags{tenantID: "alpha", alertmanager: server.URL + "/"}, mark: "mark"}
	v.tryAlert(t.Context())
	if c := v.report.Checks[0]; c.Outcome != checkPassed || !strings.Contains(c.Detail, "on-call") || there.posts != 2 || there.alerts[0].EndsAt.After(time.Now()) {
		t.Errorf("%+v after %d posts", c, there.posts)
	}
	there.deaf = true
	if v.tryAlert(t.Context()); v.report.Checks[1].Outcome != checkFailed || !strings.Contains(v.report.Checks[1].Detail, "out of order") {
		t.Errorf("%+v", v.report.Checks[1])
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if v.tryAlert(ended); v.report.Checks[2].Outcome != checkNotRun {
		t.Errorf("%+v", v.report.Checks[2])
	}
}

// Faults that were switched on are switched off again, also when nothing could be tried with them.
func TestFaultsDoNotStay(t *testing.T) {
	var faults []string
	simulator := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			body, _ := io.ReadAll(r.Body)
			faults = append(faults, r.URL.Path+" "+string(body))
		}
		_, _ = io.WriteString(w, `{"knowledge":[]}`)
	}))
	t.Cleanup(simulator.Close)
	w := newWorld(t, consoletest.Options{GatewayURL: refusingGateway(t)})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	mustApply(t)
	out, _, err := apart(t.Context(), "", "validate", "--tenant", "alpha", "--ticket", tenTickets, "--simulator", simulator.URL, "--json")
	if err == nil || len(faults) != 6 || !strings.HasPrefix(faults[0], "/api/tenants/alpha/faults/servicedesk {\"active\"") || !strings.HasSuffix(faults[5], "knowledge {}") {
		t.Errorf("%v: %q\n%s", err, faults, out)
	}
	if !strings.Contains(err.Error(), scenarios()[1].name) {
		t.Errorf("it says nothing of the scenarios: %v", err)
	}
}
