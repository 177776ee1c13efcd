package alerting_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/alerting"
)

func config(t *testing.T) string {
	t.Helper()
	return filepath.Join(root(t), alerting.AlertmanagerDir, alerting.AlertmanagerFile)
}

func TestTheConfigurationIsRight(t *testing.T) {
	run(t, "amtool", "check-config", config(t))
}

func TestRoutesLeadWhereTheyShould(t *testing.T) {
	for name, test := range map[string]struct {
		labels []string
		want   string
	}{
		"critical":              {[]string{"alertname=WorkerDown", "severity=critical"}, "pagerduty,slack,email"},
		"critical, of a tenant": {[]string{"alertname=TicketsLeftOut", "severity=critical", "tenant_id=example-clinic"}, "pagerduty,slack,email"},
		"warning":               {[]string{"alertname=APITokenExpires", "severity=warning"}, "slack,email"},
		"warning, of a tenant":  {[]string{"alertname=ServiceDeskDown", "severity=warning", "tenant_id=example-clinic"}, "slack,email"},
		"the watchdog":          {[]string{"alertname=Watchdog", "severity=none"}, "heartbeat"},
		"no severity":           {[]string{"alertname=Example"}, "slack"},
		"another severity":      {[]string{"alertname=Example", "severity=page"}, "slack"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, "amtool", append([]string{"config", "routes", "test", "--config.file=" + config(t), "--verify.receivers=" + test.want}, test.labels...)...)
		})
	}
}

// A rule that is renamed would not be inhibited, or not inhibit, any more.
func TestInhibitionNamesAlertsThatExist(t *testing.T) {
	raw, err := os.ReadFile(config(t))
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Rules []struct {
			Source []string `yaml:"source_matchers"`
			Target []string `yaml:"target_matchers"`
		} `yaml:"inhibit_rules"`
	}
	if err := yaml.Unmarshal(raw, &parsed); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, rule := range rules(t) {
		names = append(names, rule.Alert)
	}
	matcher := regexp.MustCompile(`^alertname =~? "(.*)"$`)
	looked := 0
	for _, rule := range parsed.Rules {
		for _, m := range slices.Concat(rule.Source, rule.Target) {
			match := matcher.FindStringSubmatch(m)
			if match == nil {
				continue
			}
			for name := range strings.SplitSeq(match[1], "|") {
				looked++
				if !slices.ContainsFunc(names, regexp.MustCompile("^(?:"+name+")$").MatchString) {
					t.Errorf("%s: there is no alert %s", m, name)
				}
			}
		}
	}
	if looked < len(parsed.Rules) {
		t.Errorf("%d names in %d rules: the matchers are not read", looked, len(parsed.Rules))
	}
}

// What a test replaces has to be what ships, or the test would be of something else.
func TestWhatIsToBeReplacedHasToBeThere(t *testing.T) {
	shipped, err := os.ReadFile(config(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ old, new, says string }{
		"no global section": {"global:\n", "globals:\n", "no global section"},
		"no webhook":        {"  slack_api_url_file:", "  slack_api_url:", "slack_api_url_file is not set"},
		"no mail server":    {"  smtp_smarthost:", "  smtp_hello:", "smtp_smarthost is not set"},
		"no PagerDuty key":  {"routing_key_file:", "routing_key:", "0 receivers have a PagerDuty key"},
		"no heart-beat":     {"- name: heartbeat", "- name: pulse", "0 are the heart-beat"},
		"no YAML":           {"global:\n", "global: [\n", "read what ships"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			changed := strings.Replace(string(shipped), test.old, test.new, 1)
			if err := os.WriteFile(filepath.Join(dir, alerting.AlertmanagerFile), []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := alerting.Alertmanager(dir, t.TempDir(), alerting.Channels{}); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want it to say %q", err, test.says)
			}
		})
	}
	if _, err := alerting.Alertmanager(t.TempDir(), t.TempDir(), alerting.Channels{}); err == nil {
		t.Error("nothing ships, and nothing is said")
	}
	if _, err := alerting.Prometheus(t.TempDir(), t.TempDir(), time.Second, nil, ""); err == nil || !strings.Contains(err.Error(), "no rules") {
		t.Errorf("no rules: %v", err)
	}
}

func TestWhatDoesNotStartSaysWhy(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("route: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if p, err := alerting.StartAlertmanager(ctx, t.TempDir(), broken); err == nil || !strings.Contains(err.Error(), "Loading configuration file failed") {
		if err == nil {
			p.Stop()
		}
		t.Errorf("Alertmanager: %v", err)
	}
	if p, err := alerting.StartPrometheus(ctx, t.TempDir(), broken); err == nil || !strings.Contains(err.Error(), "route") {
		if err == nil {
			p.Stop()
		}
		t.Errorf("Prometheus: %v", err)
	}
	if _, err := alerting.Find("no-such-program"); err == nil || !strings.Contains(err.Error(), "tools/install-packages.sh") {
		t.Errorf("a missing program: %v", err)
	}
}
