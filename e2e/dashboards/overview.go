package dashboards

// The limits at which alerts fire, drawn into graphs; deploy/prometheus/rules has them.
const (
	rateLow      = 0.95
	rateGood     = 0.99
	queueDeep    = 100
	secondsSlow  = 120
	secondsStale = 900
)

func overview() board {
	return board{
		file: "overview", uid: UIDOverview, title: "AI Agents: overview",
		about: "Is it working? Green figures above, level graphs below. What is red links to the dashboard or runbook that says why.",
		rows:  []row{overviewNow(), overviewCauses(), overviewCourse(), overviewTenants()},
	}
}

func overviewNow() row {
	return row{"Is it working?", []panel{
		successRate(),
		figure("Active workers", "Enhancers whose workflow worker is connected and not drained. Without any, webhooks are accepted and wait.",
			"short", q("", orZero(jobEnhancer, "sum(worker_active_count)"))).
			colored(step{color: red}, step{1, green}).linked(runbook("worker-failures"), sibling("Operations", UIDOperations)),
		figure("Waiting jobs", "Jobs of all tenants that wait for their turn. Held ones, whose ServiceDesk Plus is down, are not among them.",
			"short", q("", orZero(jobEnhancer, `sum(queue_depth:all{state="waiting"})`))).
			colored(from(queueDeep/2, queueDeep)...).linked(runbook("high-queue-depth")),
		figure("Oldest waiting job", "Since when the job that waits longest was received. A deep queue whose oldest job is young is being worked off.",
			"s", q("", orZero(jobEnhancer, "max(enhancement_queue_oldest_seconds)"))).
			colored(from(secondsSlow, secondsStale)...).linked(runbook("high-queue-depth")),
		figure("Webhooks taken", "Webhooks that became jobs, a minute. None at a busy hour means that senders do not reach the gateway.",
			"cpm", q("", orZero(jobGateway, "sum(60 * rate(webhook_requests_total{code=\"202\"}[5m]))"))).
			linked(runbook("missed-webhooks")),
		figure("Alerts", "Alerts that fire now, by severity. Watchdog, which always fires so that its absence is noticed, is not counted.",
			"short", q("critical", firing("critical")), q("warning", firing("warning"))).
			colored(never(red)...).linked(guide("What each alert means", "docs/alerts.md")),
	}}
}

// orWhole is 1 where nothing has ended and nothing had to: an enhancer is there, and no job waits. Otherwise there is no answer, which
// is told as such: nobody is to read a stand-still as a success.
func orWhole(rate, waiting string) string {
	return rate + ` or on() (max(up{job="enhancer"}) == 1 unless on() sum(` + waiting + `) > 0)`
}

func successRate() panel {
	return dial("Success rate", "Jobs that ended within 10 minutes and did not fail. Unchanged and withheld notes are no failures; without any job that waits, either, it is 100 %.",
		upFrom(rateLow, rateGood), q("", orWhole("enhancement_success_rate:all", `queue_depth:all{state="waiting"}`))).
		linked(runbook("low-success-rate"), sibling("How much of the error budget is left", UIDSLO))
}

func firing(severity string) string {
	return `count(ALERTS{alertstate="firing", alertname!="Watchdog", severity="` + severity + `"}) or vector(0)`
}

func overviewCauses() row {
	return row{"If not: what is missing?", []panel{
		figure("Dependencies", "What the apps need to work, as each app's readiness check sees it; the worst of all replicas.",
			"short", q("{{job}}: {{dependency}}", "min by (job, dependency) (dependency_up)")).
			saying(upOrDown()).colored(step{color: red}, step{1, green}).wide(third).tall().
			linked(runbook("database-connections"), runbook("sidecar-down"), sibling("Dapr and infrastructure", UIDPlatform)),
		figure("Processes", "Apps, sidecars and Dapr's own services that Prometheus reaches, of those that it knows; the worst of all replicas.", "short",
			q("{{job}}", `min by (job) (up`+ours+`)`), q("{{app_id}}'s sidecar", `min by (app_id) (up{job="daprd"})`),
			q("{{service}}", `min by (service) (up{job="dapr-control-plane"})`)).
			saying(upOrDown()).colored(step{color: red}, step{1, green}).wide(third).tall().linked(runbook("sidecar-down"), runbook("monitoring")),
		figure("Paused", "Tenants whose intake or processing an operator has paused, or all tenants at once. Meant, or forgotten?",
			"short", q("intake", paused("intake")), q("processing", paused("processing"))).
			colored(never(yellow)...).tall().linked(sibling("Operations", UIDOperations)),
		figure("Servers down", "Servers of tenants that count as dead now. Jobs of those whose ServiceDesk Plus is down are held, and go on by themselves.",
			"short", q("{{dependency}}", orZero(jobEnhancer, "count by (dependency) (max by (tenant_id, dependency) (dependency_outage_seconds))"))).
			colored(never(yellow)...).tall().linked(runbook("api-timeouts")),
	}}
}

