package simulator_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestKeysDifferByMasterPurposeAndTenant(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, master := range []string{"one", "two"} {
		keys := simulator.NewKeys(master)
		for _, id := range []string{onPrem, cloud} {
			grant := keys.OAuth(id, "http://192.0.2.1")
			for purpose, key := range map[string]string{
				"api": keys.APIKey(id), "signing": keys.SigningSecret(id), "knowledge": keys.KnowledgeAPIKey(id),
				"client": grant.ClientID, "secret": grant.ClientSecret, "refresh": grant.RefreshToken,
			} {
				who := master + "/" + id + "/" + purpose
				if other, taken := seen[key]; taken {
					t.Errorf("%s and %s have the same key", who, other)
				}
				if len(key) != 64 || strings.Trim(key, "0123456789abcdef") != "" {
					t.Errorf("%s is %q, want 64 hexadecimal digits", who, key)
				}
				seen[key] = who
			}
		}
	}
	if one, again := simulator.NewKeys("one"), simulator.NewKeys("one"); one.APIKey(onPrem) != again.APIKey(onPrem) {
		t.Error("the same master gives different keys")
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	t.Parallel()
	const master = "not-to-be-seen"
	keys := simulator.NewKeys(master)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "keys", keys)
	for _, printed := range []string{
		fmt.Sprint(keys), fmt.Sprintf("%v %+v %#v %s", keys, keys, keys, keys), log.String(),
	} {
		if strings.Contains(printed, master) || strings.Contains(printed, fmt.Sprintf("%d", []byte(master))) {
			t.Errorf("the master secret is printed: %s", printed)
		}
	}
}

func TestKeysOnboardATenant(t *testing.T) {
	t.Parallel()
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		at := simulator.NewEndpoints("http://192.0.2.1:8089/", onPrem, profile)
		settings := tenant.Tenant{
			ID: onPrem, Name: "North Clinic", ServiceDeskURL: at.ServiceDeskURL, Profile: tenant.Profile(profile),
			TechnicianID: at.TechnicianID, KnowledgeURL: at.KnowledgeURL,
		}
		if err := settings.Validate(); err != nil {
			t.Errorf("%s: the endpoints make no valid tenant: %v", profile, err)
		}
		if page := at.TicketPage("7"); page != "http://192.0.2.1:8089/tickets/"+onPrem+"/7" {
			t.Errorf("%s: ticket page %q", profile, page)
		}
	}
}

func TestAClientFromTheKeysWritesTheNote(t *testing.T) {
	t.Parallel()
	r := start(t)
	for id, profile := range map[string]servicedesk.Profile{onPrem: servicedesk.ProfileOnPrem, cloud: servicedesk.ProfileCloud} {
		created := r.open(id, map[string]any{"subject": "Printer", "description": "No toner", "emit": "none"})
		if got := r.note(id, profile, created.TicketID, "<p>first</p>").Action; got != servicedesk.NoteCreated {
			t.Errorf("%s: the first note was %s", id, got)
		}
		if got := r.note(id, profile, created.TicketID, "<p>second</p>").Action; got != servicedesk.NoteEdited {
			t.Errorf("%s: the second note was %s", id, got)
		}
		var shown simulator.Ticket
		r.do(http.MethodGet, "/api/tenants/"+id+"/tickets/"+created.TicketID, "", http.StatusOK, &shown)
		if shown.NoteCount != 1 || len(shown.Notes) != 1 || !strings.Contains(shown.Notes[0].Description, "second") {
			t.Errorf("%s: the ticket shows %+v", id, shown.Notes)
		}
	}
}

func TestOtherKeysAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t)
	keys := testKeys()
	for _, c := range []struct {
		path, header, value string
		status              int
	}{
		{"/sdp/" + onPrem + "/api/v3/requests", "authtoken", keys.APIKey(onPrem), http.StatusOK},
		{"/sdp/" + onPrem + "/api/v3/requests", "authtoken", keys.APIKey(cloud), http.StatusUnauthorized},
		{"/kb/" + onPrem + "/search?q=printer&limit=3", "Authorization", "Bearer " + keys.KnowledgeAPIKey(onPrem), http.StatusOK},
		{"/kb/" + onPrem + "/search?q=printer&limit=3", "Authorization", "Bearer " + keys.KnowledgeAPIKey(cloud), http.StatusUnauthorized},
	} {
		got := r.send(http.MethodGet, c.path, "", c.header, c.value)
		if got.status != c.status {
			t.Errorf("%s with %s: status %d, want %d: %s", c.path, c.header, got.status, c.status, got.body)
		}
	}
}
