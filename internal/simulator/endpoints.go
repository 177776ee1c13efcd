package simulator

import (
	"strings"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// What an instance of ServiceDesk Plus calls things that a client has to know.
const (
	portal           = "itdesk" // part of the path in the cloud
	technicianOnPrem = "4"
	technicianCloud  = "132000000000004004"
	technicianName   = "AI Agents"
)

// Endpoints are the addresses at which a tenant's simulated systems are reached.
type Endpoints struct {
	// ServiceDeskURL ends with /api/v3.
	ServiceDeskURL string `json:"servicedesk_url"`
	KnowledgeURL   string `json:"kb_url"`
	// LLMURL is the same for all tenants.
	LLMURL string `json:"llm_url"`
	// TechnicianID is the technician whom the tenant's credentials belong to.
	TechnicianID string `json:"technician_id"`

	pages string
}

// NewEndpoints computes them; the tenant need not exist yet.
func NewEndpoints(baseURL, tenantID string, profile servicedesk.Profile) Endpoints {
	baseURL = strings.TrimRight(baseURL, "/")
	e := Endpoints{
		ServiceDeskURL: deskURL(baseURL, tenantID) + "/api/v3",
		KnowledgeURL:   baseURL + "/kb/" + tenantID,
		LLMURL:         baseURL + "/llm/v1",
		TechnicianID:   technicianID(profile),
		pages:          baseURL + "/tickets/" + tenantID + "/",
	}
	if profile == servicedesk.ProfileCloud {
		e.ServiceDeskURL = deskURL(baseURL, tenantID) + "/app/" + portal + "/api/v3"
	}
	return e
}

// TicketPage is the address of the page that shows a ticket with its notes.
func (e Endpoints) TicketPage(ticketID string) string { return e.pages + ticketID }

func technicianID(profile servicedesk.Profile) string {
	if profile == servicedesk.ProfileCloud {
		return technicianCloud
	}
	return technicianOnPrem
}

// deskURL is the root of a tenant's ServiceDesk Plus, and in the cloud of its account server.
func deskURL(baseURL, tenantID string) string {
	return strings.TrimRight(baseURL, "/") + "/sdp/" + tenantID
}
