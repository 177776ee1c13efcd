package alerting_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// state is what Alertmanager says of an alert.
type state struct {
	State       string   `json:"state"`
	InhibitedBy []string `json:"inhibitedBy"`
	SilencedBy  []string `json:"silencedBy"`
}

// state gives that of the alert with exactly these labels.
func (d *desk) state(a alert) state {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.URL+"/api/v2/alerts", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var all []struct {
		Labels map[string]string `json:"labels"`
		Status state             `json:"status"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		d.t.Fatal(err)
	}
	for _, one := range all {
		if len(one.Labels) == len(a.Labels) && has(one.Labels, a.Labels) {
			return one.Status
		}
	}
	d.t.Fatalf("Alertmanager does not know %v", a.Labels)
	return state{}
}

// As docs/operations.md says, with the program that it names.
func TestASilenceIsKeptAndExpired(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	to := "--alertmanager.url=" + d.URL
	id := strings.TrimSpace(run(t, "amtool", to, "silence", "add", "tenant_id="+clinic,
		"--duration=2h", "--author=on-call", "--comment=Example: the client's server is moved"))
	a := firing("TicketsLeftOut", "critical", "tenant_id", clinic)
	d.post(a, firing("TicketsLeftOut", "critical", "tenant_id", bank))
	until(t, "the other tenant is told of", func() bool { return len(d.said(bank)) == 1 && len(d.paged(bank)) == 1 && len(d.mailed(bank)) == 1 })
	if got := d.state(a); len(got.SilencedBy) != 1 || got.SilencedBy[0] != id {
		t.Errorf("it is %+v, want it silenced by %s", got, id)
	}
	if len(d.said(clinic))+len(d.paged(clinic))+len(d.mailed(clinic)) != 0 {
		t.Error("what is silenced was told")
	}
	run(t, "amtool", to, "silence", "expire", id)
	until(t, "it is told after the silence", func() bool {
		return len(d.said(clinic)) == 1 && len(d.paged(clinic)) == 1 && len(d.mailed(clinic)) == 1
	})
}

// As docs/alerts.md says.
func TestTheChannelsAreTriedByHand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	run(t, "amtool", "--alertmanager.url="+d.URL, "alert", "add", "alertname=ChannelTest", "severity=critical",
		"--annotation=summary=Example: a test of the channels", "--annotation=description=Nothing is wrong.")
	until(t, "all channels are told", func() bool {
		return len(d.said("a test of the channels")) == 1 && len(d.paged("a test of the channels")) == 1 && len(d.mailed("a test of the channels")) == 1
	})
}
