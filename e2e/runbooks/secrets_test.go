package runbooks_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// key finds the numbers of keys in what `keyset status` prints, with how much each has sealed.
var key = regexp.MustCompile(`(?m)^(\d+)\s+(\d+)`)

// Every key of the platform is replaced while it works.
func (d *drill) keys() {
	id := d.tenant()
	d.set("KEYSET_DIR", d.t.TempDir())
	d.run("audit list", "tenant.create", "intact")
	d.signingSecret(id)
	d.keyset(id)
	d.redisPassword()
	d.databasePassword()
}

func (d *drill) signingSecret(id string) {
	d.t.Helper()
	d.set("NEW_SECRET_FILE", filepath.Join(d.env["KEYSET_DIR"], "secret"))
	d.run("rotate-secret")
	// The sender has the old one still.
	d.awaitNoted(d.t, id, d.open(d.t, id).Accepted.JobID)
}

func (d *drill) keyset(id string) {
	d.t.Helper()
	before := d.sealing()
	if len(before) != 1 {
		d.t.Fatalf("the keyset has %d keys in the beginning", len(before))
	}
	old := before[0]
	d.run(`jq -r '."tenant-keyset"'`)
	d.run("keyset add")
	d.store("1")
	keys := d.sealing()
	at := slices.IndexFunc(keys, func(k string) bool { return k != old })
	if len(keys) != 2 || at < 0 {
		d.t.Fatalf("after `add` the keys are %q", keys)
	}
	d.set("NEW_KEY", keys[at])
	d.set("OLD_KEY", old)
	d.run("keyset promote")
	d.store("2")
	eventually(d.t, "nothing is sealed with the old key", func() bool {
		return regexp.MustCompile(`(?m)^` + old + `\s+0\b`).MatchString(d.shell("bin/agentctl keyset status"))
	})
	d.run("keyset retire")
	d.store("3")
	if left := d.sealing(); !slices.Equal(left, []string{d.env["NEW_KEY"]}) {
		d.t.Errorf("after `retire` the keys are %q", left)
	}
	// Secrets can be opened, by all three.
	d.awaitNoted(d.t, id, d.open(d.t, id).Accepted.JobID)
	says(d.t, d.shell(`bin/agentctl tenant test "$TENANT"`), "ServiceDesk Plus  ok")
}

// sealing are the keys that the console knows.
func (d *drill) sealing() []string {
	d.t.Helper()
	var keys []string
	for _, match := range key.FindAllStringSubmatch(succeeds(d.t, d.env, d.block("bin/agentctl keyset status")), -1) {
		keys = append(keys, match[1])
	}
	return keys
}

// store puts the keyset of a step into the secret store, and restarts all three apps.
func (d *drill) store(step string) {
	d.t.Helper()
	d.set("N", step)
	d.run("jq --rawfile keyset")
	d.restart(d.t, "gateway", "gateway-dapr", "enhancer", "enhancer-dapr", "console", "console-dapr")
}

// Both passwords are good for a while; then only the new one; and back.
func (d *drill) redisPassword() {
	d.t.Helper()
	old := d.env["REDISCLI_AUTH"]
	d.set("NEW_PASSWORD_FILE", d.file("redis", "0123456789abcdef0123456789abcdef"))
	d.run("SETUSER default >", "OK")
	for _, password := range []string{old, "0123456789abcdef0123456789abcdef"} {
		says(d.t, d.shell("REDISCLI_AUTH="+password+" "+redisCLI+"PING"), "PONG")
	}
	d.run("SETUSER default <", "OK")
	if out := d.shell("REDISCLI_AUTH=" + old + " " + redisCLI + "PING 2>&1 || true"); strings.Contains(out, "PONG") {
		d.t.Errorf("the old password is good for something still: %s", out)
	}
	d.shell("printf 'ACL SETUSER default >%s\\n' " + old + ` | REDISCLI_AUTH=$(cat "$NEW_PASSWORD_FILE") ` + redisCLI)
}

// The role has the new password, and then the old one again, which the apps use.
func (d *drill) databasePassword() {
	d.t.Helper()
	old := d.shell(`jq -r '."database-url"' "$SECRETS_FILE" | sed -E 's|.*//app_user:([^@]*)@.*|\1|'`)
	for _, password := range []string{"0123456789abcdef", old} {
		d.set("NEW_PASSWORD_FILE", d.file("postgres", password))
		d.run("APP_USER_PASSWORD", `"version"`)
		d.shell(`psql "$(sed -E "s|//app_user:[^@]*@|//app_user:` + password + `@|" <<<"$DATABASE_URL")" -c 'SELECT 1'`)
	}
}
