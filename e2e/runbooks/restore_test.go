package runbooks_test

import (
	"context"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// tableRows is a line of the page's count of rows.
var tableRows = regexp.MustCompile(`(?m)^ (\w+) +\| +(\d+)$`)

// each is how many tickets come at each stage of the rehearsal.
const each = 5

// A backup is made while jobs wait. It is restored into a server of its own, and then in place of the database, with Redis empty:
// the jobs that waited go on without their workflows, and tickets are found again that came after the backup, were at work when the
// database was lost, or came while the apps were stopped. One note each.
func (d *drill) restore() {
	id := d.tenant()
	done := d.openEach(id)
	d.awaitAll(id, done)
	d.processing("pause")
	waited := d.openEach(id)
	d.set("BACKUP", d.t.TempDir())
	d.onlyASuperuserBacksUp()
	super := d.env["DATABASE_SUPER_URL"]
	d.set("RESTORED_URL", super)
	before := d.rows()
	d.run("--format=custom", "intact", "globals.sql")
	before = before.unmoved(d.rows())
	for _, table := range []string{"enhancement_history", "enhancement_steps", "goose_db_version", "tenant_configs", "ticket_notes"} {
		if before[table] == "" {
			d.t.Fatalf("%s has none, or was written to while the backup was made: %v", table, before)
		}
	}
	d.run("pg_restore --list", "ai_agents")

	d.processing("resume")
	d.awaitAll(id, waited)
	later := d.openEach(id)
	d.awaitAll(id, later)

	d.elsewhere(before)
	atWork := d.openEach(id)
	lostAt := time.Now()
	d.kill(d.t, "gateway", "enhancer", "enhancer-dapr", "console")
	unheard := d.openUnheard(id)
	d.inPlace(super, before)

	d.processing("resume") // the pause came back as well
	d.awaitAll(id, waited)
	restored := len(d.known(id, done)) + len(d.known(id, waited))
	gone := slices.Concat(later, atWork, unheard)
	if n := restored; n != 2*each {
		d.t.Errorf("%d of %d jobs came back with the backup", n, 2*each)
	}
	for _, o := range gone {
		d.foundAgain(id, o)
	}
	d.run("bin/agentctl queue list")
	took := time.Since(lostAt).Round(time.Second)
	lost, twice := d.without(id, slices.Concat(done, waited, gone))
	if lost+twice > 0 {
		d.t.Errorf("%d tickets have no note, and %d more than one", lost, twice)
	}
	d.t.Logf("acknowledged: %d tickets before the backup, %d after it (%d of them right before the loss); created while the apps were stopped, unheard: %d",
		len(done)+len(waited), len(later)+len(atWork), len(atWork), len(unheard))
	d.t.Logf("restored with the backup: %d jobs, %d of which waited and went on; found again by the poll: %d; without a note: %d; with more than one: %d",
		restored, len(waited), len(gone), lost, twice)
	d.t.Logf("from the loss to the last note: %s, without anybody's reading and thinking", took)
}

func (d *drill) openEach(id string) []platform.Opened {
	d.t.Helper()
	all := make([]platform.Opened, each)
	for i := range all {
		all[i] = d.open(d.t, id)
	}
	return all
}

// openUnheard opens tickets while nobody hears of them.
func (d *drill) openUnheard(id string) []platform.Opened {
	d.t.Helper()
	all := make([]platform.Opened, each)
	for i := range all {
		var err error
		if all[i], err = d.users.OpenTicket(d.t.Context(), id, newTicket(), simulator.EmitNone); err != nil {
			d.t.Fatal(err)
		}
	}
	return all
}

func (d *drill) awaitAll(id string, all []platform.Opened) {
	d.t.Helper()
	for _, o := range all {
		d.awaitNoted(d.t, id, o.Accepted.JobID)
	}
}

// known are those of which the ledger has the job.
func (d *drill) known(id string, all []platform.Opened) []platform.Opened {
	d.t.Helper()
	return slices.DeleteFunc(slices.Clone(all), func(o platform.Opened) bool {
		_, err := d.users.Job(d.t.Context(), id, o.Accepted.JobID)
		return err != nil
	})
}

// without counts the tickets that have no note, and those that have more than one.
func (d *drill) without(id string, all []platform.Opened) (lost, twice int) {
	d.t.Helper()
	for _, o := range all {
		ticket, err := d.users.Ticket(d.t.Context(), id, o.TicketID)
		switch {
		case err != nil:
			d.t.Fatal(err)
		case len(ticket.Notes) == 0:
			lost++
		case len(ticket.Notes) > 1:
			twice++
		}
	}
	return lost, twice
}

// rowsOf is how many rows each table has.
type rowsOf map[string]string

// rows counts them as the page does.
func (d *drill) rows() rowsOf {
	d.t.Helper()
	rows := rowsOf{}
	for _, line := range tableRows.FindAllStringSubmatch(d.run("query_to_xml"), -1) {
		rows[line[1]] = line[2]
	}
	return rows
}

// unmoved are the tables that had as many rows before: those with which a backup from in between can be compared. The apps still run
// and look after their own, and the backup's `audit verify` adds to the audit log.
func (r rowsOf) unmoved(later rowsOf) rowsOf {
	same := rowsOf{}
	for table, n := range r {
		if later[table] == n {
			same[table] = n
		}
	}
	return same
}

// onlyASuperuserBacksUp shows what the page says of others: the owner is refused, and an app's role would see nothing.
func (d *drill) onlyASuperuserBacksUp() {
	d.t.Helper()
	if r := bash(d.t, d.env, `pg_dump --format=custom --file=/dev/null "$DATABASE_ADMIN_URL"`); r.status == 0 || !strings.Contains(r.out, "row-level security") {
		d.t.Errorf("pg_dump as admin ends with status %d:\n%s", r.status, r.out)
	}
	r := bash(d.t, d.env, `pg_dump --enable-row-security --data-only --table=enhancement_history "$DATABASE_URL" | grep -c "$TENANT" || true`)
	if strings.TrimSpace(r.stdout) != "0" {
		d.t.Errorf("pg_dump as app_user finds rows: %s", r.out)
	}
}

// elsewhere restores into a new server, which has no roles yet.
func (d *drill) elsewhere(before rowsOf) {
	d.t.Helper()
	ctx := context.WithoutCancel(d.t.Context())
	server, err := postgrestest.StartCluster(ctx, postgrestest.ClusterOptions{Dir: filepath.Join(d.t.TempDir(), "postgres")})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = server.Stop(ctx) })
	d.set("SERVER_URL", server.SuperURL("postgres"))
	d.set("RESTORED_URL", server.SuperURL("ai_agents"))
	d.run("ON_ERROR_STOP", "app_user", "console_user")
	d.run("pg_restore --create", "restored")
	d.check(before)

	at, err := url.Parse(d.stack.DatabaseURL())
	if err != nil {
		d.t.Fatal(err)
	}
	there, err := url.Parse(server.SuperURL("ai_agents"))
	if err != nil {
		d.t.Fatal(err)
	}
	at.Host = there.Host
	db, err := postgres.Open(ctx, at.String(), postgres.Config{MaxConns: 1, ConnectTimeout: soon})
	if err != nil {
		d.t.Fatalf("an app cannot use what was restored: %v", err)
	}
	db.Close()
}

