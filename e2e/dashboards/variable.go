package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// tenants says which of them a dashboard shows.
type tenants int

const (
	allTenants  tenants = iota // without a choice
	oneTenant                  // the one that is chosen: tenant_id="$tenant_id"
	someTenants                // those that are chosen, at first all: tenant_id=~"$tenant_id"
)

func (t tenants) variables() []cog.Builder[dashboard.VariableModel] {
	if t == allTenants {
		return nil
	}
	return []cog.Builder[dashboard.VariableModel]{tenantVariable(t == someTenants)}
}

// tenantVariable lists the tenants of which any metric tells, not just those whose jobs have ended.
func tenantVariable(all bool) cog.Builder[dashboard.VariableModel] {
	const query = `label_values({__name__=~"enhancement_requests_total|webhook_requests_total|queue_depth", tenant_id!=""}, tenant_id)`
	return dashboard.NewQueryVariableBuilder("tenant_id").Label("Tenant").Datasource(source()).
		Description("The tenant's id. Beyond those with the most jobs, tenants are counted together as `other`.").
		Query(dashboard.StringOrMap{Map: map[string]any{
			"qryType": classicQuery, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery",
		}}).Definition(query).Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc).Multi(all).IncludeAll(all)
}

// classicQuery has Grafana read a variable's query as text.
const classicQuery = 5
