package httpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// probeTimeout is more than the checks behind one readiness request may take.
const probeTimeout = checkTimeout + time.Second

// IsProbe says whether a process was started to ask after another one of its kind: with the single argument "probe". An image without
// a shell has nothing else to ask with.
func IsProbe(args []string) bool { return len(args) == 2 && args[1] == "probe" }

// Probe asks the app that listens beside it for its readiness (GET /readyz on APP_PORT) and gives the exit status: 0 when it is
// ready, 1 otherwise, with the reason on problems.
func Probe(ctx context.Context, getenv func(string) string, problems io.Writer) int {
	if err := probe(ctx, getenv("INTERNAL_HOST"), getenv("APP_PORT")); err != nil {
		_, _ = fmt.Fprintln(problems, "probe:", err)
		return 1
	}
	return 0
}

func probe(ctx context.Context, host, port string) error {
	if port == "" {
		return errors.New("APP_PORT is not set: it is the port of the internal listener")
	}
	// An app that listens on every address is asked on loopback.
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("ask for readiness: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask for readiness: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: status %d, the app's log says why", resp.StatusCode)
	}
	return nil
}
