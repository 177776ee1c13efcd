package preview_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// wire is a sidecar that brings calls to handler.
type wire struct {
	handler http.Handler
	app     string
	route   string
	// change, when set, is what somebody on the way does to the request.
	change func(v *preview.Vouched)
	status int // of the last answer
}

func (w *wire) Invoke(ctx context.Context, app, route string, in, out any) error {
	w.app, w.route = app, route
	if vouched, is := in.(preview.Vouched); is && w.change != nil {
		w.change(&vouched)
		in = vouched
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodPost, route, bytes.NewReader(body)))
	if w.status = rec.Code; rec.Code != http.StatusOK {
		return fmt.Errorf("%w: %d %s", sidecar.ErrNotInvoked, rec.Code, rec.Body)
	}
	return json.Unmarshal(rec.Body.Bytes(), out)
}

// remote is the console of w's enhancer.
func (w *world) remote(by preview.Invoker) preview.Remote {
	return preview.Remote{Invoker: by, Sealer: w.sealer, Now: w.now}
}

func TestAPreviewComesOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk = vpn
	between := &wire{handler: w.service().Handler()}
	temperature := 0.0
	asked := preview.Request{
		TenantID: alpha, CorrelationID: "c", TicketID: "1001", Source: adminapi.SourceAuto, AsOf: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
		Preferences: &tenant.Preferences{Language: "de", Temperature: &temperature, MinRelevance: 0.5},
	}
	got, err := w.remote(between).Preview(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(w.counted, []telemetry.Previewed{telemetry.PreviewDrafted}) {
		t.Errorf("counted %v", w.counted)
	}
	if got.TicketID != "1001" || got.Account.Sources != 2 || between.app != preview.App || between.route != preview.Route {
		t.Errorf("%+v by %s%s", got, between.app, between.route)
	}
	if diff := cmp.Diff(asked.Preferences, w.requests[0].Preferences); diff != "" {
		t.Error(diff)
	}
	if asOf := w.asked["ticket"][0].AsOf; !asOf.Equal(asked.AsOf) {
		t.Errorf("as of %s", asOf)
	}
}

func TestAnEnhancerIsFoundInItsNamespace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ enhancer, prefix, want string }{
		{"", "", "enhancer"}, {"", "tenant-", "enhancer"}, {alpha, "", "enhancer-" + alpha}, {alpha, "tenant-", "enhancer-" + alpha + ".tenant-" + alpha},
	} {
		between := &wire{handler: w.service().Handler()}
		remote := w.remote(between)
		remote.NamespacePrefix = c.prefix
		if _, err := remote.Preview(t.Context(), preview.Request{TenantID: alpha, TicketID: "1001", Enhancer: c.enhancer}); err == nil || between.app != c.want {
			t.Errorf("%+v: asked %s, %v; want the one that has no such ticket", c, between.app, err)
		}
	}
}

func TestARefusalComesOverTheWire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*world)
		asked  preview.Request
		code   preview.Code
	}{
		"unknown ticket": {func(*world) {}, preview.Request{TenantID: alpha, TicketID: "1001"}, preview.CodeNoTicket},
		"no tenant":      {func(*world) {}, preview.Request{TicketID: "1001"}, preview.CodeInvalid},
		"too large": {func(*world) {}, preview.Request{
			TenantID: alpha, Ticket: &adminapi.PreviewTicket{Description: strings.Repeat("x", 1<<20)},
		}, preview.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w)
			_, err := w.remote(&wire{handler: w.service().Handler()}).Preview(t.Context(), c.asked)
			if counted := map[preview.Code]telemetry.Previewed{
				preview.CodeNoTicket: telemetry.PreviewNotFound, preview.CodeInvalid: telemetry.PreviewInvalid,
			}[c.code]; !slices.Equal(w.counted, []telemetry.Previewed{counted}) {
				t.Errorf("counted %v", w.counted)
			}
			if refusal, is := errors.AsType[*preview.Refusal](err); !is || refusal.Code != c.code {
				t.Error(err)
			}
		})
	}
}

