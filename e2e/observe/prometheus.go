package observe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// retention is how long metrics are kept, here and wherever docs/observability.md is followed.
const retention = "30d"

const (
	jobPrometheus   = "prometheus"
	jobAlertmanager = "alertmanager"
	jobCollector    = "otel-collector"
)

func (l *launch) prometheus() (stack.Beside, error) {
	program, err := command("tools/install-packages.sh prometheus", "prometheus")
	if err != nil {
		return stack.Beside{}, err
	}
	dir, err := l.directory("prometheus")
	if err != nil {
		return stack.Beside{}, err
	}
	shipped, err := os.ReadFile(filepath.Join(l.opts.Root, "deploy/prometheus/prometheus.yaml"))
	if err != nil {
		return stack.Beside{}, fmt.Errorf("read what ships: %w", err)
	}
	content, err := l.moved(shipped)
	if err != nil {
		return stack.Beside{}, fmt.Errorf("deploy/prometheus/prometheus.yaml: %w", err)
	}
	config := filepath.Join(dir, "prometheus.yaml")
	if err := os.WriteFile(config, content, 0o600); err != nil {
		return stack.Beside{}, fmt.Errorf("write the configuration of Prometheus: %w", err)
	}
	address := loopback(l.ports.prometheus)
	return stack.Beside{
		Name: processPrometheus, Command: program, Dir: dir, Ports: []int{l.ports.prometheus},
		Args: []string{
			"--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "data"),
			"--storage.tsdb.retention.time=" + retention, "--enable-feature=exemplar-storage",
			"--web.listen-address=" + address, "--web.enable-lifecycle", // for Reload
		},
		URLVariable: "PROMETHEUS_URL",
		Ready:       "http://" + address + "/-/ready",
	}, nil
}

// target is an entry of static_configs.
type target struct {
	Targets []string          `yaml:"targets"`
	Labels  map[string]string `yaml:"labels,omitempty"`
}

// moved is the configuration that ships with this stack's addresses in place of the names of services. All else, as jobs and how
// they scrape, stays as it is. A job of which the stack knows nothing is an error, and so is a part of the stack without a job.
func (l *launch) moved(shipped []byte) ([]byte, error) {
	var config map[string]any
	if err := yaml.Unmarshal(shipped, &config); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	config["rule_files"] = l.opts.Rules
	delete(config, "alerting")
	if l.opts.Parts&Alerts != 0 {
		config["alerting"] = map[string]any{"alertmanagers": []any{
			map[string]any{"static_configs": []target{{Targets: []string{loopback(l.ports.alertmanager)}}}},
		}}
	}
	if err := l.pace(config); err != nil {
		return nil, err
	}
	jobs, err := l.movedJobs(config["scrape_configs"])
	if err != nil {
		return nil, err
	}
	config["scrape_configs"] = jobs
	content, err := yaml.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	return content, nil
}

// pace sets how often to scrape and to evaluate.
func (l *launch) pace(config map[string]any) error {
	if l.opts.Interval == 0 {
		return nil
	}
	global, ok := config["global"].(map[string]any)
	if !ok {
		return errors.New("there is no global section")
	}
	for _, key := range []string{"scrape_interval", "scrape_timeout", "evaluation_interval"} {
		global[key] = l.opts.Interval.String()
	}
	return nil
}

func (l *launch) movedJobs(shipped any) ([]any, error) {
	entries, ok := shipped.([]any)
	if !ok {
		return nil, errors.New("there are no scrape_configs")
	}
	targets, known := l.targets()
	var jobs []any
	for _, entry := range entries {
		job, ok := entry.(map[string]any)
		if !ok {
			return nil, errors.New("an entry of scrape_configs is no mapping")
		}
		name, _ := job["job_name"].(string)
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("job %q has no counterpart in a stack: add it to package observe", name)
		}
		if len(targets[name]) > 0 {
			job["static_configs"] = targets[name]
			jobs = append(jobs, job)
		}
		delete(targets, name)
	}
	for name := range l.opts.Targets {
		jobs = append(jobs, map[string]any{"job_name": name, "static_configs": targets[name]})
		delete(targets, name)
	}
	for name := range targets {
		return nil, fmt.Errorf("nothing scrapes %q: add a job of that name", name)
	}
	return jobs, nil
}

// targets are those of this stack by job, and the jobs that a stack may have.
func (l *launch) targets() (byJob map[string][]target, known []string) {
	byJob = map[string][]target{}
	for _, m := range l.stack.MetricsTargets() {
		labels := map[string]string{"app_id": m.AppID}
		if m.AppID == "" {
			labels = map[string]string{"service": m.Process}
		}
		byJob[m.Job] = append(byJob[m.Job], target{Targets: []string{m.Address}, Labels: labels})
	}
	for _, own := range []struct {
		part Parts
		job  string
		port int
	}{
		{Metrics, jobPrometheus, l.ports.prometheus},
		{Alerts, jobAlertmanager, l.ports.alertmanager},
		{Traces, jobCollector, l.ports.collectorMetrics},
	} {
		if l.opts.Parts&own.part != 0 {
			byJob[own.job] = []target{{Targets: []string{loopback(own.port)}}}
		}
	}
	for job, addresses := range l.opts.Targets {
		byJob[job] = append(byJob[job], target{Targets: addresses})
	}
	return byJob, []string{
		"gateway", "enhancer", "console", stack.JobSidecars, stack.JobControlPlane, jobPrometheus, jobAlertmanager, jobCollector,
	}
}
