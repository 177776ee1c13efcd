package dashboards

func operations() board {
	return board{
		file: "operations", uid: UIDOperations, title: "AI Agents: operations",
		about: "What to do, and whether it is needed: each action with its command, beside the figures that call for it. Every action is in the audit log.",
		rows: []row{
			actionRow("Errors: look and try again", failedFigures(), failedActions()), actionRow("Queues: look and clear", queueFigures(), queueActions()),
			actionRow("Workers: restart and drain", workerFigures(), workerActions()), actionRow("Pauses", pauseFigures(), pauseActions()),
			actionRow("What is lost or left over", lostFigures(), lostActions()), everyRunbook(),
		},
	}
}

// actionRow has the figures that say whether an action is needed, and then how to do it.
func actionRow(title string, figures []panel, action panel) row {
	return row{title, append(figures, action)}
}

func shell(commands ...string) string { return "```bash\n" + lines(commands...) + "\n```" }

func failedFigures() []panel {
	return []panel{
		tableOf("Failed jobs by tenant", "Jobs that failed in the time range. Failed ones do not begin again by themselves.",
			[]column{{name: "tenant_id", title: "Tenant", link: toTenant}, {name: "Value", title: "Failed", unit: "short", steps: never(red)}},
			q("", orZero(jobEnhancer, counted(`enhancement_requests_total{status="failure"}`, "tenant_id")))).linked(runbook("low-success-rate")),
	}
}

func failedActions() panel {
	return note("Recent errors, and trying again", "How to see what failed and why, and how to have it begun anew.",
		"What failed of late; then one job with its steps; then again, once the cause is mended:",
		shell("agentctl errors --tenant TENANT --since 12h", "agentctl queue list --tenant TENANT --status failed --newer-than 1d", "agentctl job show --tenant TENANT JOB",
			"agentctl queue retry --tenant TENANT --status failed --all"),
		"Runbooks: "+runbook("low-success-rate").markdown()+", "+runbook("llm-outage-or-budget").markdown()+", "+runbook("api-timeouts").markdown())
}

func queueFigures() []panel {
	return []panel{
		tableOf("Queues", "Jobs of each tenant that wait, are held, or run, and how old the oldest that waits is. Sort by a column.",
			[]column{
				{name: "tenant_id", title: "Tenant", link: toTenant},
				{name: "Value #A", title: "Waiting", unit: "short", steps: from(queueDeep/2, queueDeep)},
				{name: "Value #B", title: "Held", unit: "short", steps: never(yellow)},
				{name: "Value #C", title: "Running", unit: "short"},
				{name: "Value #D", title: "Oldest waits", unit: "s", steps: from(secondsSlow, secondsStale)},
			},
			q("", orZero(jobEnhancer, `sum by (tenant_id) (queue_depth:max{state="waiting"})`)), q("", orZero(jobEnhancer, `sum by (tenant_id) (queue_depth:max{state="held"})`)),
			q("", orZero(jobEnhancer, "max by (tenant_id) (enhancement_running_jobs)")), q("", orZero(jobEnhancer, "max by (tenant_id) (enhancement_queue_oldest_seconds)"))).
			linked(runbook("high-queue-depth")),
	}
}

func queueActions() panel {
	return note("Look at a queue, clear it", "How to see what waits, and how to end what should not be done any more.",
		"First look, then clear: the jobs end as dropped, and their tickets have no note. It says how many first, and asks for the tenant's id.",
		shell("agentctl queue list", "agentctl queue list --tenant TENANT", "agentctl queue clear --tenant TENANT",
			"agentctl queue drop --tenant TENANT --older-than 3d --reason-note TEXT"),
		"Runbook: "+runbook("high-queue-depth").markdown())
}

func workerFigures() []panel {
	return []panel{
		figure("Workers", "Each enhancer's workflow worker: active, or drained or disconnected.", "short",
			q("{{instance}}", "min by (instance) (worker_active_count)")).
			saying(map[string]word{"1": {"active", green}, "0": {"not active", red}}).wide(quarter).tall().linked(runbook("worker-failures")),
		figure("Stuck jobs", "Jobs in the time range that the sweeper could not get on: it does not know, cannot reach the engine, or they hang.", "short",
			q("{{outcome}}", orZero(jobEnhancer, counted(`enhancement_swept_total{outcome=~"stuck|unclear|unreachable|failed"}`, "outcome")))).
			colored(never(red)...).wide(quarter).tall().linked(runbook("worker-failures")),
	}
}

