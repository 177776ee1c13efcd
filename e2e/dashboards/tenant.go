package dashboards

// of selects the series of the tenant that is chosen.
const of = `{tenant_id="$tenant_id"}`

func tenantBoard() board {
	return board{
		file: "tenant", uid: UIDTenant, title: "AI Agents: tenant", byTenant: oneTenant,
		about: "Why does this client not get its notes? From its webhooks through its jobs to its ServiceDesk Plus, sources and budget.",
		rows:  []row{tenantNow(), tenantJobs(), tenantDesk(), tenantMoney()},
	}
}

func tenantNow() row {
	return row{"How does the tenant fare?", []panel{
		dial("Success rate", "Jobs of the tenant that ended within 10 minutes and did not fail; 100 % without any, if none waits.",
			upFrom(rateLow, rateGood), q("", orWhole("enhancement_success_rate"+of, `queue_depth:max{tenant_id="$tenant_id", state="waiting"}`))).
			linked(runbook("low-success-rate")),
		figure("Waiting jobs", "Jobs of the tenant that wait for their turn.", "short",
			q("", orZero(jobEnhancer, `sum(queue_depth:max{tenant_id="$tenant_id", state="waiting"})`))).
			colored(from(queueDeep/2, queueDeep)...).linked(runbook("high-queue-depth")),
		figure("Held jobs", "Jobs that wait until the tenant's ServiceDesk Plus answers again. They go on by themselves.", "short",
			q("", orZero(jobEnhancer, `sum(queue_depth:max{tenant_id="$tenant_id", state="held"})`))).
			colored(never(yellow)...).linked(runbook("api-timeouts")),
		figure("Oldest waiting job", "Since when the tenant's job that waits longest was received.", "s",
			q("", orZero(jobEnhancer, "max(enhancement_queue_oldest_seconds"+of+")"))).
			colored(from(secondsSlow, secondsStale)...).linked(runbook("high-queue-depth")),
		figure("Paused", "Whether an operator has paused the tenant, or all tenants: intake refuses webhooks, processing lets jobs wait.", "short",
			q("intake", tenantPaused("intake")), q("processing", tenantPaused("processing"))).
			saying(map[string]word{"0": {"running", green}, "1": {"paused", yellow}}).linked(sibling("Operations", UIDOperations)),
		figure("Budget", "What of its month's budget for language models the tenant has spent. Over the hard limit, notes are made without a model.", "short",
			q("", "max(llm_budget_state"+of+`) or on() (max(up{job="enhancer"} == 1) - 2)`)).saying(budgetStates()).
			linked(runbook("llm-outage-or-budget"), sibling("Language model", UIDLLM)),
	}}
}

func tenantPaused(scope string) string {
	return orZero(jobEnhancer, `max(enhancement_paused{tenant_id=~"|$tenant_id", scope="`+scope+`"})`)
}

// budgetStates are the values of llm_budget_state, and -1 for its absence: a tenant without a budget, or without a draft so far.
func budgetStates() map[string]word {
	return map[string]word{"-1": {"none", blue}, "0": {"within", green}, "1": {"over soft limit", yellow}, "2": {"over hard limit", red}}
}

