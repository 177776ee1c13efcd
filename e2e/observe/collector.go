package observe

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// defaultDecisionWait is enough where all traces are kept.
const defaultDecisionWait = time.Second

const buildObservability = "tools/build-observability.sh"

// collector runs the configuration that ships as it is: it asks the environment for addresses.
func (l *launch) collector() (stack.Beside, error) {
	program, err := l.built("otelcol")
	if err != nil {
		return stack.Beside{}, err
	}
	share := 100.0
	if l.opts.SharePercent != nil {
		share = *l.opts.SharePercent
	}
	metrics := loopback(l.ports.collectorMetrics)
	return stack.Beside{
		Name: processCollector, Command: program, Dir: l.dir, Ports: []int{l.ports.collector, l.ports.collectorMetrics},
		Args: []string{"--config", filepath.Join(l.opts.Root, "deploy/otel-collector/config.yaml")},
		Env: map[string]string{
			"OTELCOL_OTLP_ADDR":     loopback(l.ports.collector),
			"OTELCOL_METRICS_HOST":  "127.0.0.1",
			"OTELCOL_METRICS_PORT":  strconv.Itoa(l.ports.collectorMetrics),
			"OTELCOL_EXPORT_ADDR":   loopback(l.ports.jaegerOTLP),
			"OTELCOL_DECISION_WAIT": l.opts.DecisionWait.String(),
			"OTELCOL_SHARE_PERCENT": strconv.FormatFloat(share, 'f', -1, 64),
		},
		Ready: "http://" + metrics + "/metrics",
	}, nil
}

// built finds a program that this repository builds for itself.
func (l *launch) built(name string) (string, error) {
	path := filepath.Join(l.opts.Root, "bin", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is missing, build it with `%s`: %w", path, buildObservability, err)
	}
	return path, nil
}
