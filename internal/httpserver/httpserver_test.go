package httpserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/httpserver"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestStopFinishesWhatWasBegun(t *testing.T) {
	addr := freeAddr(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	server := httpserver.New(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		if r.Context().Err() != nil {
			return // within the grace nobody is interrupted
		}
		_, _ = io.WriteString(w, "done")
	}), quiet())
	ctx, cancel := context.WithCancel(t.Context())
	drained, stopped := make(chan struct{}), make(chan error, 1)
	go func() { stopped <- httpserver.Run(ctx, 10*time.Second, func() { close(drained) }, server) }()
	answer := make(chan string, 1)
	go func() { answer <- get(t, "http://"+addr) }()
	<-begun
	cancel()
	<-drained
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request under way: %v", err)
	default:
	}
	close(finish)
	if got := <-answer; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// get retries until the server listens.
func get(t *testing.T, url string) string {
	t.Helper()
	for range 200 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			return err.Error()
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			if _, refused := errors.AsType[*net.OpError](err); refused {
				<-time.After(10 * time.Millisecond)
				continue
			}
			return err.Error()
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err.Error()
		}
		return string(body)
	}
	return "the server never listened"
}

// A load balancer notices a stop when it next asks, and what it sends until then is answered.
func TestAServerThatLeavesServesUntilThatIsNoticed(t *testing.T) {
	addr := freeAddr(t)
	health := httpserver.NewHealth(quiet(), nil)
	server := httpserver.New(addr, http.HandlerFunc(health.Ready), quiet())
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	const notice = 300 * time.Millisecond
	go func() { stopped <- httpserver.Run(ctx, time.Second, health.Leave(notice), server) }()
	if body := get(t, "http://"+addr); !strings.Contains(body, `"ok"`) {
		t.Fatalf("answer %s", body)
	}
	began := time.Now()
	cancel()
	asked := 0
	for ; len(stopped) == 0; asked++ {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			if left := notice - time.Since(began); left > 0 {
				t.Errorf("refused %s too early: %v", left, err)
			}
			break
		}
		_ = resp.Body.Close()
		if draining := resp.StatusCode == http.StatusServiceUnavailable; draining != resp.Close {
			t.Errorf("status %d, connection closed %t", resp.StatusCode, resp.Close)
		}
	}
	if asked < 2 {
		t.Errorf("%d requests were answered during the stop", asked)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAStopThatTakesTooLongSaysSo(t *testing.T) {
	addr := freeAddr(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(finish) })
	server := httpserver.New(addr, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(begun); <-finish }), quiet())
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- httpserver.Run(ctx, 50*time.Millisecond, func() {}, server) }()
	go get(t, "http://"+addr)
	<-begun
	cancel()
	if err := <-stopped; err == nil || !strings.Contains(err.Error(), "cut off after 50ms") {
		t.Errorf("error %v", err)
	}
}

// What a handler holds when the process is to end, as a connection of the database, has to come free: whether it waits
// for its context, for its client's body, or for its client to read.
func TestAStopThatTakesTooLongEndsTheHandlers(t *testing.T) {
	for name, wait := range map[string]func(http.ResponseWriter, *http.Request){
		"waits for its context": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"waits for a body":      func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
		"waits for a reader": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			begun, ended := make(chan struct{}), make(chan struct{})
			late := httpserver.New(freeAddr(t), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(ended)
				close(begun)
				wait(w, r)
			}), quiet())
			// No limit of the server's own ends the wait.
			late.ReadTimeout, late.WriteTimeout = 0, 0
			idle := httpserver.New(freeAddr(t), http.NotFoundHandler(), quiet())
			ctx, cancel := context.WithCancel(t.Context())
			stopped := make(chan error, 1)
			go func() { stopped <- httpserver.Run(ctx, 50*time.Millisecond, func() {}, late, idle) }()
			conn := reach(t, late.Addr)
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			<-begun
			cancel()
			if err := <-stopped; err == nil || !strings.Contains(err.Error(), "cut off after 50ms") {
				t.Errorf("error %v", err)
			}
			<-ended
		})
	}
}

// reach retries until the server listens.
func reach(t *testing.T, addr string) net.Conn {
	t.Helper()
	for range 200 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		if err == nil {
			return conn
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatal("the server never listened")
	return nil
}

func TestAnAddressInUse(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	err = httpserver.Run(t.Context(), time.Second, func() {},
		httpserver.New(freeAddr(t), http.NotFoundHandler(), quiet()), httpserver.New(l.Addr().String(), http.NotFoundHandler(), quiet()))
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("error %v, want one that names the address", err)
	}
}

func TestHealth(t *testing.T) {
	var failing error
	health := httpserver.NewHealth(quiet(), map[string]httpserver.Check{
		"postgres": func(context.Context) error { return nil },
		"redis":    func(context.Context) error { return failing },
	})
	ask := func(handler http.HandlerFunc) (int, map[string]string) {
		t.Helper()
		rec := httptest.NewRecorder()
		handler(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		var state map[string]string
		if err := json.Unmarshal(rec.Body.Bytes(), &state); err != nil {
			t.Fatal(err)
		}
		return rec.Code, state
	}
	if code, state := ask(health.Ready); code != 200 || state["redis"] != "ok" || state["postgres"] != "ok" {
		t.Errorf("all well: %d %v", code, state)
	}
	failing = errors.New("dial 10.0.0.1: refused")
	if code, state := ask(health.Ready); code != 503 || state["redis"] != "unavailable" || state["postgres"] != "ok" {
		t.Errorf("redis down: %d %v", code, state)
	}
	if code, _ := ask(health.Live); code != 200 {
		t.Errorf("alive: %d", code)
	}
	failing = nil
	health.Drain()
	if code, state := ask(health.Ready); code != 503 || state["status"] != "draining" {
		t.Errorf("draining: %d %v", code, state)
	}
}

func TestAddr(t *testing.T) {
	if got := (httpserver.InternalConfig{Host: "::1", Port: "8080"}).Addr(); got != "[::1]:8080" {
		t.Errorf("address %q", got)
	}
}
