package runbooks_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

const redisCLI = `redis-cli -h "${REDIS_HOST%:*}" -p "${REDIS_HOST#*:}" --no-auth-warning `

// Somebody writes into the queue what nobody can read.
func (d *drill) deadLetters() {
	d.tenant()
	d.shell(redisCLI + "XADD " + event.TopicEnhancement + " '*' data 'no JSON of a drill'")
	d.shown("enhancement_dead_letters_total", `reason="unreadable"`)
	d.shown("bin/agentctl queue dead", "no JSON of a drill")
	d.run("trouble_at", "job_id")
	d.run("CLIENT LIST", "127.0.0.1 default")
}

// A new client, from nothing to its first notes.
func (d *drill) onboarding() {
	id := d.env["TENANT"]
	d.shell(`curl -s -X PUT "$SIMULATOR_URL/api/tenants/$TENANT" -H 'Content-Type: application/json' -d '{"profile":"onprem"}'`)
	at, keys := simulator.NewEndpoints(d.stack.SimulatorURL(), id, servicedesk.ProfileOnPrem), d.users.Keys()
	file, err := json.Marshal(map[string]string{
		"tenant_id": id, "name": "Example", "servicedesk_url": at.ServiceDeskURL, "servicedesk_profile": "onprem", "technician_id": at.TechnicianID,
		"kb_url": at.KnowledgeURL, "api_key": keys.APIKey(id), "signing_secret": keys.SigningSecret(id), "kb_api_key": keys.KnowledgeAPIKey(id),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.set("TENANT_FILE", d.file("tenant.json", string(file)))
	d.run("tenant apply", id)
	d.run("mode=shadow", "shadow")
	d.run(`bin/agentctl tenant test "$TENANT"`, "ServiceDesk Plus  ok", "knowledge base    ok", "language model    ok")
	d.run("tenant show", `"shadow"`, "ServiceDesk Plus  ok")
	d.run("import tickets")
	o, err := d.users.OpenTicket(d.t.Context(), id, newTicket(), simulator.EmitNone)
	if err != nil {
		d.t.Fatal(err)
	}
	d.set("TICKET", o.TicketID)
	d.run("agentctl smoke", "completed")
	d.run("--withheld shadow", o.TicketID, "shadow")
	d.run("mode=live", "live")
	d.awaitNoted(d.t, id, d.open(d.t, id).Accepted.JobID)
}

// A token is replaced; a certificate is looked at.
func (d *drill) credentials() {
	d.run("bin/agentctl token list", "good until")
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	d.set("ADDRESS", server.Listener.Addr().String())
	d.run("openssl s_client", "notAfter=")
	d.set("NEW_TOKEN_FILE", filepath.Join(d.t.TempDir(), "token"))
	d.run("token create", "example-reports", "jobs:read")
	if got := d.shell(`AGENTCTL_TOKEN_FILE= AGENTCTL_TOKEN=$(tail -n 1 "$NEW_TOKEN_FILE") bin/agentctl whoami`); !strings.Contains(got, "jobs:read") {
		d.t.Errorf("the new token is not good for what it was made for:\n%s", got)
	}
}

// A release that has nothing new: what is done before and after it works.
func (d *drill) upgrade() {
	id := d.tenant()
	d.run("bin/migrate version", `"version"`, `"workflows":"ok"`)
	d.run("bin/migrate up", `"version"`)
	o := d.open(d.t, id)
	d.awaitNoted(d.t, id, o.Accepted.JobID)
	d.set("TICKET", o.TicketID)
	d.run("agentctl smoke", "completed")
}

// outsider is what somebody else's program is called.
const outsider = "drill-outsider"

// An outsider first holds a lock, then takes all connections.
func (d *drill) connections() {
	d.tenant()
	d.blocked()
	ctx, leave := context.WithCancel(context.WithoutCancel(d.t.Context()))
	defer leave()
	d.takeAll(ctx)
	d.shown(`for app in`, `"postgres":"unavailable"`)
	d.run("superuser_reserved_connections", "300")
	d.run("client_addr, state, count(*)", outsider)
	d.set("OUTSIDER", outsider)
	d.run(`name="$OUTSIDER"`, "ended")
	eventually(d.t, "the apps are ready again", func() bool {
		return !strings.Contains(bash(d.t, d.env, d.block("for app in").code).out, "unavailable")
	})
	d.awaitNoted(d.t, d.env["TENANT"], d.open(d.t, d.env["TENANT"]).Accepted.JobID)
}

// blocked has one session wait for another that hangs, and the page's commands find and end the one that hangs.
func (d *drill) blocked() {
	ctx := d.t.Context()
	hangs, waits := d.connect(ctx, "DATABASE_ADMIN_URL"), d.connect(ctx, "DATABASE_ADMIN_URL")
	const lock = "SELECT 1 FROM tenant_configs WHERE tenant_id = $1 FOR UPDATE"
	if _, err := hangs.Exec(ctx, "BEGIN"); err != nil {
		d.t.Fatal(err)
	}
	if _, err := hangs.Exec(ctx, lock, d.env["TENANT"]); err != nil {
		d.t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := waits.Exec(ctx, lock, d.env["TENANT"])
		got <- err
	}()
	d.shown("pg_blocking_pids", "idle in transaction", "(1 row)")
	ending := d.block("idle in transaction' AND")
	succeeds(d.t, d.env, ending)
	ending.code = strings.ReplaceAll(ending.code, "5 minutes", "0 minutes") // nobody waits that long here
	says(d.t, succeeds(d.t, d.env, ending), "admin", "(1 row)")
	if err := <-got; err != nil {
		d.t.Errorf("who waited did not get the lock: %v", err)
	}
}

// connect opens a connection that is closed in the end, whatever became of it.
func (d *drill) connect(ctx context.Context, variable string) *pgx.Conn {
	d.t.Helper()
	conn, err := pgx.Connect(ctx, d.env[variable])
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// takeAll takes all connections, those that the apps had included.
func (d *drill) takeAll(ctx context.Context) {
	d.t.Helper()
	config, err := pgx.ParseConfig(d.stack.DatabaseURL())
	if err != nil {
		d.t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = outsider
	const turns, most = 3, 1000
	// The apps try to come back at the same time, so it takes a few turns.
	for range turns {
		for range most {
			conn, err := pgx.ConnectConfig(ctx, config)
			if err != nil {
				break // there are no more
			}
			d.t.Cleanup(func() { _ = conn.Close(context.Background()) })
		}
		d.sql(d.t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> 'postgres' AND application_name <> $1", outsider)
	}
}

// The gateway's sidecar is gone; then Redis stands still.
func (d *drill) sidecar() {
	d.kill(d.t, "gateway-dapr")
	d.shown(`for app in`, `"sidecar":"unavailable"`)
	d.run("gateway-dapr.log")
	d.restart(d.t, "gateway-dapr")
	d.shown("for app in", `{"postgres":"ok","redis":"ok","sidecar":"ok","status":"ok"}`)

	if err := d.stack.Process("redis").Pause(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = d.stack.Process("redis").Resume() })
	d.shown(`for app in`, `"redis":"unavailable"`)
	if err := d.stack.Process("redis").Resume(); err != nil {
		d.t.Fatal(err)
	}
	d.run("PING", "PONG", "maxmemory_policy:noeviction")
	eventually(d.t, "the apps are ready again", func() bool {
		return !strings.Contains(bash(d.t, d.env, d.block("for app in").code).out, "unavailable")
	})
}

// The enhancer is gone with its sidecar; what comes meanwhile is done when they are back. A damaged workflow is removed.
func (d *drill) worker() {
	id := d.tenant()
	d.kill(d.t, "enhancer", "enhancer-dapr")
	d.fails("$ENHANCER_INTERNAL_URL/readyz")
	waiting := d.open(d.t, id).Accepted.JobID
	d.restart(d.t, "enhancer", "enhancer-dapr")
	d.shown("$ENHANCER_INTERNAL_URL/readyz", `"workflows":"ok"`)
	d.awaitNoted(d.t, id, waiting)

	d.drained()

	d.set("WORKFLOW", "drill-workflow")
	for _, key := range []string{"metadata", "history-000000"} {
		d.shell(redisCLI + "SET 'enhancer||dapr.internal.default.enhancer.workflow||drill-workflow||" + key + "' x")
	}
	d.run("$WORKFLOW", "2")
	if left := d.shell(redisCLI + "--scan --pattern '*drill-workflow*'"); left != "" {
		d.t.Errorf("these are left: %s", left)
	}
}

// The only worker is drained by whoever insists, and taken back. Its job waits meanwhile.
func (d *drill) drained() {
	var replica string
	eventually(d.t, "the new worker is at work", func() bool {
		workers, err := d.users.Admin().Workers(d.t.Context())
		if err != nil || len(workers) == 0 {
			return false
		}
		newest := workers[len(workers)-1] // the one that was killed may still count as working
		replica = newest.Replica
		return newest.State == adminapi.WorkerWorking
	})
	d.set("REPLICA", replica)
	d.run("worker drain", replica+" is drained")
	if list := d.shell("bin/agentctl worker list"); !strings.Contains(list, replica) || !strings.Contains(list, "drained") {
		d.t.Errorf("the list says:\n%s", list)
	}
	waiting := d.open(d.t, d.env["TENANT"]).Accepted.JobID
	d.run("worker undrain", "takes work again")
	d.awaitNoted(d.t, d.env["TENANT"], waiting)
}
