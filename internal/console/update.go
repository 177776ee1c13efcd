package console

import (
	"context"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// The names that keys have in requests and in entries.
const (
	nameAPIKey       = "api_key"
	nameKnowledgeKey = "kb_api_key"
)

// maySetKeys refuses keys of one who may change settings and not secrets.
func (s *Server) maySetKeys(ctx context.Context, keys tenantstore.NewKeys, tenantID string) *Problem {
	needs := permission(access.SecretsWrite)
	principal := visiting(ctx).principal
	if keys == (tenantstore.NewKeys{}) || principal.May(access.SecretsWrite, tenantID) {
		return nil
	}
	s.deny(ctx, reasonPermission, tenantID, map[string]string{"permission": string(needs)})
	return forbidden(needs, principal, tenantID)
}

// keyNeeded says how to change the server that a key is for.
func keyNeeded(missing *tenantstore.KeyNeededError) *Problem {
	var wrong []FieldProblem
	for _, key := range missing.Keys {
		what := "scheme, host or port of servicedesk_url, or servicedesk_profile, change"
		if key == nameKnowledgeKey {
			what = "scheme, host or port of kb_url change"
		}
		wrong = append(wrong, FieldProblem{
			Location: "body." + key,
			Message: "is missing: " + what + ", and the stored key is not sent there; give the key for it in this request, which takes " +
				"the permission " + string(access.SecretsWrite) + ", too",
		})
	}
	return invalid(wrong...)
}

// updateDetail is what the entry about an update says besides.
func updateDetail(before tenantstore.Record, t tenant.Tenant, keys tenantstore.NewKeys) map[string]string {
	changed := changes(before.Tenant, t)
	detail := map[string]string{}
	var replaced []string
	if keys.APIKey != "" {
		replaced = append(replaced, nameAPIKey)
	}
	switch {
	case keys.KnowledgeAPIKey != "":
		replaced = append(replaced, nameKnowledgeKey)
	case t.KnowledgeURL == "" && before.KnowledgeAPIKey.Set:
		changed = append(changed, nameKnowledgeKey)
		detail["removed"] = nameKnowledgeKey
	}
	if len(replaced) > 0 {
		detail["replaced"] = strings.Join(replaced, ", ")
	}
	// How senders prove who they are is no matter of taste.
	if auth := t.Preferences.Auth(); auth != before.Preferences.Auth() {
		detail["webhook_auth"] = string(auth)
	}
	detail["changed"] = strings.Join(slices.Concat(changed, replaced), ", ")
	return detail
}

// changes names the settings in which b differs from a.
func changes(a, b tenant.Tenant) []string {
	var names []string
	for _, setting := range []struct {
		name string
		same bool
	}{
		{"name", a.Name == b.Name},
		{"servicedesk_url", a.ServiceDeskURL == b.ServiceDeskURL},
		{"servicedesk_profile", a.Profile == b.Profile},
		{"technician_id", a.TechnicianID == b.TechnicianID},
		{"kb_url", a.KnowledgeURL == b.KnowledgeURL},
	} {
		if !setting.same {
			names = append(names, setting.name)
		}
	}
	for _, key := range tenant.ChangedKeys(a.Preferences, b.Preferences) {
		names = append(names, "enhancement_prefs."+key)
	}
	return names
}
