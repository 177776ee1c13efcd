package e2e_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// places are where a secret could have been left, by name, with what is there.
type places map[string]string

// findIn names the places in which text stands, as it is or in an encoding that is easily undone.
func (p places) findIn(text string) []string {
	escaped, _ := json.Marshal(text) // a string can always be encoded
	forms := []string{
		text, hex.EncodeToString([]byte(text)), base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
		url.QueryEscape(text), strings.Trim(string(escaped), `"`),
	}
	var found []string
	for name, content := range p {
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(content, form) }) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

func TestASecretIsFoundInAnyForm(t *testing.T) {
	t.Parallel()
	const secret = "canary&\"93175"
	for form, content := range map[string]string{
		"as it is": "x" + secret + "y", "hexadecimal": `\x` + hex.EncodeToString([]byte(secret)), "base64": base64.StdEncoding.EncodeToString([]byte(secret)),
		"in a URL": "?key=" + url.QueryEscape(secret), "in JSON": `{"key":"canary\u0026\"93175"}`,
	} {
		if found := (places{"here": content, "there": "nothing"}).findIn(secret); len(found) != 1 {
			t.Errorf("%s it is found in %q", form, found)
		}
	}
}

func (p places) named(prefix string) places {
	found := places{}
	for name, content := range p {
		if strings.HasPrefix(name, prefix) {
			found[name] = content
		}
	}
	return found
}

// TestSecretsStayWhereTheyBelong sends tickets through success and failure, changes secrets, and then looks everywhere for
// all secrets of the platform and of two tenants.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	const onprem, cloud = "e2e-secrets-onprem", "e2e-secrets-cloud"
	said := places{}
	secrets := plant(t, onprem, cloud, said)

	everywhere := said
	redisContents(t, everywhere)
	files(t, everywhere, "redis file ", filepath.Join(running.Dir(), "redis"))
	files(t, everywhere, "log ", filepath.Join(running.Dir(), "logs"))
	tables(t, everywhere)
	processes(t, everywhere)
	metrics(t, everywhere)
	traces(t, everywhere, onprem)

	// The controls: in each kind of place something is found that has to be there.
	for prefix, known := range map[string]string{
		"redis key ": "enhancement:queue", "redis file ": "enhancement:queue", "log ": onprem, "table ": onprem, "cmdline ": "--app-id", "environ ": "APP_ID=gateway",
		"metrics ": "webhook_requests_total", "traces gateway": tracing.SpanWebhook, "traces enhancer": tracing.SpanUpdate, "answer ": "signature",
	} {
		if found := everywhere.named(prefix).findIn(known); len(found) == 0 {
			t.Errorf("%q is not found in any %q: this test proves nothing", known, prefix)
		}
	}
	for name, secret := range secrets {
		if len(secret) < 8 {
			t.Fatalf("%s is too short to be looked for: %q", name, secret)
		}
		if found := everywhere.findIn(secret); len(found) != 0 {
			t.Errorf("%s is found in %q", name, found)
		}
	}
	// A ticket's text is no secret, but has no business in the workflow's history, which is kept in Redis beside the queue.
	stream := everywhere.named("redis key ").findIn(exampleText)
	if slices.ContainsFunc(stream, func(name string) bool { return name != "redis key enhancement:queue" }) {
		t.Errorf("the text of a ticket is found in %q", stream)
	}
	if found := everywhere.named("traces ").findIn(exampleText); len(found) != 0 {
		t.Errorf("the text of a ticket is found in %q", found)
	}
}

// plant lets secrets of every kind be used, well and badly, and lists them. What was answered goes into said.
func plant(t *testing.T, onprem, cloud string, said places) map[string]string {
	t.Helper()
	secrets := platformSecrets(t)
	keys := simulator.NewKeys(secrets["servicedesk-simulator-key"])
	onboard(t, onprem, servicedesk.ProfileOnPrem)
	onboard(t, cloud, servicedesk.ProfileCloud)
	for _, id := range []string{onprem, cloud} {
		secrets[id+": signing secret"], secrets[id+": knowledge key"] = keys.SigningSecret(id), keys.KnowledgeAPIKey(id)
	}
	grant := keys.OAuth(cloud, running.SimulatorURL())
	secrets["API key"], secrets["OAuth client secret"], secrets["OAuth refresh token"] = keys.APIKey(onprem), grant.ClientSecret, grant.RefreshToken

	for _, id := range []string{onprem, cloud} {
		job, ticket := await(t, id, open(t, id).Accepted.JobID)
		noted(t, job, ticket)
		setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultAlways500}}})
		failing := open(t, id)
		awaitHeld(t, id, failing.Accepted.JobID)
		setFaults(t, id, "servicedesk", servicedesktest.Faults{})
		job, ticket = await(t, id, failing.Accepted.JobID)
		noted(t, job, ticket)
	}
	badly(t, onprem, secrets, said)
	return secrets
}

