package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

const (
	// moreThanEnough connections are more than Postgres has, and more than the gateway holds.
	moreThanEnough = 1_200
	dialTimeout    = 5 * time.Second
	// tooLittle is less memory than Redis needs for what it holds.
	tooLittle = "1mb"
	// usualClients is how many clients Redis takes by default.
	usualClients = "10000"
)

// fills are the faults in which something runs out, and Redis's loss of all that it has.
func fills() map[string]fault {
	return map[string]fault{
		"flush redis": {
			kind: kindMoment, does: "FLUSHALL: the queue and the engine's state are gone, while Redis and the engine live",
			begin: func(ctx context.Context, w *world) error { return redis(ctx, w.stack, "FLUSHALL") },
		},
		"fill redis": {
			kind: kindFill, does: "Redis has no memory left and refuses writes",
			begin: func(ctx context.Context, w *world) error {
				return redis(ctx, w.stack, "CONFIG", "SET", "maxmemory", tooLittle)
			},
			end: func(ctx context.Context, w *world) error {
				return redis(ctx, w.stack, "CONFIG", "SET", "maxmemory", "0")
			},
		},
		"fill redis connections": {
			kind: kindFill, does: "Redis has no connection left, and those that there were are closed",
			begin: func(ctx context.Context, w *world) error { return w.outsider.takeRedis(ctx, w.stack) },
			end:   func(_ context.Context, w *world) error { return w.outsider.leave() },
		},
		"fill postgres": {
			kind: kindFill, does: "an outsider takes all connections of Postgres, those that the apps had included",
			begin: func(ctx context.Context, w *world) error {
				return w.outsider.takePostgres(ctx, w.stack.DatabaseURL())
			},
			end: func(_ context.Context, w *world) error { return w.outsider.leave() },
		},
		"fill gateway": {
			kind: kindFill, does: fmt.Sprintf("an outsider opens %d connections to the gateway and sends nothing", moreThanEnough),
			begin: func(ctx context.Context, w *world) error { return w.outsider.takeGateway(ctx, w.stack.GatewayURL()) },
			end:   func(_ context.Context, w *world) error { return w.outsider.leave() },
		},
	}
}

// outsider holds connections that the platform would need. It does one thing at a time.
type outsider struct {
	// last is what it does to leave.
	last []func() error
}

// leave gives back what the outsider has.
func (o *outsider) leave() error {
	var errs []error
	for _, do := range o.last {
		errs = append(errs, do())
	}
	o.last = nil
	return errors.Join(errs...)
}

// takePostgres opens connections until there are no more, ends those that the apps have, and takes their place.
func (o *outsider) takePostgres(ctx context.Context, databaseURL string) error {
	first, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("take connections: %w", err)
	}
	o.last = append(o.last, func() error { return first.Close(context.WithoutCancel(ctx)) })
	own := []uint32{first.PgConn().PID()}
	// The apps try to come back at the same time, so it takes a few turns.
	const turns = 3
	for range turns {
		for len(own) < moreThanEnough {
			next, err := pgx.Connect(ctx, databaseURL)
			if err != nil {
				break // there are no more
			}
			own = append(own, next.PgConn().PID())
			o.last = append(o.last, func() error { return next.Close(context.WithoutCancel(ctx)) })
		}
		_, err := first.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE usename = current_user AND pid <> ALL($1::int[])`, own)
		if err != nil {
			return fmt.Errorf("end the connections of others: %w", err)
		}
	}
	return nil
}

// takeGateway opens connections and sends nothing.
func (o *outsider) takeGateway(ctx context.Context, gatewayURL string) error {
	at, err := url.Parse(gatewayURL)
	if err != nil {
		return fmt.Errorf("take connections: %w", err)
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	for range moreThanEnough {
		conn, err := dialer.DialContext(ctx, "tcp", at.Host)
		if err != nil {
			return fmt.Errorf("take connections: %w", err)
		}
		o.last = append(o.last, func() error {
			_ = conn.Close() // the gateway may have closed it
			return nil
		})
	}
	return nil
}

// takeRedis leaves no connection but its own, by which it puts things right again.
func (o *outsider) takeRedis(ctx context.Context, s *stack.Stack) error {
	conn, err := dialRedis(ctx, s)
	if err != nil {
		return err
	}
	o.last = append(o.last, func() error {
		return errors.Join(conn.do("CONFIG", "SET", "maxclients", usualClients), conn.Close())
	})
	return errors.Join(conn.do("CONFIG", "SET", "maxclients", "1"), conn.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
}

// redisConn speaks to Redis: a few commands do not need a client.
type redisConn struct {
	net.Conn

	answers *bufio.Reader
}

func redis(ctx context.Context, s *stack.Stack, command ...string) error {
	conn, err := dialRedis(ctx, s)
	if err != nil {
		return err
	}
	return errors.Join(conn.do(command...), conn.Close())
}

func dialRedis(ctx context.Context, s *stack.Stack) (*redisConn, error) {
	raw, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", s.RedisAddr())
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	conn := &redisConn{raw, bufio.NewReader(raw)}
	if err := conn.do("AUTH", s.RedisPassword()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// do sends a command whose answer is one line.
func (c *redisConn) do(words ...string) error {
	if err := c.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return fmt.Errorf("redis: %s: %w", words[0], err)
	}
	var sent strings.Builder
	fmt.Fprintf(&sent, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&sent, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := c.Write([]byte(sent.String())); err != nil {
		return fmt.Errorf("redis: %s: %w", words[0], err)
	}
	answer, err := c.answers.ReadString('\n')
	if err != nil {
		return fmt.Errorf("redis: %s: %w", words[0], err)
	}
	if strings.HasPrefix(answer, "-") {
		return fmt.Errorf("redis: %s: %s", words[0], strings.TrimSpace(answer))
	}
	return nil
}
