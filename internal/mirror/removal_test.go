package mirror

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestACutListDoesNotWipeATenant(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 10, 100} {
		b := newBench(t)
		b.addTickets(150)
		b.do(FeedTickets, Options{})
		b.clock.advance(25 * time.Hour)
		gone := b.sdp.Requests()[149].ID
		b.sdp.DeleteRequest(gone)
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultTruncatedList, Limit: limit})
		before := 0
		b.calls(&before)
		_, err := b.Refresh(t.Context(), alpha, FeedTickets)
		if limit < 100 { // with 100, has_more_rows is cut, too, but the changes are still seen
			if err == nil || !strings.Contains(err.Error(), "not complete") {
				t.Errorf("limit %d: the schedule says %v", limit, err)
			}
		}
		if n := b.calls(&before); n > tooManyAlive+15 {
			t.Errorf("limit %d: %d calls for a list that was cut", limit, n)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultTruncatedList, Limit: limit})
		if _, err := b.Import(t.Context(), alpha, FeedTickets, Options{}); err == nil && limit < 100 {
			t.Errorf("limit %d: the import says nothing", limit)
		}
		b.faults()
		b.do(FeedTickets, Options{})
		b.inStep()
		if n := len(b.stored(alpha)); n < 134 {
			t.Errorf("limit %d: %d tickets are left", limit, n)
		}
	}
}

func TestTheScheduleDoesNotRemoveATenantsAll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.addTickets(400) // of which 360 are stored
	b.do(FeedTickets, Options{})
	for _, id := range ids[:300] {
		b.sdp.DeleteRequest(id)
	}
	b.clock.advance(25 * time.Hour)
	sum, err := b.Refresh(t.Context(), alpha, FeedTickets)
	if err == nil || !strings.Contains(err.Error(), "agentctl import tickets --tenant alpha") || sum.Removed != 72 {
		t.Fatalf("got %+v, %v", sum, err)
	}
	for range 2 {
		b.clock.advance(25 * time.Hour)
		if sum := b.refresh(FeedTickets); sum.Removed != 0 {
			t.Errorf("it goes on: %+v", sum)
		}
	}
	var said string
	if b.scan("SELECT last_error FROM mirror_feeds", &said); !strings.Contains(said, "agentctl import tickets") {
		t.Errorf("the books say %q", said)
	}
	if sum := b.do(FeedTickets, Options{}); sum.Removed != 270-72 {
		t.Errorf("the import: %+v", sum)
	}
	b.inStep()
	b.sdp.DeleteRequest(ids[399])
	b.sdp.DeleteRequest(ids[398])
	b.clock.advance(25 * time.Hour)
	b.refresh(FeedTickets)
	b.inStep()
	if b.scan("SELECT last_error FROM mirror_feeds", &said); said != "" {
		t.Errorf("the books still say %q", said)
	}
}

// Somebody else's 404 is none.
func TestA404OfAProxyRemovesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(20)
	b.do(FeedTickets, Options{})
	b.clock.advance(25 * time.Hour)
	restore := b.intercept(func(_ context.Context, op string) {
		switch op {
		case "list":
			b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultTruncatedList})
		default:
			b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultHTMLErrorPage, Status: 404})
		}
	})
	if _, err := b.Refresh(t.Context(), alpha, FeedTickets); err == nil {
		t.Error("the schedule says nothing")
	}
	restore()
	if n := len(b.stored(alpha)); n != 18 {
		t.Errorf("%d tickets are left", n)
	}
}

// A complete pass goes on where it stopped, and still knows what it had seen.
func TestACompletePassInSteps(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.StepCalls = 4 })
	ids := b.addTickets(450)
	b.do(FeedTickets, Options{})
	b.sdp.DeleteRequest(ids[0])
	b.sdp.DeleteRequest(ids[220])
	b.sdp.TrashRequest(ids[448])
	b.clock.advance(25 * time.Hour)
	steps := 0
	for ; len(b.stored(alpha)) > 402 && steps < 20; steps++ {
		before := 0
		b.calls(&before)
		b.refresh(FeedTickets)
		if n := b.calls(&before); n > 4 {
			t.Fatalf("a step of %d calls", n)
		}
		var succeeded bool // the changes were followed, and only the pass is not over
		if b.scan("SELECT last_succeeded = last_finished FROM mirror_feeds", &succeeded); !succeeded {
			t.Error("a step of the pass is no success")
		}
		b.clock.advance(time.Second)
	}
	b.inStep()
	if steps < 3 || steps == 20 {
		t.Errorf("it took %d steps", steps)
	}
	var soon time.Duration
	b.refresh(FeedTickets)
	if b.scan("SELECT next_due - last_finished FROM mirror_feeds", &soon); soon < time.Minute {
		t.Errorf("after the pass, the next step is due in %v", soon)
	}
	var seen int
	if b.scan("SELECT count(*) FROM mirror_seen", &seen); seen != 0 {
		t.Errorf("%d sightings are left", seen)
	}
}

// A gateway that says 404 in JSON of its own is classified as "not found", but is not ServiceDesk Plus.
func TestOnlyTheServersOwnWordCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		want   bool
	}{
		"the server": {`{"response_status":{"status_code":4000,"messages":[{"status_code":4007,"message":"Invalid URL"}],"status":"failed"}}`, true},
		"merged":     {`{"response_status":{"status_code":4000,"messages":[{"message":"Request 1 has been merged with request 2"}],"status":"failed"}}`, true},
		"a gateway":  {`{"error":"no route"}`, false},
		"a page":     {`<html>not found</html>`, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(c.answer))
		}))
		t.Cleanup(server.Close)
		client, err := servicedesk.New(servicedesk.Config{BaseURL: server.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey}, server.Client())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Request(t.Context(), "1"); err == nil || isGone(err) != c.want {
			t.Errorf("%s: gone is %t: %v", name, isGone(err), err)
		}
	}
}