// Whoever reaches the route without the keyset gets nothing read, drafted or paid.
func TestOnlyWhatTheConsoleVouchesForIsPreviewed(t *testing.T) {
	t.Parallel()
	asked := preview.Request{TenantID: alpha, TicketID: "1001"}
	another := func(t *testing.T, w *world, r preview.Request) preview.Vouched {
		t.Helper()
		var seen preview.Vouched
		_, err := w.remote(&wire{handler: w.service().Handler(), change: func(v *preview.Vouched) { seen = *v }}).Preview(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		w.requests = nil
		return seen
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, w *world, v *preview.Vouched)
		age    time.Duration
		taken  bool
	}{
		"as it was sent":        {taken: true},
		"without a proof":       {change: func(_ *testing.T, _ *world, v *preview.Vouched) { v.Proof = nil }},
		"another tenant's name": {change: func(_ *testing.T, _ *world, v *preview.Vouched) { v.TenantID = "beta" }},
		"another tenant's proof": {change: func(t *testing.T, w *world, v *preview.Vouched) {
			v.Proof = another(t, w, preview.Request{TenantID: "beta", TicketID: "1001"}).Proof
		}},
		"another request's proof": {change: func(t *testing.T, w *world, v *preview.Vouched) {
			v.Proof = another(t, w, preview.Request{TenantID: alpha, Ticket: &adminapi.PreviewTicket{Subject: "x"}}).Proof
		}},
		"changed": {change: func(_ *testing.T, _ *world, v *preview.Vouched) {
			v.Document = bytes.Replace(v.Document, []byte("1001"), []byte("1002"), 1)
		}},
		"vouched for as something else": {change: func(t *testing.T, w *world, v *preview.Vouched) {
			proof, err := w.sealer.Vouch(v.TenantID, v.Document)
			if err != nil {
				t.Fatal(err)
			}
			v.Proof = proof
		}},
		"under another keyset": {change: func(t *testing.T, _ *world, v *preview.Vouched) {
			proof, err := newWorld(t).sealer.Vouch(v.TenantID, append([]byte("preview-request\x00"), v.Document...))
			if err != nil {
				t.Fatal(err)
			}
			v.Proof = proof
		}},
		"about another tenant than it is vouched for": {change: func(t *testing.T, w *world, v *preview.Vouched) {
			v.Document = bytes.Replace(v.Document, []byte(`"alpha"`), []byte(`"gamma"`), 1)
			proof, err := w.sealer.Vouch(v.TenantID, append([]byte("preview-request\x00"), v.Document...))
			if err != nil {
				t.Fatal(err)
			}
			v.Proof = proof
		}},
		"of a moment ago":   {age: preview.Validity - time.Second, taken: true},
		"expired":           {age: preview.Validity + time.Second},
		"of another's time": {age: -preview.Validity - time.Second},
		"of a clock ahead":  {age: -preview.Validity + time.Second, taken: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.desk = vpn
			between := &wire{handler: w.service().Handler()}
			if c.change != nil {
				between.change = func(v *preview.Vouched) { c.change(t, w, v) }
			}
			remote := w.remote(between)
			remote.Now = func() time.Time { return w.now().Add(-c.age) }
			_, err := remote.Preview(t.Context(), asked)
			switch {
			case c.taken && (err != nil || len(w.requests) != 1):
				t.Errorf("%v, and %d drafts", err, len(w.requests))
			case !c.taken && (between.status != http.StatusForbidden || len(w.requests) > 0 || !errors.Is(err, sidecar.ErrNotInvoked)):
				t.Errorf("%d %v, and %d drafts", between.status, err, len(w.requests))
			}
		})
	}
}

func TestAnEnhancerThatIsDownOrOtherIsSaid(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	_, err := newWorld(t).remote(failing{down}).Preview(t.Context(), preview.Request{TenantID: alpha})
	if !errors.Is(err, down) {
		t.Error(err)
	}
	_, err = newWorld(t).remote(failing{}).Preview(t.Context(), preview.Request{TenantID: alpha})
	if err == nil || !strings.Contains(err.Error(), "neither a preview nor a reason") {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Invoke(context.Context, string, string, any, any) error { return f.err }
