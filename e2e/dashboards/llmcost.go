package dashboards

// chosen selects the series of the tenants that are chosen.
const chosen = `{tenant_id=~"$tenant_id"}`

func llmCost() board {
	return board{
		file: "llm-cost", uid: UIDLLM, title: "AI Agents: language model", byTenant: someTenants,
		about: "What do language models cost, for whom, and do they answer? What has no label for the tenant is of all tenants, and says so.",
		rows:  []row{llmNow(), llmSpent(), llmCalls(), llmAnswers()},
	}
}

func llmNow() row {
	return row{"What did it cost?", []panel{
		figure("Cost", "What calls in the time range cost, by the price table.", "currencyUSD", q("", orZero(jobEnhancer, "sum(increase(llm_cost_usd_total"+chosen+"[$__range]))"))).
			linked(guide("Prices", "docs/operations.md#what-the-language-model-costs")),
		figure("Cost of 1,000 notes", "Cost of the time range for each job that did not fail.", "currencyUSD",
			q("", orZero(jobEnhancer, "1000 * sum(increase(llm_cost_usd_total"+chosen+"[$__range])) / (sum(increase(enhancement_requests_total"+
				`{tenant_id=~"$tenant_id", status!="failure"}`+"[$__range])) > 0)"))),
		figure("Unpriced calls, all tenants", "Calls in the time range to models that the price table lacks: their cost is missing everywhere.", "short",
			q("", orZero(jobEnhancer, counted("llm_unpriced_calls_total")))).colored(never(red)...).
			linked(guide("Prices", "docs/operations.md#what-the-language-model-costs")),
		figure("Failed calls", "The share of calls in the time range without an answer. Notes are made without a model then, and say so.", "percentunit",
			q("", orZero(jobEnhancer, "sum(increase(llm_calls_total"+`{tenant_id=~"$tenant_id", outcome="failed"}`+"[$__range])) / (sum(increase(llm_calls_total"+chosen+"[$__range])) > 0)"))).
			colored(step{color: green}, step{1 - rateGood, yellow}, step{1 - rateLow, red}).linked(runbook("llm-outage-or-budget")),
		figure("Answers from the cache, all tenants", "The share of questions in the time range that had been answered before, and cost nothing.", "percentunit",
			q("", orZero(jobEnhancer, `sum(increase(cache_requests_total{cache="answer", result="hit"}[$__range])) / (sum(increase(cache_requests_total{cache="answer"}[$__range])) > 0)`))),
		figure("Over budget", "Tenants over a limit of their month's budget. Over the hard one, notes are made without a model.", "short",
			q("soft", overBudget("== 1")), q("hard", overBudget("== 2"))).colored(never(yellow)...).linked(runbook("llm-outage-or-budget")),
	}}
}

func overBudget(state string) string {
	return orZero(jobEnhancer, "count(max by (tenant_id) (llm_budget_state"+chosen+") "+state+")")
}

func llmSpent() row {
	return row{"For whom?", []panel{
		graph("Cost by tenant", "The ten tenants that cost most in the time range, an hour.", "currencyUSD",
			q("{{tenant_id}}", orZero(jobEnhancer, busiest("3600 * sum by (tenant_id) (rate(llm_cost_usd_total"+chosen+"[5m]))")))).stack(),
		graph("Tokens", "By kind. Cached prompts were read by the provider before, and cost less. A prompt that grows costs for each ticket.", "cpm",
			q("{{model}}: {{kind}}", orZero(jobEnhancer, perMinute("llm_tokens_total"+chosen, "model", "kind")))).stack(),
		tableOf("Tenants", "What the time range cost, and how each stands to its month's budget (blank: it has none, or had no draft so far).",
			[]column{
				{name: "tenant_id", title: "Tenant", link: toTenant},
				{name: "Value #A", title: "Cost", unit: "currencyUSD"},
				{name: "Value #B", title: "Calls", unit: "short"},
				{name: "Value #C", title: "Budget", words: budgetStates()},
			},
			q("", "sum by (tenant_id) (increase(llm_cost_usd_total"+chosen+"[$__range]))"), q("", counted("llm_calls_total"+chosen, "tenant_id")),
			q("", orZero(jobEnhancer, "max by (tenant_id) (llm_budget_state"+chosen+")"))).wide(16).
			linked(guide("Budgets", "docs/operations.md#budgets")),
		figure("Limits reached", "Limits of budgets that were reached in the time range.", "short",
			q("{{level}}", orZero(jobEnhancer, counted("llm_budget_alerts_total"+chosen, "level")))).tall().wide(third).
			colored(never(yellow)...).linked(runbook("llm-outage-or-budget")),
	}}
}

func llmCalls() row {
	return row{"Do they answer?", []panel{
		graph("Calls", "By model and what came of them.", "cpm",
			q("{{model}}: {{outcome}}", orZero(jobEnhancer, perMinute("llm_calls_total"+chosen, "model", "outcome")))).stack().linked(runbook("llm-outage-or-budget")),
		graph("Errors, all tenants", "Why calls failed, retries among them.", "cpm",
			q("{{model}}: {{reason}}", orZero(jobEnhancer, perMinute("llm_errors_total", "model", "reason")))).linked(runbook("llm-outage-or-budget")),
		graph("Time of calls, all tenants (p95)", "By model and what came of them. Points lead to traces.", "s",
			traced("{{model}}: {{outcome}}", quantile("0.95", "llm_call_duration_seconds", "", "model", "outcome"))).linked(runbook("llm-outage-or-budget"), runbook("high-latency")),
		graph("Given a rest, all tenants", "Replicas that do not ask a model for a while after failures; the fallback is asked instead, if there is one.", "short",
			q("{{dependency}}", orZero(jobEnhancer, `sum by (dependency) (circuit_breaker_open{dependency=~"llm|llm_fallback"})`))).linked(runbook("llm-outage-or-budget")),
	}}
}

func llmAnswers() row {
	return row{"What becomes of the answers? (all tenants)", []panel{
		graph("Dropped from answers", "What of the answers is not in the notes, by the check that found it. More of it is a model that got worse, or an attack.", "cpm",
			q("{{reason}}", orZero(jobEnhancer, perMinute("enhancement_answer_dropped_total", "reason")))).linked(guide("What is checked", "docs/notes.md#what-is-checked")),
		graph("Masked", "Values that were hidden from models.", "cpm",
			q("{{kind}}", orZero(jobEnhancer, perMinute("enhancement_masked_total", "kind")))).linked(guide("What a model sees", "docs/security.md#what-a-language-model-sees")),
		graph("Cache of answers", "Questions by what the cache gave.", "cpm",
			q("{{result}}", orZero(jobEnhancer, `60 * sum by (result) (rate(cache_requests_total{cache="answer"}[$__rate_interval]))`))),
		graph("Previews", "Drafts that were made for people who asked what a note would say; they cost, too.", "cpm",
			q("{{status}}", orZero(jobEnhancer, perMinute("previews_total", "status")))).linked(guide("Previews", "docs/previews.md")),
	}}
}
