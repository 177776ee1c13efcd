package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/pause"
)

// probeTimeout bounds one attempt; a process that hangs is asked again.
const probeTimeout = 2 * time.Second

// probe asks a process whether it is ready. Exactly one field is set.
type probe struct {
	// HTTP is a URL that answers with a 2xx status.
	HTTP string `json:"http,omitempty"`
	// Postgres is a URL that can be connected to.
	Postgres string `json:"postgres,omitempty"`
	// Redis is a server that answers PING.
	Redis *redisProbe `json:"redis,omitempty"`
}

type redisProbe struct {
	Address  string `json:"address"`
	Password string `json:"password"`
}

var (
	errEnded    = errors.New("ended before it was ready")
	errNotReady = errors.New("did not become ready")
)

// waitReady polls until the process is ready, has ended, or ctx is done. The error shows its log.
func (p *Process) waitReady(ctx context.Context) error {
	id := p.identity()
	for {
		alive := id.alive() // asked first: what another process answers on its port must not count
		err := p.spec.Probe.try(ctx)
		switch {
		case !alive || !id.alive():
			return fmt.Errorf("%s %w (%s), see %s:\n%s", p.spec.Name, errEnded, p.Exit(), p.spec.Log, tail(p.spec.Log))
		case err == nil:
			return nil
		}
		if ended := pause.For(ctx, pollInterval); ended != nil {
			return fmt.Errorf("%s %w (%w; last answer: %w), see %s:\n%s",
				p.spec.Name, errNotReady, context.Cause(ctx), err, p.spec.Log, tail(p.spec.Log))
		}
	}
}

func (p probe) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	switch {
	case p.HTTP != "":
		return tryHTTP(ctx, p.HTTP)
	case p.Redis != nil:
		return p.Redis.try(ctx)
	case p.Postgres != "":
		return tryPostgres(ctx, p.Postgres)
	default:
		return nil
	}
}

func tryHTTP(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	request.Close = true // a kept connection would hold up the process' shutdown
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 == 2 {
		return nil
	}
	const enough = 500
	body, _ := io.ReadAll(io.LimitReader(response.Body, enough)) // only decorates the error
	return fmt.Errorf("%s answered %s: %s", url, response.Status, strings.TrimSpace(string(body)))
}

// try speaks Redis' inline protocol: two commands do not need a client.
func (p *redisProbe) try(ctx context.Context) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return fmt.Errorf("connect to Redis: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return fmt.Errorf("set a deadline: %w", err)
		}
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", p.Password); err != nil {
		return fmt.Errorf("ask Redis: %w", err)
	}
	answers := bufio.NewReader(conn)
	for _, want := range []string{"+OK\r\n", "+PONG\r\n"} {
		got, err := answers.ReadString('\n')
		if err != nil {
			return fmt.Errorf("ask Redis: %w", err)
		}
		if got != want {
			return fmt.Errorf("got answer %q from Redis, want %q", got, want)
		}
	}
	return nil
}

func tryPostgres(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	if err := conn.Close(ctx); err != nil {
		return fmt.Errorf("disconnect from Postgres: %w", err)
	}
	return nil
}
