package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// patience is only for what must not happen: nothing here waits for it when all is well.
const patience = 30 * time.Second

// open serves the gateway's public side on a port of its own, within the limits, and returns its address.
func (f *fixture) open(t *testing.T, limits httpserver.Limits) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httpserver.NewWithin(limits, listener.Addr().String(), f.handler, f.door.logger)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// say sends bytes on a connection of its own, as they are, and reads answers until the server has no more to say.
func say(t *testing.T, addr string, request []byte) (statuses []int, said string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		// The server may answer and hang up before it has read all.
		if _, err := conn.Write(request); err == nil {
			if half, ok := conn.(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
		}
	}()
	var heard bytes.Buffer
	answers := bufio.NewReader(io.TeeReader(conn, &heard))
	for {
		resp, err := http.ReadResponse(answers, nil)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("the server neither answers nor hangs up; it said %q", heard.String())
		}
		if err != nil {
			break
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		statuses = append(statuses, resp.StatusCode)
	}
	_ = conn.Close()
	<-written
	return statuses, heard.String()
}

// raw is a signed webhook as it goes over the wire, with further lines of header.
func raw(t *testing.T, ticket, target, further string) []byte {
	t.Helper()
	body := payload(t, map[string]any{"ticket_id": ticket})
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: gateway.example.com\r\nContent-Length: %d\r\n%s: %s\r\n%s\r\n%s",
		target, len(body), webhook.SignatureHeader, webhook.Sign(tenantstoretest.SigningSecret("alpha"), body), further, body)
}

func (f *fixture) jobs(t *testing.T) int {
	t.Helper()
	return ledgerRows(t, f.store)
}

// short are the real limits, but for the time that the server waits for a client.
func short() httpserver.Limits {
	l := httpserver.DefaultLimits()
	l.ReadHeader, l.Read, l.Idle = 200*time.Millisecond, 300*time.Millisecond, 200*time.Millisecond
	return l
}

// What is no proper HTTP is refused as a whole; nothing of it becomes a job.
func TestMalformedHTTPIsRefused(t *testing.T) {
	f := newFixture(t)
	addr := f.open(t, short())
	signed := func(ticket string) ([]byte, string) {
		body := payload(t, map[string]any{"ticket_id": ticket})
		return body, webhook.SignatureHeader + ": " + webhook.Sign(tenantstoretest.SigningSecret("alpha"), body) + "\r\n"
	}
	body, signature := signed("2001")
	length := "Content-Length: " + strconv.Itoa(len(body)) + "\r\n"
	const start = "POST " + routeWebhook + " HTTP/1.1\r\nHost: x\r\n"
	for name, request := range map[string]string{
		"a length that is too large":      start + signature + "Content-Length: " + strconv.Itoa(len(body)+50) + "\r\n\r\n" + string(body),
		"a length that is too small":      start + signature + "Content-Length: 20\r\n\r\n" + string(body),
		"a negative length":               start + signature + "Content-Length: -1\r\n\r\n" + string(body),
		"a length that overflows":         start + signature + "Content-Length: 99999999999999999999\r\n\r\n" + string(body),
		"a length with a sign":            start + signature + "Content-Length: +" + strconv.Itoa(len(body)) + "\r\n\r\n" + string(body),
		"a hexadecimal length":            start + signature + "Content-Length: 0x10\r\n\r\n" + string(body),
		"two lengths":                     start + signature + length + "Content-Length: 5\r\n\r\n" + string(body),
		"two lengths in one line":         start + signature + "Content-Length: 5, 6\r\n\r\n" + string(body),
		"a blank before the colon":        start + signature + "Content-Length : " + strconv.Itoa(len(body)) + "\r\n\r\n" + string(body),
		"a line that goes on":             start + signature + "X-A: b\r\n\tContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + string(body),
		"an unknown coding":               start + signature + "Transfer-Encoding: xchunked\r\n\r\n" + string(body),
		"two codings":                     start + signature + "Transfer-Encoding: chunked, identity\r\n\r\n" + string(body),
		"chunked twice":                   start + signature + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a coding with a tab":             start + signature + "Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n",
		"a chunk that is no number":       start + signature + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + string(body),
		"a chunk that overflows":          start + signature + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + string(body),
		"a chunk that is cut":             start + signature + "Transfer-Encoding: chunked\r\n\r\nff\r\n{",
		"two hosts":                       start + "Host: y\r\n" + signature + length + "\r\n" + string(body),
		"no host":                         "POST " + routeWebhook + " HTTP/1.1\r\n" + signature + length + "\r\n" + string(body),
		"a host that is none":             "POST " + routeWebhook + " HTTP/1.1\r\nHost: x/y z\r\n" + signature + length + "\r\n" + string(body),
		"a NUL in the header":             start + "X-A: \x00\r\n" + signature + length + "\r\n" + string(body),
		"a carriage return in the header": start + "X-A: a\rX-B: b\r\n" + signature + length + "\r\n" + string(body),
		"a header without a name":         start + ": a\r\n" + signature + length + "\r\n" + string(body),
		"a line without a colon":          start + "nonsense\r\n" + signature + length + "\r\n" + string(body),
		"a blank before the method":       " " + start + signature + length + "\r\n" + string(body),
		"HTTP/0.9":                        "POST " + routeWebhook + "\r\n\r\n" + string(body),
		"HTTP/3.0":                        "POST " + routeWebhook + " HTTP/3.0\r\nHost: x\r\n" + signature + length + "\r\n" + string(body),
		"the preface of HTTP/2":           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"a TLS greeting":                  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"a huge header":                   start + "X-A: " + strings.Repeat("a", 40<<10) + "\r\n" + signature + length + "\r\n" + string(body),
		"many headers":                    start + strings.Repeat("X-A: a\r\n", 10_000) + signature + length + "\r\n" + string(body),
		"a header that does not end":      start + signature + "X-A: a",
		"a body that does not come":       start + signature + length + "\r\n{",
		"nothing":                         "",
	} {
		t.Run(name, func(t *testing.T) {
			statuses, said := say(t, addr, []byte(request))
			for _, status := range statuses {
				if status < 400 || status > 599 || status == http.StatusServiceUnavailable {
					t.Errorf("answered %d: %s", status, said)
				}
			}
			if n := f.jobs(t); n != 0 {
				t.Fatalf("%d jobs came of it: %s", n, said)
			}
		})
	}
	if statuses, said := say(t, addr, raw(t, "2002", routeWebhook, "")); len(statuses) != 1 || statuses[0] != http.StatusAccepted {
		t.Errorf("a good webhook after all that: %s", said)
	}
}