func tenantJobs() row {
	return row{"Webhooks and jobs", []panel{
		graph("Webhooks", "Webhooks that were proven to be the tenant's, by what was answered. Those that were not proven belong to nobody: see the overview.",
			"cpm", q("{{code}}", orZero(jobGateway, perMinute("webhook_requests_total"+of, "code")))).stack().linked(runbook("missed-webhooks")),
		graph("Jobs that ended", "Jobs by their event, created or updated, and by how they ended.", "cpm",
			q("{{operation_type}}: {{status}}", orZero(jobEnhancer, perMinute("enhancement_requests_total"+of, "operation_type", "status")))).
			stack().linked(runbook("low-success-rate")),
		graph("Time from webhook to note", "Points are single jobs, and lead to their traces.", "s",
			traced("p50", quantile("0.5", "enhancement_duration_seconds", of)),
			traced("p95", quantile("0.95", "enhancement_duration_seconds", of))).
			colored(step{color: green}, step{secondsSlow, red}).linked(runbook("high-latency"), guide("From a point to its trace", "docs/tracing.md")),
		graph("Queue", "Jobs that wait for their turn, are held, or run.", "short",
			q("{{state}}", orZero(jobEnhancer, "sum by (state) (queue_depth:max"+of+")")),
			q("running", orZero(jobEnhancer, "max(enhancement_running_jobs"+of+")"))).linked(runbook("high-queue-depth")),
		figure("Missed webhooks", "Tickets in the time range that are enhanced because a poll found them: their webhooks did not arrive. Look at the sender.",
			"short", q("", orZero(jobEnhancer, counted("reconcile_missed_total"+of)))).colored(never(yellow)...).linked(runbook("missed-webhooks")),
		figure("Left out", "Requests that became too old before a poll could look at them, at most. They have no note.", "short",
			q("", orZero(jobEnhancer, counted("reconcile_left_out_total"+of)))).colored(never(red)...).linked(runbook("missed-webhooks")),
		figure("Last poll", "Seconds since a poll last followed the tenant's requests to their end. As long as it grows, missed webhooks are not noticed.", "s",
			q("", orZero(jobEnhancer, "max(reconcile_silence_seconds"+of+")"))).colored(from(secondsStale/2, secondsStale)...).linked(runbook("missed-webhooks")),
		figure("Former secret", "Webhooks in the time range that were proven with the secret before the last rotation. At 0, the rotation is complete.", "short",
			q("", orZero(jobGateway, counted("webhook_previous_secret_total"+of)))).colored(never(yellow)...).
			linked(guide("Changing the secret", "docs/webhooks.md#changing-the-secret")),
		figure("Technicians say", "Votes in the time range on the tenant's notes.", "short",
			q("{{vote}}", orZero(jobGateway, counted("feedback_votes_total"+of, "vote")))).wide(third).linked(guide("What votes are for", "docs/notes.md")),
	}}
}

func tenantDesk() row {
	return row{"ServiceDesk Plus and sources", []panel{
		graph("Calls to ServiceDesk Plus", "By what came of them. auth: the key is refused; throttled: we ask too much; timeout and unreachable: the server or the way to it.",
			"cpm", q("{{operation_type}}: {{status}}", orZero(jobEnhancer, perMinute("servicedesk_requests_total"+of, "operation_type", "status")))).
			linked(runbook("servicedesk-throttling"), runbook("api-timeouts")),
		graph("Time of calls to ServiceDesk Plus, all tenants (p95)", "Not by tenant, so that the number of series stays bounded. Compare with the traces of this tenant's jobs.", "s",
			q("{{operation_type}}", quantile("0.95", "servicedesk_request_duration_seconds", "", "operation_type"))).linked(runbook("api-timeouts")),
		graph("Outages", "For how long a server of the tenant's has counted as dead; 0 while none does.", "s",
			q("{{dependency}}", orZero(jobEnhancer, "max by (dependency) (dependency_outage_seconds"+of+")"))).linked(runbook("api-timeouts")),
		figure("Outages begun", "How often, in the time range, a server of the tenant's came to count as dead.", "short",
			q("{{dependency}}", orZero(jobEnhancer, counted("dependency_outages_total"+of, "dependency")))).colored(never(yellow)...).
			linked(runbook("api-timeouts")),
		figure("Jobs held", "How often, in the time range, a job was held because of that.", "short",
			q("", orZero(jobEnhancer, counted("enhancement_held_total"+of)))).colored(never(yellow)...).linked(runbook("api-timeouts")),
		figure("Knowledge base", "Whether a replica gives its knowledge base a rest after failures. Articles that are mirrored or cached are found all the same.", "short",
			q("", orZero(jobEnhancer, `max(circuit_breaker_open{tenant_id="$tenant_id", dependency="knowledge"})`))).
			saying(map[string]word{"0": {"asked", green}, "1": {"not asked", yellow}}).linked(runbook("api-timeouts")),
		graph("Sources, all tenants", "What the searches came back with. Not by tenant: the note of a job, and `agentctl job show`, say it of one.", "cpm",
			q("{{operation_type}}: {{status}}", orZero(jobEnhancer, perMinute("source_requests_total", "operation_type", "status")))),
	}}
}

func tenantMoney() row {
	return row{"What it costs", []panel{
		graph("Cost of language models", "By the price table, an hour.", "currencyUSD",
			q("cost", orZero(jobEnhancer, "3600 * "+perSecond("llm_cost_usd_total"+of)))).linked(sibling("Language model", UIDLLM)),
		graph("Calls to language models", "By what came of them.", "cpm",
			q("{{model}}: {{outcome}}", orZero(jobEnhancer, perMinute("llm_calls_total"+of, "model", "outcome")))).linked(runbook("llm-outage-or-budget")),
	}}
}
