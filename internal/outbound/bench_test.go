package outbound_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/ai-agents/ai-agents/internal/outbound"
)

// patience is far more than any of the requests here needs, for a machine that is busy.
const patience = 20 * time.Second

func guard(t *testing.T, allowed string) *outbound.Guard {
	t.Helper()
	return logged(t, allowed, io.Discard)
}

func logged(t *testing.T, allowed string, log io.Writer) *outbound.Guard {
	t.Helper()
	var networks outbound.Networks
	if err := networks.Decode(allowed); err != nil {
		t.Fatal(err)
	}
	return outbound.New(outbound.Config{AllowedNetworks: networks}, slog.New(slog.NewTextHandler(log, nil)))
}

// client is the guard's, and closes its connections at the end.
func client(t *testing.T, g *outbound.Guard) *http.Client {
	t.Helper()
	c := g.Client()
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func get(t *testing.T, c *http.Client, url string) (status int, body string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authtoken", "example-key")
	req.Header.Set("Authorization", "Bearer example-key")
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(read), err
}

// door is a server at an address of this machine that counts who connects, even if nothing is asked.
type door struct {
	*httptest.Server

	connections atomic.Int64
}

func open(t *testing.T, address string, handler http.Handler) *door {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{}
	d.Server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler, ReadHeaderTimeout: patience}}
	d.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			d.connections.Add(1)
		}
	}
	d.Start()
	t.Cleanup(d.Close)
	return d
}

// untouched fails when anybody has connected.
func (d *door) untouched(t *testing.T) {
	t.Helper()
	if n := d.connections.Load(); n != 0 {
		t.Errorf("%d connections to %s, want none", n, d.URL)
	}
}

func (d *door) port() string { return d.URL[strings.LastIndex(d.URL, ":")+1:] }

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// names is a name server on this machine. Each question for an address is answered with the next of answers, and the last
// one is repeated; IPv6 addresses answer questions for AAAA.
type names struct {
	mu      sync.Mutex
	answers []netip.Addr
	asked   int
}

// resolver starts the name server.
func (n *names) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go n.serve(conn)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n *names) serve(conn net.PacketConn) {
	buffer := make([]byte, 4096)
	for {
		size, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		if answer, err := n.answer(buffer[:size]); err == nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}

func (n *names) answer(question []byte) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(question); err != nil {
		return nil, err
	}
	message.Response, message.Additionals = true, nil
	asked := message.Questions[0]
	n.mu.Lock()
	defer n.mu.Unlock()
	next := n.answers[min(n.asked, len(n.answers)-1)]
	header := dnsmessage.ResourceHeader{Name: asked.Name, Class: dnsmessage.ClassINET}
	switch {
	case asked.Type == dnsmessage.TypeA && next.Is4():
		message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: next.As4()}}}
		n.asked++
	case asked.Type == dnsmessage.TypeAAAA && next.Is6():
		message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: next.As16()}}}
		n.asked++
	}
	return message.Pack()
}

func (n *names) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

func addrs(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}
