package preview_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// wire is a sidecar that brings calls to handler.
type wire struct {
	handler http.Handler
	app     string
	route   string
}

func (w *wire) Invoke(ctx context.Context, app, route string, in, out any) error {
	w.app, w.route = app, route
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodPost, route, bytes.NewReader(body)))
	return json.Unmarshal(rec.Body.Bytes(), out)
}

func TestAPreviewComesOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.desk = vpn
	between := &wire{handler: w.service().Handler()}
	temperature := 0.0
	asked := preview.Request{
		TenantID: alpha, CorrelationID: "c", TicketID: "1001", Source: adminapi.SourceAuto, AsOf: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
		Preferences: &tenant.Preferences{Language: "de", Temperature: &temperature, MinRelevance: 0.5},
	}
	got, err := preview.Remote{Invoker: between}.Preview(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
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
			w := newWorld()
			c.change(w)
			_, err := preview.Remote{Invoker: &wire{handler: w.service().Handler()}}.Preview(t.Context(), c.asked)
			if refusal, is := errors.AsType[*preview.Refusal](err); !is || refusal.Code != c.code {
				t.Error(err)
			}
		})
	}
}

func TestAnEnhancerThatIsDownOrOtherIsSaid(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	_, err := preview.Remote{Invoker: failing{down}}.Preview(t.Context(), preview.Request{TenantID: alpha})
	if !errors.Is(err, down) {
		t.Error(err)
	}
	_, err = preview.Remote{Invoker: failing{}}.Preview(t.Context(), preview.Request{TenantID: alpha})
	if err == nil || !strings.Contains(err.Error(), "neither a preview nor a reason") {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Invoke(context.Context, string, string, any, any) error { return f.err }