func paused(scope string) string {
	return orZero(jobEnhancer, `count(max by (tenant_id) (enhancement_paused{scope="`+scope+`"}) == 1)`)
}

func overviewCourse() row {
	return row{"How is it going?", []panel{
		graph("Queue depth", "Jobs that wait for their turn, and those that are held while their ServiceDesk Plus is down.", "short",
			q("{{state}}", orZero(jobEnhancer, "sum by (state) (queue_depth:all)"))).
			colored(step{color: green}, step{queueDeep, red}).linked(runbook("high-queue-depth")),
		graph("Time from webhook to note", "Points are single jobs, and lead to their traces. The objective is the line: 95 of 100 within 120 s.", "s",
			traced("p50", quantile("0.5", "enhancement_duration_seconds", "")),
			traced("p95", quantile("0.95", "enhancement_duration_seconds", "")),
			traced("p99", quantile("0.99", "enhancement_duration_seconds", ""))).
			colored(step{color: green}, step{secondsSlow, red}).linked(runbook("high-latency"), guide("From a point to its trace", "docs/tracing.md")),
		graph("Jobs that ended", "By how they ended. Withheld: the tenant's notes are not posted. Unchanged: an update that changed nothing.", "cpm",
			q("{{status}}", orZero(jobEnhancer, perMinute("enhancement_requests_total", "status")))).stack().linked(runbook("low-success-rate")),
		graph("Webhooks", "By what the sender was told: 202 taken, 401 not proven, 429 too many, 503 not taken and to be sent again.", "cpm",
			q("{{code}}", orZero(jobGateway, perMinute("webhook_requests_total", "code")))).stack().linked(runbook("missed-webhooks")),
		graph("Time of steps (p95)", "Which step takes the time. The three searches run side by side; synthesize waits for the language model.", "s",
			traced("{{operation_type}}", quantile("0.95", "enhancement_step_duration_seconds", "", "operation_type"))).linked(runbook("high-latency")),
		graph("Sources", "What the searches came back with, of all tenants. Degraded and failed ones leave a gap in the note, and do not stop it.", "cpm",
			q("{{operation_type}}: {{status}}", orZero(jobEnhancer, perMinute("source_requests_total", "operation_type", "status")))).linked(runbook("api-timeouts")),
	}}
}

func overviewTenants() row {
	return row{"Whom does it concern?", []panel{
		tableOf("Errors by tenant", "Jobs that ended in the time range, and how. A tenant's id leads to its dashboard.",
			[]column{
				{name: "tenant_id", title: "Tenant", link: toTenant},
				{name: "Value #A", title: "Jobs", unit: "short"},
				{name: "Value #B", title: "Failed", unit: "short", steps: never(red)},
				{name: "Value #C", title: "Error rate", unit: "percentunit", steps: []step{{color: green}, {1 - rateGood, yellow}, {1 - rateLow, red}}},
				{name: "Value #D", title: "p95", unit: "s", steps: from(secondsSlow/2, secondsSlow)},
			},
			q("", counted("enhancement_requests_total", "tenant_id")), q("", failures()),
			q("", failures()+" / ("+counted("enhancement_requests_total", "tenant_id")+" > 0)"),
			q("", "histogram_quantile(0.95, sum by (le, tenant_id) (increase(enhancement_duration_seconds_bucket[$__range])))")).
			linked(runbook("low-success-rate")),
		graph("Waiting jobs by tenant", "The ten tenants with the deepest queues of the time range. Tenants take turns: one deep queue does not delay the others.", "short",
			q("{{tenant_id}}", orZero(jobEnhancer, busiest(`queue_depth:max{state="waiting"}`)))).linked(runbook("high-queue-depth")),
		tableOf("Firing alerts", "Each alert that fires now. Its page says what to do.",
			[]column{
				{name: "severity", title: "Severity", words: map[string]word{"critical": {"critical", red}, "warning": {"warning", yellow}}},
				{name: "alertname", title: "Alert"},
				{name: "tenant_id", title: "Tenant", link: toTenant},
				{name: "Value", title: "Count", unit: "short"},
			},
			q("", `sort_desc(count by (alertname, severity, tenant_id) (ALERTS{alertstate="firing", alertname!="Watchdog"})) or on() vector(0)`)).
			wide(full).linked(guide("What each alert means", "docs/alerts.md")),
	}}
}

// failures of a tenant, and 0 of one that had none.
func failures() string {
	return "(" + counted(`enhancement_requests_total{status="failure"}`, "tenant_id") + " or 0 * " + counted("enhancement_requests_total", "tenant_id") + ")"
}
