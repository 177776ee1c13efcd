package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Habit is what a sender does besides signing: the scripts that administrators install differ.
type Habit string

// The habits.
const (
	// HabitOnce sends once, as ServiceDesk Plus itself does.
	HabitOnce Habit = "once"
	// HabitRetry sends again after a 5xx and when there is no answer.
	HabitRetry Habit = "retry"
	// HabitTwice sends everything twice at the same time, as two triggers for one event do.
	HabitTwice Habit = "twice"
	// HabitNever is a webhook that never arrives, and of which nobody knows.
	HabitNever Habit = "never"
)

const (
	// sendTimeout is how long a script waits for its answer.
	sendTimeout = 10 * time.Second
	// Pauses of HabitRetry, which double.
	firstRetry = time.Second
	retries    = 5
	// stock is how many tickets of a tenant are opened ahead, so that its webhooks go on while its ServiceDesk Plus does not
	// answer.
	stock   = 60
	maxRead = 64 << 10
)

// client is a tenant and how it signs.
type client struct {
	id      string
	profile servicedesk.Profile
	sign    func(ctx context.Context, url, secret string, payload []byte) (*http.Request, error)
}

// clientOf gives the nth tenant: the editions take turns, and so do the ways to sign.
func clientOf(name string, n int) (client, platform.Client) {
	profiles := []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud}
	ways := []func(context.Context, string, string, []byte) (*http.Request, error){
		servicedesktest.SignedHexWebhook, servicedesktest.SignedBase64Webhook,
		servicedesktest.SignedPrefixedHexWebhook, servicedesktest.StaticHeaderWebhook,
	}
	way := (n + n/len(ways)) % len(ways) // the next four have the other edition
	id := fmt.Sprintf("%s-%d", name, n+1)
	c := client{id: id, profile: profiles[n%len(profiles)], sign: ways[way]}
	entered := platform.Client{
		ID: id, Name: "Example " + id, Profile: c.profile, Format: tenant.FormatHTML, WebhooksPerMinute: tenant.MaxWebhooksPerMinute,
		Tickets: []history.PastTicket{{
			ID: "9001", Subject: "Scanner shows error E-42", Description: "The scanner on floor 2 shows error E-42 after the update.",
			Resolution: "Installed the firmware of " + id + " and restarted the scanner.",
			CreatedAt:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), ResolvedAt: time.Date(2026, 1, 3, 3, 4, 5, 0, time.UTC),
		}},
		Systems: []inventory.System{{Hostname: "scanner-" + id + ".example.com", Address: "192.0.2.77", Role: "Scanner", Client: id, Location: "Floor 3"}},
	}
	if way == len(ways)-1 {
		entered.WebhookAuth = tenant.AuthStatic
	}
	return c, entered
}

func onboard(ctx context.Context, users *platform.Platform, name string, tenants int) ([]client, error) {
	clients := make([]client, tenants)
	for i := range clients {
		c, entered := clientOf(name, i)
		if err := users.Onboard(ctx, entered); err != nil {
			return nil, err
		}
		article := platform.Article{
			ID: "KB-1", Title: "Scanner error E-42", Summary: "What error E-42 of the scanner means at " + c.id + ".",
			URL: "https://kb.example.com/" + c.id + "/1",
		}
		if err := users.AddArticle(ctx, c.id, article); err != nil {
			return nil, err
		}
		clients[i] = c
	}
	return clients, nil
}

// load is all senders.
type load struct {
	world    *world
	interval time.Duration
	seed     uint64
	loses    bool // some webhooks never arrive
	http     *http.Client
	stocks   []chan string
	running  sync.WaitGroup
}

