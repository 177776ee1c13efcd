package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

const (
	mebi       = 1 << 20
	askTimeout = 10 * time.Second
)

// meter reads what memory the enhancer and Redis use.
type meter struct {
	metricsURL, redisAddr, redisPassword string

	http *http.Client
}

func newMeter(s *stack.Stack) *meter {
	return &meter{
		metricsURL: s.InternalURL("enhancer") + "/metrics", redisAddr: s.RedisAddr(), redisPassword: s.RedisPassword(),
		http: &http.Client{Timeout: askTimeout},
	}
}

// memory is in bytes.
type memory struct{ heap, resident, redis float64 }

// String gives it in MiB.
func (m memory) String() string {
	return fmt.Sprintf("enhancer heap %.0f MiB, resident %.0f MiB; Redis %.0f MiB", m.heap/mebi, m.resident/mebi, m.redis/mebi)
}

func (m *meter) read(ctx context.Context) (memory, error) {
	metrics, err := m.metrics(ctx)
	if err != nil {
		return memory{}, fmt.Errorf("read the enhancer's metrics: %w", err)
	}
	info, err := m.info(ctx)
	if err != nil {
		return memory{}, fmt.Errorf("ask Redis for its memory: %w", err)
	}
	return memory{
		heap: valueOf(metrics, "go_memstats_heap_inuse_bytes "), resident: valueOf(metrics, "process_resident_memory_bytes "),
		redis: valueOf(info, "used_memory:"),
	}, nil
}

func (m *meter) metrics(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.metricsURL, http.NoBody)
	if err != nil {
		return "", err
	}
	answer, err := m.http.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

// info asks Redis by its inline commands, whose answer is a length, a line, and so many bytes.
func (m *meter) info(ctx context.Context) (string, error) {
	conn, err := (&net.Dialer{Timeout: askTimeout}).DialContext(ctx, "tcp", m.redisAddr)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nINFO memory\r\n", m.redisPassword); err != nil {
		return "", err
	}
	answers := bufio.NewReader(conn)
	var line string
	for !strings.HasPrefix(line, "$") {
		if line, err = answers.ReadString('\n'); err != nil || strings.HasPrefix(line, "-") {
			return "", fmt.Errorf("answered %q: %w", line, err)
		}
	}
	length, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil {
		return "", err
	}
	text := make([]byte, length)
	_, err = io.ReadFull(answers, text)
	return string(text), err
}

// valueOf finds the line that begins so; 0 when there is none.
func valueOf(text, prefix string) float64 {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, prefix); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err == nil {
				return n
			}
		}
	}
	return 0
}
