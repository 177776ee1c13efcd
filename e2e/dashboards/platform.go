package dashboards

func infrastructure() board {
	return board{
		file: "dapr-and-infrastructure", uid: UIDPlatform, title: "AI Agents: Dapr and infrastructure",
		about: "What our code stands on: sidecars, messages, workflows, state, Dapr's own services, Postgres, and the processes themselves.",
		rows:  []row{daprNow(), daprMessages(), daprWorkflows(), daprControlPlane(), postgresPool(), processes()},
	}
}

func daprNow() row {
	return row{"Dapr: is it there?", []panel{
		figure("Sidecars", "daprd beside each app; the worst of all replicas.", "short", q("{{app_id}}", `min by (app_id) (up{job="daprd"})`)).
			saying(upOrDown()).colored(step{color: red}, step{1, green}).linked(runbook("sidecar-down")).wide(quarter),
		figure("Placement and scheduler", "Placement says where workflows live, the scheduler wakes them. Without them running workflows stop, and go on later.", "short",
			q("{{service}}", `min by (service) (up{job="dapr-control-plane"})`)).
			saying(upOrDown()).colored(step{color: red}, step{1, green}).linked(runbook("sidecar-down")).wide(quarter),
		figure("Components failed to load", "Components (pub/sub, state, secrets) that a sidecar could not begin with. Its log says why.", "short",
			q("{{app_id}} {{component}}", orZero("daprd", "sum by (app_id, component) (dapr_runtime_component_init_fail_total)"))).
			colored(never(red)...).linked(runbook("sidecar-down")).wide(quarter),
		figure("Sidecars that placement knows", "Those that host workflows, and the others. Fewer than sidecars run: some cannot reach it.", "short",
			q("sidecars", `sum(dapr_placement_runtimes_total)`), q("with workflows", "sum(dapr_placement_actor_runtimes_total)")).
			linked(runbook("sidecar-down")).wide(quarter),
	}}
}

func daprMessages() row {
	failing := func(counter, verdict string, by ...string) string {
		return orZero("daprd", perMinute(counter+verdict, by...))
	}
	return row{"Dapr: messages, state, calls", []panel{
		graph("Published", "Messages that apps gave their sidecar to send. success=false: Redis did not take them, and the webhook was answered 503.", "cpm",
			q("{{app_id}} {{topic}} success={{success}}", orZero("daprd", perMinute("dapr_component_pubsub_egress_count", "app_id", "topic", "success")))).linked(runbook("dead-letters")),
		graph("Delivered", "Messages that sidecars gave their app, by what the app said. retry comes again; drop goes to the dead letters.", "cpm",
			q("{{app_id}} {{topic}} {{process_status}}", orZero("daprd", perMinute("dapr_component_pubsub_ingress_count", "app_id", "topic", "process_status")))).linked(runbook("dead-letters")),
		graph("Time of messages (p95)", "How long Redis took to take a message, and the app to take its delivery.", "ms",
			q("publish {{topic}}", quantile("0.95", "dapr_component_pubsub_egress_latencies", "", "topic")),
			q("deliver {{topic}}", quantile("0.95", "dapr_component_pubsub_ingress_latencies", "", "topic"))),
		graph("Failed state operations", "A set that fails now and then is two processes that changed the same at once: the ETag decides, and one reads anew. Others are Redis.", "cpm",
			q("{{app_id}} {{component}} {{operation}}", failing("dapr_component_state_count", `{success="false"}`, "app_id", "component", "operation"))),
		graph("Time of state operations (p95)", "Redis, as sidecars see it.", "ms",
			q("{{operation}}", quantile("0.95", "dapr_component_state_latencies", "", "operation"))),
		graph("Resiliency", "Time-outs, retries and open circuit breakers that sidecars applied. A policy at work is not yet a failure.", "cpm",
			q("{{app_id}} {{policy}} {{flow_direction}} {{target}} {{status}}", orZero("daprd", perMinute("dapr_resiliency_count", "app_id", "policy", "flow_direction", "target", "status")))),
	}}
}

func daprWorkflows() row {
	return row{"Dapr: workflows", []panel{
		graph("Workflows that ended", "A failed workflow is a fault of ours: jobs that fail end their workflow in good order.", "cpm",
			q("{{workflow_name}}: {{status}}", orZero("daprd", perMinute("dapr_runtime_workflow_execution_count", "workflow_name", "status")))).linked(runbook("worker-failures")),
		graph("Activities that ended", "One line for each step. recoverable ones are tried again.", "cpm",
			q("{{activity_name}}: {{status}}", orZero("daprd", perMinute("dapr_runtime_workflow_activity_execution_count", "activity_name", "status")))).linked(runbook("worker-failures")),
		graph("Time of workflows (p95)", "From its start to its end, and until it was begun.", "ms",
			q("{{workflow_name}}", quantile("0.95", "dapr_runtime_workflow_execution_latency", "", "workflow_name")),
			q("{{workflow_name}}: begun after", quantile("0.95", "dapr_runtime_workflow_scheduling_latency", "", "workflow_name"))).linked(runbook("high-latency")),
		graph("Time of activities (p95)", "With what the engine adds to our code; the overview has our own.", "ms",
			q("{{activity_name}}", quantile("0.95", "dapr_runtime_workflow_activity_execution_latency", "", "activity_name"))).linked(runbook("high-latency")),
	}}
}

func daprControlPlane() row {
	return row{"Dapr: placement and scheduler", []panel{
		graph("Jobs of the scheduler", "What wakes workflows: created and triggered lines that part are wake-ups that do not come.", "cpm",
			q("created", orZero("dapr-control-plane", perMinute("dapr_scheduler_jobs_created_total"))),
			q("triggered", orZero("dapr-control-plane", perMinute("dapr_scheduler_jobs_triggered_total")))).linked(runbook("worker-failures")),
		graph("Time of wake-ups (p95)", "From when a job of the scheduler was due until it was delivered.", "ms",
			q("p95", quantile("0.95", "dapr_scheduler_trigger_latency", ""))).linked(runbook("high-latency")),
		graph("Limited activities", "Activities that run, and that wait for their turn, under Dapr's limits on how many run at once.", "short",
			q("running: {{concurrency_key}}", orZero("dapr-control-plane", "sum by (concurrency_key) (dapr_scheduler_concurrency_inflight)")),
			q("waiting: {{concurrency_key}}", orZero("dapr-control-plane", "sum by (concurrency_key) (dapr_scheduler_concurrency_pending)"))).linked(runbook("high-latency")),
		graph("Leader of placement", "One of the replicas leads. Without one, sidecars that come or go are not told of.", "short",
			q("leaders", "sum(dapr_placement_leader_status)"), q("sidecars connected to the scheduler", "sum(dapr_scheduler_sidecars_connected)")).linked(runbook("sidecar-down")),
	}}
}