// badly uses keys that are wrong, changes secrets, and provokes answers that could repeat one.
func badly(t *testing.T, id string, secrets map[string]string, said places) {
	t.Helper()
	const wrongKey, wrongKnowledge, rotated = "canary-wrong-api-key-93175", "canary-wrong-kb-key-93175", "canary-rotated-signing-secret-93175"
	secrets["wrong API key"], secrets["wrong knowledge key"], secrets["rotated signing secret"] = wrongKey, wrongKnowledge, rotated
	admin := users.Admin()
	there, err := admin.ReplaceAPIKey(t.Context(), id, "", adminapi.ReplaceSecret{Secret: wrongKey})
	if err != nil {
		t.Fatal(err)
	}
	if there, err = admin.ReplaceKnowledgeKey(t.Context(), id, there.ETag(), adminapi.ReplaceSecret{Secret: wrongKnowledge}); err != nil {
		t.Fatal(err)
	}
	await(t, id, open(t, id).Accepted.JobID)
	if there, err = admin.RotateSigningSecret(t.Context(), id, there.ETag(), adminapi.RotateSigningSecret{Secret: rotated, OverlapSeconds: 60}); err != nil {
		t.Fatal(err)
	}
	said["answer of the console"] = fmt.Sprintf("%+v", there)
	if _, err := admin.RotateSigningSecret(t.Context(), id, "", adminapi.RotateSigningSecret{Secret: "short"}); err == nil {
		t.Error("a signing secret of five characters is taken")
	} else {
		said["answer to a secret that is too short"] = err.Error()
	}
	if test, err := admin.TestConnections(t.Context(), id); err != nil {
		said["answer to a test of connections"] = err.Error()
	} else {
		said["answer to a test of connections"] = fmt.Sprintf("%+v", test)
	}
	issued, err := admin.CreateToken(t.Context(), adminapi.CreateToken{Name: "e2e", Permissions: []string{"jobs:read"}, ValidSeconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	secrets["API token"] = issued.Secret
	_, body, err := users.SendWebhook(t.Context(), "nobody", map[string]any{"tenant_id": id, "ticket_id": "1", "description": "x"})
	if err != nil {
		t.Fatal(err)
	}
	said["answer of the gateway"] = string(body)
}

// platformSecrets are those that the apps read from the secret store, and the operator's token.
func platformSecrets(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(running.SecretsFile())
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{}
	if err := json.Unmarshal(data, &secrets); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"database-url", "console-database-url"} {
		address, err := url.Parse(secrets[name])
		if err != nil {
			t.Fatal(err)
		}
		secrets[name], _ = address.User.Password()
	}
	var keyset struct {
		Key []struct {
			KeyData struct {
				Value string `json:"value"`
			} `json:"keyData"`
		} `json:"key"`
	}
	if err := json.Unmarshal([]byte(secrets["tenant-keyset"]), &keyset); err != nil || len(keyset.Key) == 0 {
		t.Fatalf("the keyset holds %d keys, %v", len(keyset.Key), err)
	}
	secrets["tenant-keyset"] = keyset.Key[0].KeyData.Value
	token, err := os.ReadFile(running.TokenFile())
	if err != nil {
		t.Fatal(err)
	}
	var operator struct {
		Secret string `json:"secret"`
	}
	if json.Unmarshal(token, &operator) != nil || operator.Secret == "" {
		operator.Secret = strings.TrimSpace(string(token))
	}
	secrets["operator's token"] = operator.Secret
	return secrets
}

// tables reads every row of every table, as text.
func tables(t *testing.T, to places) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), running.AdminDatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	query := func(sql string) []string {
		rows, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return texts
	}
	for _, table := range query("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')") {
		to["table "+table] = strings.Join(query("SELECT r::text FROM "+pgx.Identifier{table}.Sanitize()+" r"), "\n")
	}
}

// files reads all files below dir.
func files(t *testing.T, to places, prefix, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if entry.Name() == "redis.conf" {
			// Redis' own configuration holds its password, for its user alone.
			if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s is readable for others: %v, %v", path, info.Mode(), err)
			}
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to[prefix+entry.Name()] += string(content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// processes reads what everybody on the machine may read of a process, and what its own user may.
func processes(t *testing.T, to places) {
	t.Helper()
	for _, p := range running.Processes() {
		for _, what := range []string{"cmdline", "environ"} {
			content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID()), what))
			if err != nil {
				t.Fatal(err)
			}
			to[what+" "+p.Name()] = strings.ReplaceAll(string(content), "\x00", "\n")
		}
	}
	// daprd and app recognise each other by two tokens, which Dapr hands over in the environment. Nothing else is secret there.
	for name, content := range to.named("environ ") {
		for line := range strings.Lines(content) {
			variable, _, _ := strings.Cut(line, "=")
			upper := strings.ToUpper(variable)
			if variable != "DAPR_API_TOKEN" && variable != "APP_API_TOKEN" &&
				(strings.Contains(upper, "TOKEN") || strings.Contains(upper, "PASSWORD") || strings.HasSuffix(upper, "_KEY") || strings.Contains(upper, "DATABASE_URL")) {
				t.Errorf("%s has %s", name, variable)
			}
		}
	}
}