// With a length and chunks at once, a proxy and the gateway may disagree on where a request ends. What is left over is a
// request of its own here, with no more rights than any other.
func TestASmuggledRequestHasToBeSignedItself(t *testing.T) {
	f := newFixture(t)
	addr := f.open(t, short())
	body := payload(t, map[string]any{"ticket_id": "2001"})
	smuggled := payload(t, map[string]any{"ticket_id": "2666"})
	inner := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 127.0.0.1\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s", routeWebhook,
		webhook.SignatureHeader, webhook.Sign(tenantstoretest.SigningSecret("alpha"), body), len(smuggled), smuggled)
	outer := "POST " + routeWebhook + " HTTP/1.1\r\nHost: x\r\n" + webhook.SignatureHeader + ": " + webhook.Sign(tenantstoretest.SigningSecret("alpha"), body) + "\r\n"
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	for name, request := range map[string]string{
		"CL.TE":              outer + fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n", len(chunk)+len(inner)) + chunk + inner,
		"TE.CL":              outer + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunk + inner,
		"pipelined":          outer + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + string(body) + inner,
		"in a chunk's end":   outer + "Transfer-Encoding: chunked\r\n\r\n" + strings.TrimSuffix(chunk, "\r\n") + "X-Trailer: a\r\n\r\n" + inner,
		"in a chunk's title": outer + "Transfer-Encoding: chunked\r\n\r\n" + strings.Replace(chunk, "\r\n", ";a=\"b\"\r\n", 1) + inner,
	} {
		t.Run(name, func(t *testing.T) {
			statuses, said := say(t, addr, []byte(request))
			for i, status := range statuses {
				if i > 0 && status < 400 || status >= 500 {
					t.Errorf("answered %d: %s", statuses, said)
				}
			}
			var n int
			err := f.store.Database.Admin.QueryRow(t.Context(), "SELECT count(*) FROM enhancement_history WHERE ticket_id = '2666'").Scan(&n)
			if err != nil || n != 0 {
				t.Errorf("%d jobs were smuggled in, %v: %s", n, err, said)
			}
		})
	}
}

