package httpserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/httpserver"
)

// patience is only for what must not happen: nothing here waits for it when all is well.
const patience = 30 * time.Second

// listen serves handler within l, until the test ends, and returns the address.
func listen(t *testing.T, l httpserver.Limits, handler http.Handler) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httpserver.NewWithin(l, listener.Addr().String(), handler, quiet())
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

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func write(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// closed waits until the server has closed the connection, and returns what it said before.
func closed(t *testing.T, conn net.Conn) string {
	t.Helper()
	said, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the server keeps the connection; it said %q", said)
	}
	return string(said)
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, _ = w.Write(body)
}

// ask posts body on a connection of its own and returns the answer's body.
func ask(t *testing.T, addr, body string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return string(answer), err
}

func limits() httpserver.Limits {
	l := httpserver.DefaultLimits()
	l.Connections = 8
	l.ReadHeader, l.Read, l.Write, l.Idle = time.Hour, time.Hour, time.Hour, time.Hour // nothing is closed for being late
	return l
}

// Those who hold connections open without sending their request must not keep out those who send it.
func TestTheLimitOfConnectionsShutsOutThoseWhoDally(t *testing.T) {
	for name, begun := range map[string]string{
		"nothing sent": "", "a header that does not end": "POST / HTTP/1.1\r\nHost: x\r\nX-A: ",
		"a body that does not come": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
		"an idle connection":        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			addr := listen(t, limits(), http.HandlerFunc(echo))
			var idlers []net.Conn
			for i := range 40 {
				conn := dial(t, addr)
				if _, err := io.WriteString(conn, begun); err != nil {
					t.Fatal(err)
				}
				idlers = append(idlers, conn)
				if answer, err := ask(t, addr, fmt.Sprint("good ", i)); err != nil || answer != fmt.Sprint("good ", i) {
					t.Fatalf("beside %d that dally: %q, %v", i+1, answer, err)
				}
			}
			for _, conn := range idlers[:len(idlers)-limits().Connections] {
				closed(t, conn)
			}
		})
	}
}

// Who has sent his request is served to the end, however many come after him.
func TestTheLimitOfConnectionsSparesThoseBeingServed(t *testing.T) {
	var begun sync.WaitGroup
	finish := make(chan struct{})
	addr := listen(t, limits(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		begun.Done()
		<-finish
		_, _ = w.Write(body)
	}))
	var asked sync.WaitGroup
	begun.Add(limits().Connections)
	for i := range limits().Connections {
		asked.Go(func() {
			if answer, err := ask(t, addr, fmt.Sprint("good ", i)); err != nil || answer != fmt.Sprint("good ", i) {
				t.Errorf("who was being served got %q, %v", answer, err)
			}
		})
	}
	begun.Wait()
	for range 20 {
		closed(t, dial(t, addr)) // all places are taken by those who are served
	}
	close(finish)
	asked.Wait()
}

// Time limits are the server's; here they are short, and that they end is all that is asked.
func TestTricklingEnds(t *testing.T) {
	short := httpserver.DefaultLimits()
	short.ReadHeader, short.Read, short.Idle = 50*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond
	for name, begun := range map[string]string{
		"nothing": "", "half a request line": "POST /webh", "a header without an end": "POST / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n",
		"a body without an end":   "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
		"chunks without an end":   "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"a second request, begun": "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT",
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, listen(t, short, http.HandlerFunc(echo)))
			write(t, conn, begun)
			if said := closed(t, conn); strings.Contains(said, "hello") {
				t.Errorf("half a body was answered: %q", said)
			}
		})
	}
}

func TestAHeaderHasItsLimits(t *testing.T) {
	addr := listen(t, httpserver.DefaultLimits(), http.HandlerFunc(echo))
	for name, header := range map[string]string{
		"one long line":  "X-A: " + strings.Repeat("a", 30<<10) + "\r\n",
		"many lines":     strings.Repeat("X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 1_000),
		"a long name":    strings.Repeat("A", 30<<10) + ": a\r\n",
		"a long address": "",
	} {
		t.Run(name, func(t *testing.T) {
			target := "/"
			if header == "" {
				target += strings.Repeat("a", 30<<10)
			}
			conn := dial(t, addr)
			// The server may answer and close before it has read all.
			_, _ = io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: x\r\n"+header+"\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("answered %s", resp.Status)
			}
		})
	}
}
