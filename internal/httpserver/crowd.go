package httpserver

import (
	"container/list"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// crowd bounds the connections of a server. When there is one too many, the one is closed for whose client the server has
// waited the longest: a client that sends its request without delay gets through beside any number of those that
// hold connections open and send nothing, or a byte now and then.
type crowd struct {
	most int

	mu      sync.Mutex
	members map[net.Conn]*member
	// waiting are those whose client has to send something, the longest first.
	waiting *list.List
}

// member is a connection.
type member struct {
	conn net.Conn
	// busy counts the requests that have arrived in full and are not answered; HTTP/2 may have several.
	busy int
	// turn is its place among those that wait; nil while it is busy, and when it is closed.
	turn *list.Element
}

type memberKey struct{}

func newCrowd(most int) *crowd {
	return &crowd{most: most, members: map[net.Conn]*member{}, waiting: list.New()}
}

// enter implements http.Server's ConnContext.
func (c *crowd) enter(ctx context.Context, conn net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &member{conn: conn}
	m.turn = c.waiting.PushBack(m)
	c.members[conn] = m
	if len(c.members) > c.most {
		// Perhaps the new one itself, if all others are being served.
		c.drop(c.waiting.Front())
	}
	return context.WithValue(ctx, memberKey{}, m)
}

// drop closes a connection. The server notices when it next reads from it, which is what it is waiting for.
func (c *crowd) drop(turn *list.Element) {
	m, _ := c.waiting.Remove(turn).(*member)
	m.turn = nil
	delete(c.members, m.conn)
	conn := m.conn
	if encrypted, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = encrypted.NetConn() // TLS would say goodbye, and wait for a client that does not listen
	}
	_ = conn.Close() // there is nobody to tell
}

// changed implements http.Server's ConnState.
func (c *crowd) changed(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.members[conn]
	if !ok {
		return
	}
	delete(c.members, conn)
	if m.turn != nil {
		c.waiting.Remove(m.turn)
	}
}

// serving takes m out of those that wait.
func (c *crowd) serving(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.busy++
	if m.turn != nil {
		c.waiting.Remove(m.turn)
		m.turn = nil
	}
}

// served puts m last among those that wait, unless it has more to do or was closed meanwhile.
func (c *crowd) served(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.busy--
	if c.members[m.conn] == m && m.busy == 0 {
		m.turn = c.waiting.PushBack(m)
	}
}

// handler tells c of each request: until its body has been read, the server waits for its client.
func (c *crowd) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, ok := r.Context().Value(memberKey{}).(*member)
		if !ok {
			next.ServeHTTP(w, r) // not by way of the server
			return
		}
		var once sync.Once
		arrived := func() { once.Do(func() { c.serving(m) }) }
		if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
			arrived()
		} else {
			r.Body = &awaitedBody{ReadCloser: r.Body, arrived: arrived}
		}
		defer func() {
			arrived() // so that it is counted once, whatever the handler did with the body
			c.served(m)
		}()
		next.ServeHTTP(w, r)
	})
}

// awaitedBody says when all of it has arrived.
type awaitedBody struct {
	io.ReadCloser

	arrived func()
}

func (b *awaitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.arrived()
	}
	return n, err
}

func (b *awaitedBody) Close() error {
	b.arrived()
	return b.ReadCloser.Close()
}
