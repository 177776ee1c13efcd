package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestTheScriptForServiceDeskPlus(t *testing.T) {
	t.Parallel()
	gateway := newReceiver(t, 1)
	result := runScript(t, gateway, servicedesktest.Request{
		ID: "20501", Subject: `He said "no" – twice`, Priority: "High", Requester: servicedesktest.Person{Name: "Jürgen Example"}, Technician: "Front  Desk",
		Description: `<div>VPN drops.<br/>The gateway <b>192.0.2.10</b> &amp; its &quot;twin&quot; do not answer.</div>` +
			`<style>p {color: red}</style><ul><li>one &lt;b&gt;</li><li>naïve 😀</li></ul><script>alert(1)</script>`,
	}, "updated")
	if result.Result != "success" || !strings.Contains(result.Message, "example-job") {
		t.Errorf("result %+v", result)
	}
	got := gateway.taken(t, 1)[0]
	want := ticket.Ticket{
		ID: "20501", Subject: `He said "no" – twice`, Priority: "High", People: []string{"Jürgen Example", "Front Desk"},
		Description: "VPN drops.\nThe gateway 192.0.2.10 & its \"twin\" do not answer.\none <b>\nnaïve 😀",
	}
	if !reflect.DeepEqual(got.Ticket, want) || got.Event != "updated" {
		t.Errorf("sent  %+v, %s\nwant %+v", got.Ticket, got.Event, want)
	}
	if first, second := gateway.bodies[0], gateway.bodies[1]; first == second {
		t.Error("the second attempt repeats the first: each needs a timestamp and a signature of its own")
	}
}

func TestTheScriptShortensWhatIsTooLong(t *testing.T) {
	t.Parallel()
	gateway := newReceiver(t, 0)
	runScript(t, gateway, servicedesktest.Request{
		ID: "132000000000501501", Subject: strings.Repeat("ü", ticket.MaxSubject),
		Description: strings.Repeat("<p>😀 long</p>", ticket.MaxDescription),
	}, "created")
	got := gateway.taken(t, 1)[0].Ticket
	if n := utf8.RuneCountInString(got.Description); n != ticket.MaxDescription || !strings.HasSuffix(got.Description, "\n[shortened]") {
		t.Errorf("the description has %d characters and ends in %q", n, got.Description[len(got.Description)-20:])
	}
	if got.ID != "132000000000501501" || got.Priority != "" {
		t.Errorf("ticket %s, priority %q", got.ID, got.Priority)
	}
}

func TestTheScriptComesBackWhenItIsOverTheLimit(t *testing.T) {
	t.Parallel()
	gateway := newReceiver(t, 0)
	gateway.limited = 1
	result := runScript(t, gateway, servicedesktest.Request{ID: "20501", Subject: "example", Description: "example"}, "created")
	if result.Result != "success" || len(gateway.bodies) != 2 {
		t.Errorf("after %d attempts: %+v", len(gateway.bodies), result)
	}
	gateway.taken(t, 1)
}

// What cannot be mended by sending it again is not sent again, and the server is told why.
func TestTheScriptGivesUpOnARefusal(t *testing.T) {
	t.Parallel()
	gateway := newReceiver(t, 0)
	result := runScript(t, gateway, servicedesktest.Request{ID: "20501", Subject: "example", Description: "example"}, "deleted")
	if result.Result != "failure" || !strings.Contains(result.Message, "401") || len(gateway.bodies) != 1 {
		t.Errorf("result %+v after %d attempts", result, len(gateway.bodies))
	}
}

// scriptResult is what ServiceDesk Plus reads from a script.
type scriptResult struct {
	Result  string `json:"result"`
	Message string `json:"message"`
}

func runScript(t *testing.T, gateway *receiver, r servicedesktest.Request, event string) scriptResult {
	t.Helper()
	desk := servicedesktest.New(servicedesktest.Options{})
	desk.AddRequest(r)
	complete, err := desk.CompletePayload(r.ID)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]string{
		"gateway_url": gateway.URL, "tenant_id": sampleTenant, "signing_secret": sampleSecret,
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"enhance_ticket.py": samples(t, "python"), "ai_agents.json": string(settings), "ticket.json": string(complete),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output := run(t, nil, "python3", "python3", filepath.Join(dir, "enhance_ticket.py"), filepath.Join(dir, "ticket.json"), event)
	var result scriptResult
	if err := json.Unmarshal([]byte(output), &result); err != nil {
		t.Fatalf("the script prints %q, which ServiceDesk Plus cannot read: %v", output, err)
	}
	return result
}