func workerActions() panel {
	return note("Restart or drain workers", "How to take a worker out of work, and how to restart it.",
		"A drained worker ends what it has and begins nothing; the others go on. A restart needs no drain: what was under way goes on elsewhere.",
		shell("agentctl worker list", "agentctl worker drain REPLICA", "agentctl worker undrain REPLICA", "kubectl rollout restart deployment/enhancer"),
		"Runbooks: "+runbook("worker-failures").markdown()+", "+runbook("sidecar-down").markdown()+", "+runbook("upgrade").markdown())
}

func pauseFigures() []panel {
	return []panel{
		tableOf("Paused tenants", "What is paused now; a line without a tenant is all tenants, or, at 0, nothing at all.",
			[]column{{name: "tenant_id", title: "Tenant"}, {name: "scope", title: "Scope"}, {name: "Value", title: "Paused", unit: "short", steps: never(yellow)}},
			q("", orZero(jobEnhancer, "max by (tenant_id, scope) (enhancement_paused)"))),
	}
}

func pauseActions() panel {
	return note("Pause and resume", "How to stop a client, or all, for a while, and go on.",
		"Paused processing lets webhooks in and jobs wait. Paused intake answers webhooks 503, and senders that do not try again lose them until the next poll.",
		shell("agentctl pause processing --tenant TENANT --reason TEXT --for 2h", "agentctl pause intake --all --reason TEXT", "agentctl pauses", "agentctl resume processing --tenant TENANT"),
		"Runbook: "+runbook("high-queue-depth").markdown())
}

func lostFigures() []panel {
	return []panel{
		figure("Dead letters", "Messages in the time range that could not be delivered. Their jobs go on all the same: the ledger has them.", "short",
			q("{{reason}}", orZero(jobEnhancer, counted("enhancement_dead_letters_total", "reason")))).colored(never(yellow)...).wide(quarter).linked(runbook("dead-letters")),
		figure("Found by a poll", "Tickets in the time range whose webhook did not arrive.", "short",
			q("", orZero(jobEnhancer, counted("reconcile_missed_total")))).colored(never(yellow)...).wide(quarter).linked(runbook("missed-webhooks")),
		figure("Audit entries missing", "Entries in the time range that the database did not take; the app's log has them.", "short",
			q("", orZero(jobGateway, counted("audit_dropped_total")))).colored(never(red)...).wide(quarter).linked(runbook("database-connections")),
		figure("Changes not told", "Changes of tenants in the time range of which other apps were not told: they take effect a minute late.", "short",
			q("", orZero(jobConsole, counted("tenant_change_unpublished_total")))).colored(never(yellow)...).wide(quarter).linked(runbook("sidecar-down")),
	}
}

func lostActions() panel {
	return note("Look at what was lost", "How to see dead letters and who did what.", shell("agentctl queue dead", "agentctl audit list", "agentctl audit verify"),
		"Runbooks: "+runbook("dead-letters").markdown()+", "+runbook("missed-webhooks").markdown()).wide(full)
}

func everyRunbook() row {
	var list []string
	for _, name := range Runbooks() {
		list = append(list, "- "+runbook(name).markdown())
	}
	return row{"All runbooks", []panel{note("Runbooks", "What to do, by what is wrong.", list...).wide(full)}}
}

// Runbooks are the pages below docs/runbooks.
func Runbooks() []string {
	return []string{
		"high-queue-depth", "low-success-rate", "high-latency", "worker-failures", "database-connections", "api-timeouts", "tenant-onboarding",
		"dead-letters", "llm-outage-or-budget", "servicedesk-throttling", "missed-webhooks", "sidecar-down", "expiring-credentials", "monitoring",
		"key-rotation", "restore-from-backup", "upgrade",
	}
}
