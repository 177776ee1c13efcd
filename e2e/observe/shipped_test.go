package observe_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

func root(t *testing.T) string {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func promtool(t *testing.T, args ...string) (output []byte, err error) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Fatal("promtool is missing: tools/install-packages.sh prometheus")
	}
	return exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput()
}

func TestPromtoolAcceptsWhatShips(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(root(t), "deploy/prometheus")
	if output, err := promtool(t, "check", "config", filepath.Join(dir, "prometheus.yaml")); err != nil {
		t.Errorf("promtool: %v\n%s", err, output)
	}
	// Debian's build of Prometheus cannot look for pods: they are found by these labels here, and the rest is checked as it is.
	if output, err := promtool(t, "check", "config", clusterWith(t, nil)); err != nil {
		t.Errorf("promtool: %v\n%s", err, output)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("scrape_configs: [{job_nam: x}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := promtool(t, "check", "config", broken); err == nil {
		t.Errorf("promtool accepts anything: %s", output)
	}
}

// pod is what Kubernetes' discovery says of a container's port.
type pod map[string]string

// clusterWith writes the configuration for clusters with these pods in place of those that discovery would find.
func clusterWith(t *testing.T, pods map[string]pod) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(t), "deploy/prometheus/prometheus-kubernetes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Rest     map[string]any   `yaml:",inline"`
		Jobs     []map[string]any `yaml:"scrape_configs"`
		Alerting struct {
			Alertmanagers []map[string]any `yaml:"alertmanagers"`
		} `yaml:"alerting"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	targets := []map[string]any{}
	for address, labels := range pods {
		targets = append(targets, map[string]any{"targets": []string{address}, "labels": map[string]string(labels)})
	}
	replaced := 0
	for _, entry := range append(config.Jobs, config.Alerting.Alertmanagers...) {
		if discoverers, ok := entry["kubernetes_sd_configs"]; ok {
			namespace := "ai-agents"
			if entry["job_name"] == "dapr-control-plane" {
				namespace = "dapr-system"
			}
			pods := map[string]any{"role": "pod", "namespaces": map[string]any{"names": []any{namespace}}}
			if !reflect.DeepEqual(discoverers, []any{pods}) {
				t.Errorf("discovery is %v, want the pods of %s, and nobody else's", discoverers, namespace)
			}
			delete(entry, "kubernetes_sd_configs")
			entry["static_configs"] = targets
			replaced++
		}
	}
	if replaced != 4 {
		t.Errorf("%d things are discovered, want 4", replaced)
	}
	content, err = yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "prometheus.yaml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	annotation = "__meta_kubernetes_pod_annotation_"
	container  = "__meta_kubernetes_pod_container_"
)

// clusterPods are pods as the platform's chart and Dapr's make them, by the address that discovery names.
func clusterPods() map[string]pod {
	gateway := pod{
		"__meta_kubernetes_namespace": "ai-agents", "__meta_kubernetes_pod_name": "gateway-1", "__meta_kubernetes_pod_ip": "10.0.0.1",
		"__meta_kubernetes_pod_phase": "Running", annotation + "prometheus_io_scrape": "true",
		annotation + "prometheus_io_port": "8081", annotation + "dapr_io_enabled": "true", annotation + "dapr_io_app_id": "gateway",
		container + "name": "gateway", container + "init": "false",
	}
	sidecar := with(gateway, pod{container + "name": "daprd", container + "init": "true"}) // a native sidecar
	enhancer := with(sidecar, pod{
		"__meta_kubernetes_pod_ip": "fd00::2", "__meta_kubernetes_pod_name": "enhancer-1", annotation + "dapr_io_app_id": "enhancer",
		annotation + "dapr_io_metrics_port": "9110", annotation + "prometheus_io_port": "8082", container + "init": "false",
	})
	dedicated := with(enhancer, pod{
		"__meta_kubernetes_namespace": "tenant-alpha", "__meta_kubernetes_pod_ip": "10.0.0.6", "__meta_kubernetes_pod_name": "enhancer-alpha-1",
		annotation + "dapr_io_app_id": "enhancer-alpha", "__meta_kubernetes_pod_label_app_kubernetes_io_name": "enhancer",
	})
	placement := pod{
		"__meta_kubernetes_namespace": "dapr-system", "__meta_kubernetes_pod_name": "placement-0", "__meta_kubernetes_pod_ip": "10.0.0.3",
		"__meta_kubernetes_pod_phase": "Running", annotation + "dapr_io_control_plane": "placement",
		annotation + "prometheus_io_scrape": "true", annotation + "prometheus_io_port": "9090", annotation + "prometheus_io_path": "/",
		container + "name": "dapr-placement-server", container + "init": "false",
	}
	return map[string]pod{
		"10.0.0.1:8080": gateway, "10.0.0.1:3500": sidecar, "[fd00::2]:3501": enhancer, "10.0.0.3:50005": placement, "10.0.0.6:3501": dedicated,
		"10.0.0.4:80": {"__meta_kubernetes_pod_ip": "10.0.0.4", "__meta_kubernetes_pod_phase": "Running", container + "name": "other"},
		"10.0.0.5:80": with(gateway, pod{"__meta_kubernetes_pod_ip": "10.0.0.5", "__meta_kubernetes_pod_phase": "Succeeded"}),
	}
}

func with(base, changes pod) pod {
	changed := maps.Clone(base)
	maps.Copy(changed, changes)
	return changed
}

// The relabelling for clusters leads to the jobs and labels that the static configuration has.
func TestPodsAreFoundByTheirAnnotations(t *testing.T) {
	t.Parallel()
	config := clusterWith(t, clusterPods())
	for job, want := range map[string]map[string]string{
		"pods": {
			"http://10.0.0.1:8081/metrics":  "gateway: gateway ai-agents gateway-1",
			"http://[fd00::2]:8082/metrics": "enhancer: enhancer ai-agents enhancer-1",
			"http://10.0.0.6:8082/metrics":  "enhancer: enhancer-alpha tenant-alpha enhancer-alpha-1",
		},
		"daprd": {
			"http://10.0.0.1:9090/metrics":  "daprd: gateway ai-agents gateway-1",
			"http://[fd00::2]:9110/metrics": "daprd: enhancer ai-agents enhancer-1",
			"http://10.0.0.6:9110/metrics":  "daprd: enhancer-alpha tenant-alpha enhancer-alpha-1",
		},
		"dapr-control-plane": {"http://10.0.0.3:9090/": "dapr-control-plane: placement dapr-system placement-0"},
	} {
		output, err := promtool(t, "check", "service-discovery", "--timeout=500ms", config, job)
		if err != nil {
			t.Fatalf("promtool: %v\n%s", err, output)
		}
		var found []struct {
			Labels map[string]string `json:"labels"`
		}
		if err := json.Unmarshal(output, &found); err != nil {
			t.Fatalf("%v in %s", err, output)
		}
		got := map[string]string{}
		for _, f := range found {
			if l := f.Labels; len(l) > 0 { // those that were dropped have none
				got["http://"+l["__address__"]+l["__metrics_path__"]] = strings.Join(
					[]string{l["job"] + ":", l["app_id"] + l["service"], l["namespace"], l["pod"]}, " ")
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", job, got, want)
		}
	}
}

func TestTheCollectorAcceptsWhatShips(t *testing.T) {
	t.Parallel()
	program := filepath.Join(root(t), "bin/otelcol")
	if _, err := os.Stat(program); err != nil {
		t.Fatal("bin/otelcol is missing: `make observability` builds it")
	}
	config := filepath.Join(root(t), "deploy/otel-collector/config.yaml")
	if output, err := exec.CommandContext(t.Context(), program, "validate", "--config", config).CombinedOutput(); err != nil {
		t.Errorf("otelcol: %v\n%s", err, output)
	}
	content, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte(strings.ReplaceAll(string(content), "decision_wait", "decision_wai")), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.CommandContext(t.Context(), program, "validate", "--config", broken).CombinedOutput(); err == nil {
		t.Errorf("otelcol accepts anything: %s", output)
	}
}