func metrics(t *testing.T, to places) {
	t.Helper()
	for _, app := range []string{"gateway", "enhancer", "console"} {
		to["metrics "+app] = page(t.Context(), t, running.InternalURL(app)+"/metrics")
	}
}

// page is what the address answers, which has to be well.
func page(ctx context.Context, t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, resp.Status, err)
	}
	return string(content)
}

// traces reads all that Jaeger has of apps and sidecars, when it has those of the tenant's tickets.
func traces(t *testing.T, to places, tenantID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := watched.AwaitTrace(ctx, string(tracing.KeyTenant), tenantID, tracing.SpanUpdate); err != nil {
		t.Fatal(err)
	}
	services, err := watched.Services(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		query := url.Values{"service": {service}, "limit": {"1500"}}
		to["traces "+service] = page(ctx, t, watched.JaegerURL()+"/api/traces?"+query.Encode())
	}
}

// redisContents reads every key of Redis, whatever its type.
func redisContents(t *testing.T, to places) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", running.RedisAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	ask := func(words ...string) any {
		t.Helper()
		fmt.Fprintf(conn, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(conn, "$%d\r\n%s\r\n", len(word), word)
		}
		answer, err := readRedis(answers)
		if err != nil {
			t.Fatalf("%s: %v", words[0], err)
		}
		return answer
	}
	ask("AUTH", running.RedisPassword())
	read := map[string][]string{
		"string": {"GET"}, "hash": {"HGETALL"}, "list": {"LRANGE", "0", "-1"}, "set": {"SMEMBERS"}, "zset": {"ZRANGE", "0", "-1", "WITHSCORES"}, "stream": {"XRANGE", "-", "+"},
	}
	keys, _ := ask("KEYS", "*").([]any)
	for _, key := range keys {
		name := fmt.Sprint(key)
		kind := fmt.Sprint(ask("TYPE", name))
		command, known := read[kind]
		if !known {
			if kind != "none" { // it ran out meanwhile
				t.Errorf("%s is a %s, which this test cannot read", name, kind)
			}
			continue
		}
		to["redis key "+name] = name + "\n" + fmt.Sprint(ask(append([]string{command[0], name}, command[1:]...)...))
	}
}

// readRedis reads one answer of RESP, version 2.
func readRedis(r *bufio.Reader) (any, error) {
	line, err := r.ReadString('\n')
	if err != nil || len(line) < 3 {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	kind, rest := line[0], strings.TrimSuffix(line[1:], "\r\n")
	switch kind {
	case '+', ':':
		return rest, nil
	case '-':
		return nil, fmt.Errorf("redis says %s", rest)
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 {
		return nil, err
	}
	if kind == '$' {
		content := make([]byte, n+2)
		_, err := io.ReadFull(r, content)
		return string(content[:n]), err
	}
	all := make([]any, n)
	for i := range all {
		if all[i], err = readRedis(r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// What belongs to the console is not to be had at the gateway's port, and the other way round.
func TestGatewayAndConsoleHaveNoRouteInCommon(t *testing.T) {
	t.Parallel()
	ask := func(method, address string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, route := range []string{"/api/v1/tenants", "/api/v1/whoami", "/api/v1/bootstrap", "/api/v1/audit", "/openapi.json", "/docs", "/metrics", "/readyz", "/healthz", "/events/enhancement", "/events/tenant"} {
		if got := ask(http.MethodGet, running.GatewayURL()+route); got != http.StatusNotFound {
			t.Errorf("the gateway answers %d to GET %s", got, route)
		}
		if got := ask(http.MethodPost, running.GatewayURL()+route); got != http.StatusNotFound {
			t.Errorf("the gateway answers %d to POST %s", got, route)
		}
	}
	for _, route := range []string{"/webhook/servicedesk", "/metrics", "/readyz", "/events/enhancement", "/events/tenant", "/debug/pprof/"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if got := ask(method, running.ConsoleURL()+route); got != http.StatusNotFound && got != http.StatusUnauthorized {
				t.Errorf("the console answers %d to %s %s", got, method, route)
			}
		}
	}
}
