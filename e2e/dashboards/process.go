package dashboards

// ours are our own apps.
const ours = `{job=~"gateway|enhancer|console"}`

func postgresPool() row {
	return row{"Postgres, as the apps see it", []panel{
		graph("Pool", "Connections by what they do, and how many there may be. Acquired ones at the limit: requests wait.", "short",
			q("{{job}} {{state}}", "sum by (job, state) (postgres_pool_connections)"), q("{{job}} limit", "sum by (job) (postgres_pool_max_connections)")).
			linked(runbook("database-connections")),
		graph("Pool in use", "The fullest replica of each app.", "percentunit",
			q("{{job}}", `max by (job) (postgres_pool_connections{state="acquired"} / on (job, instance) postgres_pool_max_connections)`)).
			ofOne().colored(step{color: green}, step{0.9, red}).linked(runbook("database-connections")),
		graph("Waiting for a connection", "Seconds that requests spent waiting, each second: 1 is one request that always waits.", "short",
			q("{{job}}", perSecond("postgres_pool_wait_seconds_total", "job"))).linked(runbook("database-connections")),
		graph("Waits and cancelled waits", "Requests that found no free connection, and those that gave up waiting for one.", "cpm",
			q("{{job}} waited", perMinute("postgres_pool_waits_total", "job")), q("{{job}} gave up", perMinute("postgres_pool_canceled_total", "job"))).
			linked(runbook("database-connections")),
	}}
}

func processes() row {
	return row{"Processes", []panel{
		graph("CPU", "Cores in use, of each process.", "short", q("{{job}} {{app_id}} {{instance}}", "rate(process_cpu_seconds_total[$__rate_interval])")),
		graph("Memory", "What each process has in memory.", "bytes", q("{{job}} {{app_id}} {{instance}}", "process_resident_memory_bytes")),
		graph("Goroutines of our apps", "A line that only climbs is a leak.", "short", q("{{job}} {{instance}}", "go_goroutines"+ours)),
		graph("Garbage collection of our apps", "The share of time in which collections stop a process.", "percentunit",
			q("{{job}} {{instance}}", "rate(go_gc_duration_seconds_sum"+ours+"[$__rate_interval])")),
		graph("Open files and sockets", "Of how many a process may have.", "percentunit",
			q("{{job}} {{app_id}} {{instance}}", "process_open_fds / process_max_fds")).ofOne().colored(step{color: green}, step{0.8, red}),
		figure("Restarts", "Processes that began anew in the time range, by job.", "short",
			q("{{job}}", "sum by (job) (changes(process_start_time_seconds[$__range]))")).wide(third).tall().colored(never(yellow)...).linked(runbook("worker-failures")),
		figure("Spans dropped", "Spans in the time range that could not be exported: traces have gaps.", "short",
			q("{{job}}", "sum by (job) (increase(trace_spans_dropped_total[$__range]))")).tall().colored(never(yellow)...).linked(guide("Tracing", "docs/tracing.md")),
		tableOf("Versions", "What runs. Two versions of an app are an upgrade under way, or one that stopped halfway.",
			[]column{{name: "job", title: "App"}, {name: "version", title: "Version"}, {name: "revision", title: "Revision"}, {name: "go_version", title: "Go"}, {name: "Value", title: "Replicas", unit: "short"}},
			q("", "count by (job, version, revision, go_version) (build_info)")).linked(runbook("upgrade")),
		tableOf("What expires next", "The soonest expiry that is still ahead, of each kind.",
			[]column{{name: "kind", title: "Kind"}, {name: "Value", title: "In", unit: "s", steps: []step{{color: red}, {7 * day, yellow}, {30 * day, green}}}},
			q("", "min by (kind) (credential_expiry_timestamp_seconds) - time()")).linked(runbook("expiring-credentials")),
	}}
}

const day = 24 * 60 * 60
