package alerting_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/alerting/fault"
)

const (
	clinic = "example-clinic"
	bank   = "example-bank"
)

// A critical alert rings, writes and posts; a warning rings nobody.
func TestWhoIsToldDependsOnTheSeverity(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.post(firing("ServiceDeskThrottled", "warning", "tenant_id", bank), firing("TicketsLeftOut", "critical", "tenant_id", clinic),
		firing("Watchdog", "none"), firing("Unheard", "strange"))
	until(t, "all channels are told", func() bool {
		return len(d.said("ServiceDeskThrottled", bank)) == 1 && len(d.said("TicketsLeftOut", clinic)) == 1 &&
			len(d.paged("TicketsLeftOut", clinic)) == 1 &&
			len(d.mailed("ServiceDeskThrottled", bank)) == 1 && len(d.mailed("TicketsLeftOut", clinic)) == 1 &&
			d.beats.Load() > 0 && len(d.said("Unheard")) == 1
	})
	if got := d.pagerduty.Incidents(); len(got) != 1 {
		t.Errorf("PagerDuty has %+v, want the critical alert alone", got)
	}
	if got := d.said("Watchdog"); len(got) != 0 {
		t.Errorf("Slack was told of the watchdog: %+v", got)
	}
	event := d.pagerduty.Incidents()[0].Events[0]
	if event.Payload.Severity != "critical" || event.Payload.Group != clinic || event.Payload.Class != "TicketsLeftOut" {
		t.Errorf("PagerDuty was told %+v", event.Payload)
	}
	if m := d.mailed("TicketsLeftOut")[0]; strings.Join(m.To, ",") != "on-call@example.com" || !strings.HasPrefix(m.Subject, "[CRITICAL]") {
		t.Errorf("the mail is %+v", m)
	}
}

func TestAllThatIsWrongWithATenantIsOneMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.post(
		firing("TicketsLeftOut", "critical", "tenant_id", clinic), firing("ServiceDeskThrottled", "warning", "tenant_id", clinic),
		firing("WebhooksMissed", "warning", "tenant_id", clinic), firing("WebhooksMissed", "warning", "tenant_id", bank),
		// Without a tenant each alert is its own.
		firing("RedisDown", "critical"), firing("APITokenExpires", "warning"),
	)
	until(t, "everything is told", func() bool {
		return len(d.said(clinic)) > 0 && len(d.said(bank)) > 0 && len(d.said("RedisDown")) > 0 && len(d.said("APITokenExpires")) > 0
	})
	if got := d.slack.Messages(); len(got) != 4 {
		t.Fatalf("Slack has %d messages, want one for each tenant and two for the platform: %+v", len(got), got)
	}
	if got := d.said("tenant "+clinic+": 3 alerts", "TicketsLeftOut", "ServiceDeskThrottled", "WebhooksMissed"); len(got) != 1 {
		t.Errorf("the tenant's message is %+v", d.said(clinic))
	}
	if got := d.said(clinic, bank); len(got) != 0 {
		t.Errorf("two tenants are in one message: %+v", got)
	}
}

func TestWhoWasToldIsToldThatItIsOver(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := firing("TicketsLeftOut", "critical", "tenant_id", clinic)
	d.post(a)
	until(t, "all channels are told", func() bool {
		return len(d.said("[CRITICAL]")) == 1 && len(d.paged(clinic)) == 1 && len(d.mailed("[CRITICAL]")) == 1
	})
	d.post(a.over())
	until(t, "all channels are told that it is over", func() bool {
		return len(d.said("[RESOLVED]", clinic)) == 1 && !d.pagerduty.Incidents()[0].Open && len(d.mailed("[RESOLVED]", clinic)) == 1
	})
	if got := d.said("[RESOLVED]")[0]; got.Color != "good" {
		t.Errorf("Slack paints it %q", got.Color)
	}
}

