// Package httpserver owns how the apps listen: limits on time, sizes and connections, health endpoints, and a stop that finishes
// what was begun.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// InternalConfig places the listener that only the sidecar, probes and the scraper use.
type InternalConfig struct {
	Host string `envconfig:"INTERNAL_HOST" default:"127.0.0.1"`
	Port string `envconfig:"APP_PORT" required:"true"`
}

// Addr is the address to listen on.
func (c InternalConfig) Addr() string { return net.JoinHostPort(c.Host, c.Port) }

// Limits keep a slow or hostile client from holding more than its share.
type Limits struct {
	// ReadHeader is how long a request's header may take to arrive; Read is the same with the body.
	ReadHeader, Read time.Duration
	// Write is how long a handler has, reading of the body included.
	Write time.Duration
	// Idle is how long a connection stays open without a request.
	Idle time.Duration
	// HeaderBytes is how long a request's header may be. The server adds 4 kB to it.
	HeaderBytes int
	// Connections there are at most. One too many closes the one for whose client the server has waited the longest.
	Connections int
}

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 90 * time.Second
	maxHeaderBytes    = 16 << 10
	maxConnections    = 1_000
)

// DefaultLimits are the limits of New.
func DefaultLimits() Limits {
	return Limits{
		ReadHeader: readHeaderTimeout, Read: readTimeout, Write: writeTimeout, Idle: idleTimeout,
		HeaderBytes: maxHeaderBytes, Connections: maxConnections,
	}
}

// New makes a server with the default limits.
func New(addr string, handler http.Handler, logger *slog.Logger) *http.Server {
	return NewWithin(DefaultLimits(), addr, handler, logger)
}

// NewWithin makes a server with limits of its own.
func NewWithin(l Limits, addr string, handler http.Handler, logger *slog.Logger) *http.Server {
	crowd := newCrowd(l.Connections)
	return &http.Server{
		Addr: addr, Handler: crowd.handler(handler), ConnContext: crowd.enter, ConnState: crowd.changed,
		ReadHeaderTimeout: l.ReadHeader,
		ReadTimeout:       l.Read,
		WriteTimeout:      l.Write,
		IdleTimeout:       l.Idle,
		MaxHeaderBytes:    l.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// Run serves all servers until ctx ends or one fails. Then it calls beforeDrain (so that readiness turns
// negative), during which the servers go on and ask clients not to come back on the same connection, stops the servers in
// the given order, and waits up to grace for requests under way. Within it their contexts
// stay; those of requests that are not done by then end, and so do their connections: what they hold would hold up the end
// of the process. It sets the servers' BaseContext.
func Run(ctx context.Context, grace time.Duration, beforeDrain func(), servers ...*http.Server) error {
	listeners, err := listenAll(ctx, servers)
	if err != nil {
		return err
	}
	// The context that ended must not cut short what it interrupts.
	requests, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	defer cutOff()
	failed := make(chan error, len(servers))
	var leaving atomic.Bool
	for i, server := range servers {
		server.Handler = partWith(&leaving, server.Handler)
		server.BaseContext = func(net.Listener) context.Context { return requests }
		go func() {
			if err := serve(server, listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", server.Addr, err)
			}
		}()
	}
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-failed:
	}
	leaving.Store(true)
	beforeDrain()
	drain, cancel := context.WithTimeout(requests, grace)
	defer cancel()
	var late []*http.Server
	for _, server := range servers {
		if err := server.Shutdown(drain); err != nil {
			late = append(late, server)
			cause = errors.Join(cause, fmt.Errorf("requests at %s were cut off after %s: %w", server.Addr, grace, err))
		}
	}
	// The contexts first: a handler whose body is not read yet does not notice that its connection has gone.
	cutOff()
	for _, server := range late {
		_ = server.Close() // there is nobody to tell
	}
	return cause
}

// partWith has a client's next request come by another connection once we are leaving, and so perhaps to another replica. One
// that is left open would be closed at the end, and with it what its client may just be sending.
func partWith(leaving *atomic.Bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func serve(server *http.Server, l net.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(l, "", "") // see UseTLS
	}
	return server.Serve(l)
}

func listenAll(ctx context.Context, servers []*http.Server) ([]net.Listener, error) {
	var lc net.ListenConfig
	listeners := make([]net.Listener, 0, len(servers))
	for _, server := range servers {
		l, err := lc.Listen(ctx, "tcp", server.Addr)
		if err != nil {
			for _, open := range listeners {
				_ = open.Close()
			}
			return nil, fmt.Errorf("listen on %s: %w", server.Addr, err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}