// Only one path and one method lead anywhere, however they are written, and nothing is redirected.
func TestMethodsAndPathsCannotBeDisguised(t *testing.T) {
	f := newFixture(t)
	addr := f.open(t, short())
	for _, target := range []string{
		"//webhook/servicedesk", "/webhook//servicedesk", "/webhook/servicedesk/", "/./webhook/servicedesk", "/webhook/../webhook/servicedesk",
		"/webhook/%2e%2e/webhook/servicedesk", "/webhook%2fservicedesk", "/webhook/servicedesk%00", "/webhook/servicedesk;a=b", "/webhook/servicedesk/..",
		"/WEBHOOK/servicedesk", "/webhook\\servicedesk", "/webhook/servicedesk%20", "//evil.example/webhook/servicedesk", "/healthz", "/readyz", "/metrics",
		"/debug/pprof/", "/dapr/subscribe", "/dapr/config", "/events/enhancement", "/api/v1/tenants", "/v1.0/secrets/secrets/database-url", "/", "*",
		"http://127.0.0.1:1/healthz", "/feedback", "/feedback/", "/feedback/x", "/feedback/../webhook/servicedesk", "/feedback//", "/feedback/%2e%2e/x", "/..%2f..%2fetc/passwd", "/.git/config", "/.env",
	} {
		statuses, said := say(t, addr, raw(t, "2001", target, ""))
		for _, status := range statuses {
			if status < 400 || status >= 500 {
				t.Errorf("%s: %s", target, said)
			}
		}
		if strings.Contains(said, "\nLocation:") || strings.Contains(said, "evil.example") || strings.Contains(said, "passwd") {
			t.Errorf("%s is redirected or repeated: %s", target, said)
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "PRI", "POSTX"} {
		request := bytes.Replace(raw(t, "2001", routeWebhook, "X-HTTP-Method-Override: POST\r\nX-Method-Override: POST\r\n"), []byte("POST"), []byte(method), 1)
		statuses, said := say(t, addr, request)
		for _, status := range statuses {
			if status < 400 || status >= 500 {
				t.Errorf("%s: %s", method, said)
			}
		}
		if strings.Contains(said, "X-ServiceDesk-Signature: ") {
			t.Errorf("%s repeats the request: %s", method, said)
		}
	}
	if n := f.jobs(t); n != 0 {
		t.Errorf("%d jobs came of it", n)
	}
}

// What a sender writes into a header ends neither in the answer's header nor as a line of its own in the log.
func TestHeadersAreNotPassedOn(t *testing.T) {
	f := newFixture(t)
	addr := f.open(t, short())
	for i, header := range []string{
		"X-Correlation-ID: a%0d%0aSet-Cookie: canary=1", "X-Correlation-ID: <script>canary</script>", `X-Correlation-ID: a","level":"ERROR","msg":"canary`,
		"X-Correlation-ID: " + strings.Repeat("canary", 100), "X-Correlation-ID: canary\u202e", "X-Correlation-ID: canary\tx", "X-Correlation-ID: ${jndi:ldap://canary}",
		"X-Forwarded-For: canary\", \"level\": \"ERROR", "X-Forwarded-Host: canary.example", "X-Forwarded-Proto: canary", "Forwarded: for=canary;host=canary",
		"X-Original-URL: /canary", "X-Rewrite-URL: /canary", "User-Agent: canary", "Origin: https://canary.example", "Referer: https://canary.example",
		"Accept-Language: canary", "Range: bytes=0-1", "If-None-Match: *", "Cookie: canary=1", "Authorization: Bearer canary-secret",
	} {
		statuses, said := say(t, addr, raw(t, strconv.Itoa(3000+i), routeWebhook, header+"\r\n"))
		if len(statuses) != 1 || statuses[0] != http.StatusAccepted {
			t.Errorf("%q: %s", header, said)
		}
		if strings.Contains(said, "canary") || strings.Contains(said, "Set-Cookie") || strings.Contains(said, "Access-Control") {
			t.Errorf("%q comes back: %s", header, said)
		}
	}
	for line := range strings.Lines(f.log.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["level"] == "ERROR" || strings.Contains(line, "canary") {
			t.Errorf("in the log: %s (%v)", line, err)
		}
	}
}

// Host and X-Forwarded-* decide nothing.
func TestAnotherHostChangesNothing(t *testing.T) {
	f := newFixture(t)
	addr := f.open(t, short())
	for i, host := range []string{"evil.example", "127.0.0.1:3500", "localhost", "[::1]:8081", "gateway.internal:8081"} {
		request := bytes.Replace(raw(t, strconv.Itoa(4000+i), routeWebhook, ""), []byte("gateway.example.com"), []byte(host), 1)
		if statuses, said := say(t, addr, request); len(statuses) != 1 || statuses[0] != http.StatusAccepted || strings.Contains(said, host) {
			t.Errorf("%s: %s", host, said)
		}
		internal := fmt.Sprintf("GET /metrics HTTP/1.1\r\nHost: %s\r\n\r\n", host)
		if statuses, said := say(t, addr, []byte(internal)); len(statuses) != 1 || statuses[0] != http.StatusNotFound {
			t.Errorf("/metrics with host %s: %s", host, said)
		}
	}
}

// Bodies that cost more than they are worth are refused before they cost it.
func TestCostlyBodiesAreRefused(t *testing.T) {
	f := newFixture(t)
	addr := f.open(t, short())
	send := func(body []byte, further string) ([]int, string) {
		return say(t, addr, append(fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s: %s\r\n%s\r\n", routeWebhook, len(body),
			webhook.SignatureHeader, webhook.Sign(tenantstoretest.SigningSecret("alpha"), body), further), body...))
	}
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	if _, err := zip.Write(bytes.Repeat([]byte(" "), 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	good := string(payload(t, nil))
	for name, body := range map[string]string{
		"nested objects":      strings.Repeat(`{"a":`, 40_000) + "1" + strings.Repeat("}", 40_000),
		"nested lists":        `{"description":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}",
		"a huge number":       strings.Replace(good, `"1001"`, "1e999999999", 1),
		"many digits":         strings.Replace(good, `"1001"`, strings.Repeat("9", 100_000), 1),
		"many fields":         "{" + strings.TrimSuffix(strings.Repeat(`"a":1,`, 30_000), ",") + "}",
		"many unknown ones":   strings.Replace(good, "{", `{"__proto__":{"admin":true},"constructor":1,"$where":"1",`, 1),
		"another tenant, too": strings.Replace(good, "{", `{"tenant_id":"beta",`, 1),
		"names in capitals":   strings.Replace(good, `"tenant_id"`, `"TENANT_ID"`, 1),
		"two objects":         good + good,
		"a byte order mark":   "\ufeff" + good,
		"UTF-16":              "\xff\xfe{\x00}\x00",
		"invalid escapes":     strings.Replace(good, "fire", `\ud800`, 1),
		"a list":              "[" + good + "]",
		"a string":            strconv.Quote(good),
		"null":                "null",
		"a form":              "tenant_id=alpha&ticket_id=1",
		"XML":                 `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>`,
		"white space":         strings.Repeat(" ", 200_000),
		"an unclosed string":  `{"tenant_id":"alpha","description":"` + strings.Repeat("a", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			statuses, said := send([]byte(body), "Content-Type: application/json\r\n")
			allowed := name == "another tenant, too" || name == "invalid escapes" // they mean something, and it is the tenant's own
			if len(statuses) != 1 || statuses[0] >= 500 || statuses[0] < 400 && !allowed {
				t.Errorf("answered %d: %.300s", statuses, said)
			}
			if strings.Contains(said, "root:") || len(said) > 4_000 {
				t.Errorf("the answer has %d bytes: %.300s", len(said), said)
			}
		})
	}
	t.Run("compressed", func(t *testing.T) {
		if statuses, said := send(bomb.Bytes(), "Content-Encoding: gzip\r\n"); len(statuses) != 1 || statuses[0] != http.StatusBadRequest {
			t.Errorf("answered %s", said)
		}
	})
	t.Run("too large", func(t *testing.T) {
		if statuses, said := send(bytes.Repeat([]byte("a"), 300<<10), ""); len(statuses) != 1 || statuses[0] != http.StatusRequestEntityTooLarge {
			t.Errorf("answered %.200s", said)
		}
	})
}

// A body in chunks has no length that could be looked at; it must end all the same.
func TestAnEndlessBodyIsCutOff(t *testing.T) {
	f := newFixture(t)
	l := short()
	l.Read = time.Hour // not the time, but the size
	addr := f.open(t, l)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan int)
	go func() {
		chunk := fmt.Appendf(nil, "%x\r\n%s\r\n", 64<<10, strings.Repeat("a", 64<<10))
		_, err := io.WriteString(conn, "POST "+routeWebhook+" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
		n := 0
		for ; err == nil; n++ {
			_, err = conn.Write(chunk)
		}
		stopped <- n
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
		t.Errorf("answered %s, connection to be closed: %t", resp.Status, resp.Close)
	}
	_ = conn.Close()
	t.Logf("%d chunks of 64 kB went out", <-stopped)
}

// Beside those that hold connections open and trickle bytes, the others are served.
func TestGoodSendersAreServedBesideSlowOnes(t *testing.T) {
	f := newFixture(t)
	l := httpserver.DefaultLimits()
	l.Connections = 20
	l.ReadHeader, l.Read, l.Idle = time.Hour, time.Hour, time.Hour // the time limits would do it by themselves
	addr := f.open(t, l)
	for i := range 60 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		begun := "POST " + routeWebhook + " HTTP/1.1\r\nHost: x\r\n"
		if i%2 == 0 {
			begun += "Content-Length: 1000\r\n\r\n{"
		}
		if _, err := io.WriteString(conn, begun); err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			if statuses, said := say(t, addr, raw(t, strconv.Itoa(5000+i), routeWebhook, "")); len(statuses) != 1 || statuses[0] != http.StatusAccepted {
				t.Fatalf("beside %d slow senders: %d %s", i+1, statuses, said)
			}
		}
	}
}