func newLoad(w *world, opts Options) *load {
	l := &load{
		world: w, interval: time.Duration(float64(time.Second) / opts.Rate), seed: opts.Plan.Seed, loses: opts.Find > 0,
		// A script has a connection of its own for each webhook.
		http: &http.Client{Timeout: sendTimeout, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	for range w.tenants {
		l.stocks = append(l.stocks, make(chan string, stock))
	}
	return l
}

// start has tickets opened and sent until ctx ends.
func (l *load) start(ctx context.Context) {
	for i, c := range l.world.tenants {
		l.running.Go(func() { l.open(ctx, c, l.stocks[i]) })
	}
	l.running.Go(func() { l.send(ctx) })
}

// wait returns when every sender has its answer, or has given up.
func (l *load) wait() { l.running.Wait() }

// open opens tickets ahead. While ServiceDesk Plus is down, nobody opens any.
func (l *load) open(ctx context.Context, c client, opened chan<- string) {
	for n := 0; ctx.Err() == nil; n++ {
		o, err := l.world.users.OpenTicket(ctx, c.id, simulator.NewTicket{
			Subject: fmt.Sprintf("Scanner on floor 3 shows error E-42 (%d)", n), Priority: "High",
			Description: fmt.Sprintf("The scanner on floor 3 shows error E-42 since the update. Its address is 192.0.2.77. Report %d.", n),
		}, simulator.EmitNone)
		if err != nil {
			rest(ctx, time.Second)
			continue
		}
		select {
		case opened <- o.TicketID:
		case <-ctx.Done():
		}
	}
}

// send has a ticket of one tenant after the other sent, whether or not the earlier ones have an answer.
func (l *load) send(ctx context.Context) {
	draw := rand.New(rand.NewPCG(l.seed, 1)) //nolint:gosec // it has to be the same again, not a secret
	again := time.NewTicker(l.interval)
	defer again.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		at := n % len(l.world.tenants)
		habit := habitOf(draw)
		if habit == HabitNever && !l.loses {
			habit = HabitOnce
		}
		select {
		case id := <-l.stocks[at]:
			// What was begun is finished: the sender has to be told.
			l.running.Go(func() { l.sendOne(context.WithoutCancel(ctx), l.world.tenants[at], id, habit) })
		default: // nobody could open a ticket
		}
	}
}

// habitOf draws a habit: most scripts are of the two plain kinds.
func habitOf(draw *rand.Rand) Habit {
	const hundred, never, once, retry = 100, 5, 45, 90
	switch n := draw.IntN(hundred); {
	case n < never:
		return HabitNever
	case n < once:
		return HabitOnce
	case n < retry:
		return HabitRetry
	default:
		return HabitTwice
	}
}

func (l *load) sendOne(ctx context.Context, c client, ticketID string, habit Habit) {
	sent := &Sent{TenantID: c.id, TicketID: ticketID, Habit: habit, At: time.Now()}
	switch habit {
	case HabitOnce:
		sent.Attempts = []Attempt{l.attempt(ctx, c, ticketID)}
	case HabitRetry:
		for pause, n := firstRetry, 0; n < retries; pause, n = 2*pause, n+1 {
			a := l.attempt(ctx, c, ticketID)
			sent.Attempts = append(sent.Attempts, a)
			if a.Status != 0 && a.Status < http.StatusInternalServerError {
				break
			}
			rest(ctx, pause)
		}
	case HabitTwice:
		answers := make(chan Attempt)
		for range 2 {
			go func() { answers <- l.attempt(ctx, c, ticketID) }()
		}
		sent.Attempts = []Attempt{<-answers, <-answers}
	case HabitNever:
	}
	sent.Sought = l.loses && sent.told() != ToldAccepted && sent.told() != ToldRefused
	if err := l.world.journal.add(sent); err != nil {
		l.world.sayf("%v", err)
	}
}

// attempt delivers the webhook once.
func (l *load) attempt(ctx context.Context, c client, ticketID string) Attempt {
	a := Attempt{At: time.Now()}
	status, answer, err := l.post(ctx, c, ticketID, a.At)
	a.Took, a.Status = time.Since(a.At), status
	var accepted platform.Accepted
	switch {
	case err != nil:
		a.Status, a.Detail = 0, err.Error()
	case !a.accepted():
		a.Detail = strings.TrimSpace(string(answer))
	case json.Unmarshal(answer, &accepted) != nil || accepted.JobID == "":
		a.Detail = "accepted without a job: " + string(answer)
	default:
		a.JobID = accepted.JobID
	}
	return a
}

func (l *load) post(ctx context.Context, c client, ticketID string, now time.Time) (int, []byte, error) {
	payload, err := json.Marshal(map[string]string{
		"tenant_id": c.id, "ticket_id": ticketID, "event": "created", "subject": "Scanner on floor 3 shows error E-42",
		"description": "The scanner on floor 3 shows error E-42 since the update. Its address is 192.0.2.77.",
		"priority":    "High", "timestamp": now.UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return 0, nil, fmt.Errorf("encode the webhook: %w", err)
	}
	secret := l.world.users.Keys().SigningSecret(c.id)
	req, err := c.sign(ctx, l.world.balancer.pick()+"/webhook/servicedesk", secret, payload)
	if err != nil {
		return 0, nil, err
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxRead))
	if err != nil {
		return 0, nil, fmt.Errorf("half an answer: %w", err)
	}
	return resp.StatusCode, answer, nil
}
