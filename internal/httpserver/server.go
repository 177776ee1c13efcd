// Package httpserver owns how the apps listen: time limits, health endpoints, and a stop that finishes
// what was begun.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// InternalConfig places the listener that only the sidecar, probes and the scraper use.
type InternalConfig struct {
	Host string `envconfig:"INTERNAL_HOST" default:"127.0.0.1"`
	Port string `envconfig:"APP_PORT" required:"true"`
}

// Addr is the address to listen on.
func (c InternalConfig) Addr() string { return net.JoinHostPort(c.Host, c.Port) }

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 90 * time.Second
)

// New makes a server whose limits keep a slow or hostile client from holding a connection for long.
// A handler has 60 s, reading of the body included.
func New(addr string, handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Addr: addr, Handler: handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// Run serves all servers until ctx ends or one fails. Then it calls beforeDrain (so that readiness turns
// negative), stops the servers in the given order, and waits up to grace for requests under way.
func Run(ctx context.Context, grace time.Duration, beforeDrain func(), servers ...*http.Server) error {
	listeners, err := listenAll(ctx, servers)
	if err != nil {
		return err
	}
	failed := make(chan error, len(servers))
	for i, server := range servers {
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
	beforeDrain()
	// The context that ended must not cut short what it interrupts.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(drain); err != nil {
			cause = errors.Join(cause, fmt.Errorf("requests at %s were cut off after %s: %w", server.Addr, grace, err))
		}
	}
	return cause
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
