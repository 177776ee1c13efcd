package simulator

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func (w *World) routes() http.Handler {
	// The fakes judge paths themselves; cleaning them would answer with redirects that no server sends.
	r := mux.NewRouter().SkipClean(true)
	r.PathPrefix("/sdp/{tenant}/").Handler(w.system("/sdp/", func(d *desk) http.Handler { return d.sdp }))
	r.PathPrefix("/kb/{tenant}/").Handler(w.system("/kb/", func(d *desk) http.Handler { return d.kb }))
	r.PathPrefix("/llm/v1/").Handler(http.StripPrefix("/llm", w.llm))
	w.viewerRoutes(r)
	w.adminRoutes(r)
	r.NotFoundHandler = w.answer(func(_ http.ResponseWriter, r *http.Request) error {
		return refuse(http.StatusNotFound, "there is nothing at %s", r.URL.Path)
	})
	r.MethodNotAllowedHandler = w.answer(func(_ http.ResponseWriter, r *http.Request) error {
		return refuse(http.StatusMethodNotAllowed, "%s cannot be used at %s", r.Method, r.URL.Path)
	})
	return r
}

// adminRoutes does without a subrouter: in one, a wrong method would be answered by 404.
func (w *World) adminRoutes(r *mux.Router) {
	handle := func(path, method string, h func(http.ResponseWriter, *http.Request) error) {
		r.Handle(path, w.answer(h)).Methods(method)
	}
	tenantly := func(path, method string, h func(*desk, http.ResponseWriter, *http.Request) error) {
		r.Handle("/api/tenants/{tenant}"+path, w.forTenant(h)).Methods(method)
	}
	faulty := func(kind string, h func(*desk) func(http.ResponseWriter, *http.Request) error) {
		r.Handle("/api/tenants/{tenant}/faults/"+kind, w.forTenant(
			func(d *desk, rw http.ResponseWriter, r *http.Request) error { return h(d)(rw, r) },
		)).Methods(http.MethodGet, http.MethodPut)
	}
	handle("/api/tenants", http.MethodGet, w.listTenants)
	handle("/api/tenants/{tenant}", http.MethodPut, w.putTenant)
	handle("/api/calls", http.MethodGet, w.listModelCalls)
	r.Handle("/api/faults/llm", w.answer(faultsHandler(w.llm.Faults, w.llm.SetFaults))).Methods(http.MethodGet, http.MethodPut)

	tenantly("/tickets", http.MethodGet, w.listTickets)
	tenantly("/tickets", http.MethodPost, w.postTicket)
	tenantly("/tickets/{id}", http.MethodGet, w.getTicket)
	tenantly("/tickets/{id}", http.MethodPatch, w.patchTicket)
	tenantly("/tickets/{id}", http.MethodDelete, w.deleteTicket)
	tenantly("/tickets/{id}/notes/{note}", http.MethodPatch, w.patchNote)
	tenantly("/tickets/{id}/notes/{note}", http.MethodDelete, w.deleteNote)
	tenantly("/tickets/{id}/webhook", http.MethodPost, w.postWebhook)
	tenantly("/articles", http.MethodPost, w.postArticle)
	tenantly("/calls", http.MethodGet, w.listCalls)
	faulty("servicedesk", func(d *desk) func(http.ResponseWriter, *http.Request) error {
		return faultsHandler(d.sdp.Faults, func(f servicedesktest.Faults) error {
			d.sdp.SetFaults(f)
			return nil
		})
	})
	faulty("knowledge", func(d *desk) func(http.ResponseWriter, *http.Request) error {
		return faultsHandler(d.kb.Faults, d.kb.SetFaults)
	})
	faulty("webhook", func(d *desk) func(http.ResponseWriter, *http.Request) error {
		return faultsHandler(d.webhookFaults, d.setWebhookFaults)
	})
}

// system hands a call to a tenant's fake, which sees the path below its own root.
func (w *World) system(prefix string, pick func(*desk) http.Handler) http.Handler {
	return w.forTenant(func(d *desk, rw http.ResponseWriter, r *http.Request) error {
		http.StripPrefix(prefix+d.id, pick(d)).ServeHTTP(rw, r)
		return nil
	})
}

func (w *World) answer(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := h(rw, r); err != nil {
			w.fail(rw, r, err)
		}
	})
}

func (w *World) forTenant(h func(*desk, http.ResponseWriter, *http.Request) error) http.Handler {
	return w.answer(func(rw http.ResponseWriter, r *http.Request) error {
		d, err := w.desk(mux.Vars(r)["tenant"])
		if err != nil {
			return err
		}
		return h(d, rw, r)
	})
}
