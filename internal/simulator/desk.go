package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// Ids of new tickets follow those of the sample's past tickets: short ones on premises, and in the cloud 18
// digits, more than a float64 can hold.
const (
	firstTicketOnPrem = 20501
	firstTicketCloud  = 132_000_000_000_501_501
	ticketStrideCloud = 1001
)

// desk is what a tenant has: its ServiceDesk Plus, its knowledge base, and the webhooks that it sends.
type desk struct {
	id            string
	profile       servicedesk.Profile
	signingSecret string
	sdp           *servicedesktest.Server
	kb            *knowledgetest.Server
	state         *state

	// mu orders changes of tickets, which the fake can only replace as a whole.
	mu         sync.Mutex
	nextTicket int64
	webhooks   WebhookFaults
}

func newDesk(id string, profile servicedesk.Profile, o Options, kept *state) *desk {
	d := &desk{
		id: id, profile: profile, state: kept, signingSecret: o.Keys.SigningSecret(id), nextTicket: firstTicketOnPrem,
		sdp: servicedesktest.New(servicedesktest.Options{
			Profile: profile, APIKey: o.Keys.APIKey(id), OAuth: o.Keys.OAuth(id, o.BaseURL), Portal: portal,
			TechnicianID: technicianID(profile), TechnicianName: technicianName,
			Clock: o.Clock, Logger: o.Logger.With("tenant_id", id),
			Changed: func(c servicedesktest.Change) { kept.note(entry{TenantID: id, Change: &c}) },
		}),
		kb: knowledgetest.New(knowledgetest.Options{APIKey: o.Keys.KnowledgeAPIKey(id), Clock: o.Clock}),
	}
	if profile == servicedesk.ProfileCloud {
		d.nextTicket = firstTicketCloud
	}
	d.nextTicket += idsUsedBefore(o.Clock()) * d.stride()
	return d
}

// idsUsedBefore skips the ids that an earlier run may have given out: tickets are forgotten when the process
// ends, but the platform remembers them and would not enhance one of the same id again. It holds for up
// to ten new tickets a second and tenant.
func idsUsedBefore(now time.Time) int64 {
	const perSecond = 10
	began := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	return max(0, int64(now.Sub(began)/(time.Second/perSecond)))
}

// used keeps an id from being given out again.
func (d *desk) used(ticketID string) {
	id, err := strconv.ParseInt(ticketID, 10, 64)
	if err != nil {
		return // not one of ours
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nextTicket = max(d.nextTicket, id+d.stride())
}

func (d *desk) addArticle(a knowledgetest.Article) {
	d.kb.AddArticle(a)
	d.state.note(entry{TenantID: d.id, Article: &a})
}

// close ends the calls that hang on purpose.
func (d *desk) close() {
	d.sdp.Close()
	_ = d.kb.SetFaults(knowledgetest.Faults{}) // no faults are always valid
}

// create opens a ticket as a requester would.
func (d *desk) create(t NewTicket) servicedesktest.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := strconv.FormatInt(d.nextTicket, 10)
	d.nextTicket += d.stride()
	d.sdp.AddRequest(servicedesktest.Request{
		ID: id, Subject: t.Subject, Description: htmlFrom(t.Description), Requester: t.Requester.person(),
		Priority: t.Priority, Status: statusOpen, Category: t.Category, Site: t.Site,
	})
	created, _ := d.find(id) // with what the fake has filled in
	return created
}

func (d *desk) stride() int64 {
	if d.profile == servicedesk.ProfileCloud {
		return ticketStrideCloud
	}
	return 1
}

// change applies the fields that c gives.
func (d *desk) change(id string, c TicketChange) (servicedesktest.Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, err := d.ticket(id); err != nil {
		return r, err
	}
	if c.Resolution != nil {
		d.sdp.Resolve(id, htmlFrom(*c.Resolution))
	}
	d.sdp.EditRequest(id, func(r *servicedesktest.Request) {
		for to, from := range map[*string]*string{
			&r.Subject: c.Subject, &r.Priority: c.Priority, &r.Status: c.Status,
		} {
			if from != nil {
				*to = *from
			}
		}
		if c.Description != nil {
			r.Description = htmlFrom(*c.Description)
		}
	})
	return d.ticket(id)
}

func (d *desk) ticket(id string) (servicedesktest.Request, error) {
	r, ok := d.find(id)
	if !ok {
		return r, refuse(http.StatusNotFound,
			"tenant %s has no ticket %q: see GET /api/tenants/%s/tickets", d.id, id, d.id)
	}
	return r, nil
}

func (d *desk) find(id string) (servicedesktest.Request, bool) {
	all := d.sdp.Requests()
	at := slices.IndexFunc(all, func(r servicedesktest.Request) bool { return r.ID == id })
	if at < 0 {
		return servicedesktest.Request{}, false
	}
	return all[at], true
}

// newestFirst gives the tickets as a technician lists them.
func (d *desk) newestFirst() []servicedesktest.Request {
	all := d.sdp.Requests()
	slices.Reverse(all) // later additions first among those of the same moment
	slices.SortStableFunc(all, func(a, b servicedesktest.Request) int { return b.CreatedTime.Compare(a.CreatedTime) })
	return all
}

func (d *desk) webhookFaults() WebhookFaults {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.webhooks
}

func (d *desk) setWebhookFaults(f WebhookFaults) error {
	if err := f.Validate(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.webhooks = f
	return nil
}
