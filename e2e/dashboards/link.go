package dashboards

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// repository is where the documentation is read; alerts link to the same pages.
const repository = "https://github.com/ai-agents/ai-agents/blob/main/"

// link leads from a panel on.
type link struct {
	title, url string
	outside    bool // leaves Grafana
}

func documentation(path string) string { return repository + path }

// runbook links to a page below docs/runbooks.
func runbook(name string) link {
	return link{title: "Runbook: " + name, url: documentation("docs/runbooks/" + name + ".md"), outside: true}
}

// guide links to any other page of the documentation.
func guide(title, path string) link {
	return link{title: title, url: documentation(path), outside: true}
}

// sibling links to another of the dashboards, for the same time.
func sibling(title, uid string) link {
	return link{title: title, url: "/d/" + uid + "?${__url_time_range}"}
}

// toTenant is where a cell with a tenant's id leads.
const toTenant = "/d/" + UIDTenant + "?var-tenant_id=${__value.raw}&${__url_time_range}"

func (l link) build() (dashboard.DashboardLink, error) {
	return dashboard.NewDashboardLinkBuilder(l.title).Type(dashboard.DashboardLinkTypeLink).Url(l.url).
		TargetBlank(l.outside).Build()
}

func (l link) markdown() string {
	_, name, named := strings.Cut(l.title, "Runbook: ")
	if !named {
		name = l.title
	}
	return "[" + name + "](" + l.url + ")"
}
