package simulator_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func samples(t *testing.T) []simulator.Data {
	t.Helper()
	var all []simulator.Data
	for _, s := range simulator.Tenants() {
		data, err := simulator.Sample(s.ID)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

func TestSampleTenantsAreOneOfEachKind(t *testing.T) {
	t.Parallel()
	got := simulator.Tenants()
	if len(got) != 2 || got[0].Profile != servicedesk.ProfileOnPrem || got[0].Format != tenant.FormatHTML ||
		got[1].Profile != servicedesk.ProfileCloud || got[1].Format != tenant.FormatMarkdown {
		t.Errorf("the tenants are %+v", got)
	}
	if _, err := simulator.Sample("nobody"); err == nil {
		t.Error("there is sample data for nobody")
	}
}

func TestSamplePastTickets(t *testing.T) {
	t.Parallel()
	for _, data := range samples(t) {
		if len(data.Tickets) < 25 {
			t.Errorf("%s has %d past tickets", data.Tenant.ID, len(data.Tickets))
		}
		seen := make(map[string]bool)
		for _, past := range data.Tickets {
			if seen[past.ID] || strings.Trim(past.ID, "0123456789") != "" || past.ID == "" {
				t.Errorf("%s: ticket id %q", data.Tenant.ID, past.ID)
			}
			seen[past.ID] = true
			checkText(t, past.ID, past.Subject, past.Description)
			if past.Resolution == "" || !past.ResolvedAt.After(past.CreatedAt) {
				t.Errorf("%s %s: resolved at %s by %q", data.Tenant.ID, past.ID, past.ResolvedAt, past.Resolution)
			}
			if year := past.CreatedAt.UTC().Year(); year < 2025 || past.ResolvedAt.After(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("%s %s: created at %s", data.Tenant.ID, past.ID, past.CreatedAt)
			}
			checkSystemsExist(t, data, past.Description+" "+past.Resolution)
		}
	}
}

func checkText(t *testing.T, id, subject, description string) {
	t.Helper()
	if n := utf8.RuneCountInString(subject); n == 0 || n > ticket.MaxSubject {
		t.Errorf("%s: the subject has %d characters", id, n)
	}
	if n := utf8.RuneCountInString(description); n > ticket.MaxDescription {
		t.Errorf("%s: the description has %d characters", id, n)
	}
	if n := len(regexp.MustCompile(`[.?!]['"]?(\s|$)`).FindAllString(description, -1)); n < 2 || n > 6 {
		t.Errorf("%s: the description has %d sentences: %s", id, n, description)
	}
}

// checkSystemsExist looks for what text mentions in the inventory of data.
func checkSystemsExist(t *testing.T, data simulator.Data, text string) {
	t.Helper()
	for _, address := range inventory.Addresses(text) {
		known := slices.ContainsFunc(data.Systems, func(s simulator.System) bool {
			return netip.MustParseAddr(s.Address) == address
		})
		if !known && !address.IsLinkLocalUnicast() {
			t.Errorf("%s: no system has the address %s of: %s", data.Tenant.ID, address, text)
		}
	}
}

func TestSampleSystemsAndArticlesArePlainlyExamples(t *testing.T) {
	t.Parallel()
	ranges := []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"),
	}
	for _, data := range samples(t) {
		var v6 int
		for _, s := range data.Systems {
			address, err := netip.ParseAddr(s.Address)
			if err != nil || !slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(address) }) {
				t.Errorf("%s: %s has the address %q", data.Tenant.ID, s.Hostname, s.Address)
			}
			if address.Is6() {
				v6++
			}
			if !isExample(s.Hostname) || s.Role == "" || s.Client == "" || s.Location == "" {
				t.Errorf("%s: incomplete or not an example: %+v", data.Tenant.ID, s)
			}
		}
		if len(data.Systems) < 12 || v6 == 0 || v6 == len(data.Systems) {
			t.Errorf("%s has %d systems, %d by IPv6", data.Tenant.ID, len(data.Systems), v6)
		}
		for _, a := range data.Articles {
			link, err := url.Parse(a.URL)
			if err != nil || link.Scheme != "https" || !isExample(link.Hostname()) || a.ID == "" || a.Title == "" || a.Summary == "" {
				t.Errorf("%s: article %+v", data.Tenant.ID, a)
			}
		}
		if len(data.Articles) < 8 {
			t.Errorf("%s has %d articles", data.Tenant.ID, len(data.Articles))
		}
	}
}

