package simulator

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// TenantInfo is a tenant as the admin API shows it; no secrets.
type TenantInfo struct {
	Endpoints

	ID      string              `json:"tenant_id"`
	Profile servicedesk.Profile `json:"profile"`
	Tickets int                 `json:"tickets"`
}

func (w *World) listTenants(rw http.ResponseWriter, _ *http.Request) error {
	tenants := []TenantInfo{}
	for _, d := range w.sorted() {
		tenants = append(tenants, w.info(d))
	}
	writeJSON(rw, http.StatusOK, map[string]any{"tenants": tenants})
	return nil
}

func (w *World) info(d *desk) TenantInfo {
	return TenantInfo{
		Endpoints: w.endpoints(d), ID: d.id, Profile: d.profile, Tickets: len(d.sdp.Requests()),
	}
}

func (w *World) putTenant(rw http.ResponseWriter, r *http.Request) error {
	var in struct {
		Profile servicedesk.Profile `json:"profile"`
	}
	if err := readJSON(rw, r, &in); err != nil {
		return err
	}
	id, status := mux.Vars(r)["tenant"], http.StatusOK
	created, err := w.AddTenant(id, in.Profile)
	if err != nil {
		return err
	}
	if created {
		status = http.StatusCreated
	}
	d, err := w.desk(id)
	if err != nil {
		return err
	}
	writeJSON(rw, status, w.info(d))
	return nil
}

func (w *World) postArticle(d *desk, rw http.ResponseWriter, r *http.Request) error {
	var a knowledgetest.Article
	if err := readJSON(rw, r, &a); err != nil {
		return err
	}
	if a.ID == "" || a.Title == "" {
		return refuse(http.StatusBadRequest, "an article needs id and title")
	}
	d.addArticle(a)
	writeJSON(rw, http.StatusCreated, a)
	return nil
}

func (w *World) listCalls(d *desk, rw http.ResponseWriter, _ *http.Request) error {
	writeJSON(rw, http.StatusOK, map[string]any{"servicedesk": d.sdp.Calls(), "knowledge": d.kb.Calls()})
	return nil
}

func (w *World) listModelCalls(rw http.ResponseWriter, _ *http.Request) error {
	writeJSON(rw, http.StatusOK, map[string]any{"llm": w.llm.Calls(), "embeddings": w.llm.EmbeddingCalls()})
	return nil
}