// inPlace restores beside the damaged database on its server, empties Redis, and starts the apps, which were stopped.
func (d *drill) inPlace(super string, before rowsOf) {
	d.t.Helper()
	d.set("SERVER_URL", strings.Replace(super, "/ai_agents", "/postgres", 1))
	d.set("RESTORED_URL", super)
	d.run("pg_terminate_backend", "ended")
	d.run("pg_restore --create", "restored")
	d.check(before)
	d.run("bin/migrate up", `"version"`)
	d.run("FLUSHALL", "OK")
	d.restart(d.t, "console", "enhancer", "enhancer-dapr", "gateway")
	d.run("bin/agentctl whoami", "token:", d.env["TENANT"], "intact")
}

// check compares what was restored with what there was, and whether tenants are walled in.
func (d *drill) check(before rowsOf) {
	d.t.Helper()
	after := d.rows()
	for table, n := range before {
		if after[table] != n {
			d.t.Errorf("%s had %s rows, and restored are %q", table, n, after[table])
		}
	}
	walls := strings.Fields(strings.Split(d.run("relforcerowsecurity", "console_user"), "\n")[2])
	if len(walls) != 3 || walls[0] == "0" || walls[2] != "0" {
		d.t.Errorf("of the tables with a tenant, %q are open", walls)
	}
}

// foundAgain has the poll look for the ticket of which the backup knows nothing.
func (d *drill) foundAgain(id string, later platform.Opened) {
	d.t.Helper()
	job := enhancement.NewRefetch(id, enhancement.EventCreated, later.TicketID, "").ID
	eventually(d.t, "the poll finds the ticket", func() bool {
		d.sql(d.t, "UPDATE reconcile_polls SET next_due = now() WHERE tenant_id = $1", id)
		_, err := d.users.Job(d.t.Context(), id, job)
		return err == nil
	})
	d.awaitNoted(d.t, id, job)
}