// A cause silences what follows from it, and nothing else.
func TestWhatFollowsFromACauseIsNotTold(t *testing.T) {
	for name, test := range map[string]struct {
		cause   alert
		follows []alert
		remains alert
	}{
		"Postgres is down": {
			firing("PostgresDown", "critical"),
			[]alert{firing("WebhooksNotAccepted", "critical"), firing("EnhancementSuccessRateLow", "critical", "tenant_id", bank)},
			firing("TicketsLeftOut", "critical", "tenant_id", clinic),
		},
		"the platform is down": {
			firing("PlatformDown", "critical"),
			[]alert{firing("WorkerDown", "critical"), firing("AppDown", "critical", "job", "gateway")},
			firing("CertificateExpires", "critical"),
		},
		"the server of a tenant is down": {
			firing("ServiceDeskDown", "warning", "tenant_id", clinic),
			[]alert{firing("EnhancementSuccessRateLow", "critical", "tenant_id", clinic)},
			firing("EnhancementSuccessRateLow", "critical", "tenant_id", bank),
		},
		"the server of one of many is down": {
			firing("ServiceDeskDown", "warning", "tenant_id", "other"), nil, firing("EnhancementSuccessRateLow", "critical", "tenant_id", "other"),
		},
		"the servers of many are down": {
			firing("ServiceDeskDownForMany", "critical"),
			[]alert{firing("ServiceDeskDown", "warning", "tenant_id", clinic)},
			firing("EnhancementSuccessRateLow", "critical", "tenant_id", bank),
		},
		"critical and warning": {
			firing("CertificateExpires", "critical"), []alert{firing("CertificateExpires", "warning")}, firing("DaprIssuerExpires", "warning"),
		},
		"a tenant's jobs fail": {
			firing("TenantWithoutNotes", "critical", "tenant_id", clinic),
			[]alert{firing("TicketNotEnhanced", "warning", "tenant_id", clinic)},
			firing("TicketNotEnhanced", "warning", "tenant_id", bank),
		},
		"the enhancer's sidecar is down": {
			firing("DaprSidecarDown", "critical", "app_id", "enhancer"), []alert{firing("WorkerDown", "critical")}, firing("WebhooksNotAccepted", "critical"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.post(test.cause)
			until(t, "the cause is told", func() bool { return len(d.slack.Messages()) == 1 })
			d.post(append(test.follows, test.cause, test.remains)...)
			until(t, "the rest is told", func() bool { return len(d.said(test.remains.line())) > 0 })
			for _, a := range test.follows {
				if state := d.state(a); len(state.InhibitedBy) == 0 {
					t.Errorf("%v is %+v, want it inhibited", a.Labels, state)
				}
				if got := d.said(a.line()); len(got) != 0 {
					t.Errorf("%v was told: %+v", a.Labels, got)
				}
			}
			if state := d.state(test.remains); len(state.InhibitedBy) != 0 {
				t.Errorf("%v is inhibited by %v", test.remains.Labels, state.InhibitedBy)
			}
		})
	}
}

func TestWhatAReceiverDidNotTakeIsToldAgain(t *testing.T) {
	for name, breaks := range map[string]func(*desk){
		"Slack fails":             func(d *desk) { d.slack.Faults.Fail(2, fault.Answer{Status: http.StatusInternalServerError}) },
		"Slack limits":            func(d *desk) { d.slack.Faults.Fail(1, fault.Answer{Status: http.StatusTooManyRequests, RetryAfter: 1}) },
		"PagerDuty fails":         func(d *desk) { d.pagerduty.Faults.Fail(2, fault.Answer{Status: http.StatusBadGateway}) },
		"PagerDuty limits":        func(d *desk) { d.pagerduty.Faults.Fail(2, fault.Answer{Status: http.StatusTooManyRequests}) },
		"the mail server is busy": func(d *desk) { d.mail.Fail(2, 450) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			breaks(d)
			d.post(firing("TicketsLeftOut", "critical", "tenant_id", clinic))
			until(t, "all channels are told in the end", func() bool {
				return len(d.said(clinic)) > 0 && len(d.paged(clinic)) > 0 && len(d.mailed(clinic)) > 0
			})
			if s, p, m := len(d.slack.Messages()), len(d.pagerduty.Incidents()), len(d.mail.Mails()); s != 1 || p != 1 || m != 1 {
				t.Errorf("told %d, %d and %d times, want each once", s, p, m)
			}
		})
	}
}

func TestASlowReceiverHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	release := d.slack.Faults.Hold()
	t.Cleanup(release)
	d.post(firing("TicketsLeftOut", "critical", "tenant_id", clinic))
	until(t, "the others are told, while Slack has not answered", func() bool {
		return d.slack.Faults.Requests() > 0 && len(d.paged(clinic)) == 1 && len(d.mailed(clinic)) == 1
	})
	if got := d.slack.Messages(); len(got) != 0 {
		t.Fatalf("Slack took %+v", got)
	}
	release()
	until(t, "Slack is told", func() bool { return len(d.said(clinic)) > 0 })
}
