package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// The names of what is measured; those of processes and tables begin with a word of these.
const (
	jobsDone   = "jobs ended"
	redisKeys  = "redis keys "
	expire     = " (expire)" // of keys that go by themselves
	redisBytes = "redis bytes"
	stream     = "stream "
	database   = "database bytes"
	table      = "table bytes "
	memory     = "memory bytes "
	processor  = "processor seconds "
	heap       = "heap bytes "
	goroutines = "goroutines "
)

// redisTimeout is for counting all of Redis's keys on a busy machine.
const redisTimeout = 30 * time.Second

// measures are figures by name.
type measures map[string]float64

// taken are measures and since when the load began.
type taken struct {
	measures

	after time.Duration
}

// watcher looks at stores and processes of a stack.
type watcher struct {
	stack *stack.Stack
	db    *pgx.Conn
	began time.Time
}

func newWatcher(ctx context.Context, s *stack.Stack) (*watcher, error) {
	db, err := pgx.Connect(ctx, s.AdminDatabaseURL())
	if err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	return &watcher{stack: s, db: db, began: time.Now()}, nil
}

func (w *watcher) close(ctx context.Context) { _ = w.db.Close(context.WithoutCancel(ctx)) }

// sampleFor looks every so often for so long.
func (w *watcher) sampleFor(ctx context.Context, long, every time.Duration) ([]taken, error) {
	var samples []taken
	end := time.NewTimer(long)
	defer end.Stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("interrupted: %w", context.Cause(ctx))
		case <-end.C:
			return samples, nil
		case <-tick.C:
			s, err := w.sample(ctx)
			if err != nil {
				return nil, err
			}
			samples = append(samples, s)
		}
	}
}

func (w *watcher) sample(ctx context.Context) (taken, error) {
	s := taken{measures{}, time.Since(w.began)}
	for _, look := range []func(context.Context, measures) error{w.postgres, w.redis, w.processes} {
		if err := look(ctx, s.measures); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (w *watcher) postgres(ctx context.Context, into measures) error {
	rows, err := w.db.Query(ctx, `
		SELECT 'table bytes ' || relname, pg_total_relation_size(oid)::float8 FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
			AND relname IN ('enhancement_history', 'enhancement_steps', 'llm_calls', 'ticket_notes', 'dead_letters', 'audit_log', 'webhook_rate')
		UNION ALL SELECT 'database bytes', pg_database_size(current_database())::float8
		UNION ALL SELECT 'jobs ended', count(*)::float8 FROM enhancement_history WHERE finished_at IS NOT NULL`)
	if err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	var (
		name  string
		value float64
	)
	if _, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error { into[name] = value; return nil }); err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	return nil
}

// keysByKind counts keys by what they are of: an app's workflows, its caches, a stream. Walking all keys takes a while; nothing
// else is looked at meanwhile.
const keysByKind = `
	local found, cursor = {}, '0'
	repeat
		local page = redis.call('SCAN', cursor, 'COUNT', 1000)
		cursor = page[1]
		for _, key in ipairs(page[2]) do
			local kind = string.match(key, '^([^|]*||dapr%.internal[^|]*)') or string.match(key, '^[^|]*||[a-z]+') or key
			if string.find(key, 'dapr.internal', 1, true) then kind = 'workflows' end
			if redis.call('TTL', key) >= 0 then kind = kind .. ' (expire)' end
			found[kind] = (found[kind] or 0) + 1
		end
	until cursor == '0'
	local out = ''
	for kind, n in pairs(found) do out = out .. 'redis keys ' .. kind .. '\t' .. n .. '\n' end
	for _, name in ipairs({'enhancement:queue', 'enhancement:dead'}) do
		out = out .. 'stream ' .. name .. '\t' .. redis.call('XLEN', name) .. '\n'
	end
	local used = string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)')
	return out .. 'redis bytes\t' .. used .. '\n'`

func (w *watcher) redis(ctx context.Context, into measures) error {
	conn, err := (&net.Dialer{Timeout: redisTimeout}).DialContext(ctx, "tcp", w.stack.RedisAddr())
	if err != nil {
		return fmt.Errorf("reach Redis: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(redisTimeout)); err != nil {
		return fmt.Errorf("reach Redis: %w", err)
	}
	answers := bufio.NewReader(conn)
	for _, words := range [][]string{{"AUTH", w.stack.RedisPassword()}, {"EVAL", keysByKind, "0"}} {
		answer, err := ask(conn, answers, words)
		if err != nil {
			return fmt.Errorf("ask Redis: %w", err)
		}
		if words[0] == "EVAL" {
			return figures(answer, "\t", into)
		}
	}
	return nil
}

// ask sends a command and gives its answer, a simple or a bulk string.
func ask(conn io.Writer, answers *bufio.Reader, words []string) (string, error) {
	var sent strings.Builder
	fmt.Fprintf(&sent, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&sent, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(conn, sent.String()); err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	line, err := answers.ReadString('\n')
	if err != nil || strings.HasPrefix(line, "-") {
		return "", fmt.Errorf("answered %q: %w", line, err)
	}
	size, bulk := strings.CutPrefix(strings.TrimSpace(line), "$")
	if !bulk {
		return line, nil
	}
	n, err := strconv.Atoi(size)
	if err != nil || n < 0 {
		return "", fmt.Errorf("answered %q: %w", line, err)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(answers, text); err != nil {
		return "", fmt.Errorf("read: %w", err)
	}
	return string(text), nil
}

// figures reads lines of a name and a figure.
func figures(text, separator string, into measures) error {
	for line := range strings.Lines(text) {
		name, figure, _ := strings.Cut(strings.TrimSpace(line), separator)
		value, err := strconv.ParseFloat(figure, 64)
		if err != nil {
			return fmt.Errorf("read %q: %w", line, err)
		}
		into[name] = value
	}
	return nil
}

func (w *watcher) processes(ctx context.Context, into measures) error {
	for _, p := range w.stack.Processes() {
		used, err := p.Usage()
		if err != nil {
			return err
		}
		into[memory+p.Name()], into[processor+p.Name()] = float64(used.Memory), used.Processor.Seconds()
	}
	for _, app := range []string{"gateway", "enhancer", "console"} {
		own, err := w.metrics(ctx, app)
		if err != nil {
			return err
		}
		maps.Copy(into, own)
	}
	return nil
}

// metrics are what a process of ours says of itself.
func (w *watcher) metrics(ctx context.Context, app string) (measures, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.stack.InternalURL(app)+"/metrics", http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", app, err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", app, err)
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	found := measures{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		var value float64
		if _, err := fmt.Sscanf(lines.Text(), "go_goroutines %g", &value); err == nil {
			found[goroutines+app] = value
		}
		if _, err := fmt.Sscanf(lines.Text(), "go_memstats_heap_alloc_bytes %g", &value); err == nil {
			found[heap+app] = value
		}
	}
	return found, lines.Err()
}