func isExample(host string) bool {
	return strings.HasSuffix(host, ".example.com") || strings.HasSuffix(host, ".example.net")
}

func TestSampleNewTicketsMeetWhatIsKnown(t *testing.T) {
	t.Parallel()
	for _, data := range samples(t) {
		if len(data.NewTickets) != 3 {
			t.Errorf("%s has %d new tickets", data.Tenant.ID, len(data.NewTickets))
		}
		for _, n := range data.NewTickets {
			checkText(t, n.Subject, n.Subject, n.Description)
			checkSystemsExist(t, data, n.Description)
			_, domain, _ := strings.Cut(n.Requester.Email, "@")
			if n.Priority == "" || n.Requester.Name == "" || !isExample(domain) {
				t.Errorf("%s: %q is incomplete: %+v", data.Tenant.ID, n.Subject, n)
			}
			mentioned := inventory.Addresses(n.Description)
			for _, host := range n.Expect.Systems {
				if !slices.ContainsFunc(data.Systems, func(s simulator.System) bool {
					return s.Hostname == host && slices.Contains(mentioned, netip.MustParseAddr(s.Address))
				}) {
					t.Errorf("%s: %q does not mention %s", data.Tenant.ID, n.Subject, host)
				}
			}
			for _, id := range n.Expect.Tickets {
				if !slices.ContainsFunc(data.Tickets, func(p simulator.PastTicket) bool { return p.ID == id }) {
					t.Errorf("%s: %q expects the ticket %s", data.Tenant.ID, n.Subject, id)
				}
			}
			if len(n.Expect.Systems) == 0 || len(n.Expect.Tickets) == 0 || len(n.Expect.Articles) == 0 {
				t.Errorf("%s: %q expects too little: %+v", data.Tenant.ID, n.Subject, n.Expect)
			}
		}
	}
}

func TestSampleTenantsShareOneSubjectAndNothingElse(t *testing.T) {
	t.Parallel()
	all := samples(t)
	texts := func(d simulator.Data) (subjects, rest []string) {
		for _, p := range d.Tickets {
			subjects, rest = append(subjects, p.Subject), append(rest, p.ID, p.Description, p.Resolution)
		}
		for _, a := range d.Articles {
			rest = append(rest, a.ID, a.Title, a.Summary, a.URL)
		}
		for _, s := range d.Systems {
			rest = append(rest, s.Hostname)
		}
		return subjects, rest
	}
	subjectsA, restA := texts(all[0])
	subjectsB, restB := texts(all[1])
	if got := shared(subjectsA, subjectsB); len(got) != 1 {
		t.Errorf("the shared subjects are %q, want one", got)
	}
	if got := shared(restA, restB); len(got) != 0 {
		t.Errorf("both tenants have %q", got)
	}
}

func shared(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

func TestTheSampleIsInTheWorld(t *testing.T) {
	t.Parallel()
	r := start(t)
	if err := r.world.AddSample(); err != nil {
		t.Fatal(err)
	}
	for _, data := range samples(t) {
		id := data.Tenant.ID
		past, err := r.client(id, data.Tenant.Profile).Request(t.Context(), data.Tickets[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if past.Subject != data.Tickets[0].Subject || past.Status != "Resolved" || past.Resolution == "" ||
			!past.CreatedTime.Equal(data.Tickets[0].CreatedAt) {
			t.Errorf("%s: the past ticket is %+v", id, past)
		}
		for _, n := range data.NewTickets {
			query := url.Values{"q": {n.Subject}, "limit": {"3"}}.Encode()
			found := r.send(http.MethodGet, "/kb/"+id+"/search?"+query, "",
				"Authorization", "Bearer "+testKeys().KnowledgeAPIKey(id)).body
			for _, article := range n.Expect.Articles {
				mustContain(t, found, r.url+"/kb/"+id+"/articles/"+article)
			}
		}
		page := r.send(http.MethodGet, "/kb/"+id+"/articles/"+data.Articles[0].ID, "")
		if page.status != http.StatusOK || !strings.Contains(page.body, data.Articles[0].Title) {
			t.Errorf("%s: the link of an article leads to status %d", id, page.status)
		}
	}
}
