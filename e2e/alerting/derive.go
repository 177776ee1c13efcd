package alerting

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"
)

// Channels is what of Alertmanager's configuration differs between an installation and a test.
type Channels struct {
	// Addresses: Slack's and the heart-beat's are whole URLs, the mail server's host and port.
	SlackURL, PagerDutyURL, MailAddr, HeartbeatURL string
	// Secrets that stand in files.
	PagerDutyKey, MailPassword string
	// How long to wait for more of a group, and between two messages about it.
	GroupWait, GroupInterval time.Duration
}

// Alertmanager writes the configuration that ships in a directory, with other addresses, secrets and intervals, and nothing else, into
// dir, and gives its path. What is to be replaced has to be there.
func Alertmanager(shipped, dir string, c Channels) (string, error) {
	raw, err := os.ReadFile(filepath.Join(shipped, AlertmanagerFile))
	if err != nil {
		return "", fmt.Errorf("read what ships: %w", err)
	}
	var config map[string]any
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return "", fmt.Errorf("read what ships: %w", err)
	}
	config["templates"] = []string{filepath.Join(shipped, "templates", "*.tmpl")}
	global, _ := config["global"].(map[string]any)
	if global == nil {
		return "", errors.New("there is no global section")
	}
	// Alertmanager's own default for PagerDuty; on loopback there is no TLS.
	global["pagerduty_url"] = c.PagerDutyURL
	secret := func(name, value string) (string, error) {
		path := filepath.Join(dir, name)
		return path, os.WriteFile(path, []byte(value), private)
	}
	slack, err := secret("slack-webhook-url", c.SlackURL+"\n") // as an editor leaves it
	if err != nil {
		return "", fmt.Errorf("write a secret: %w", err)
	}
	password, err := secret("smtp-password", c.MailPassword) // Alertmanager 0.25 takes an end of line for a part of it
	if err != nil {
		return "", fmt.Errorf("write a secret: %w", err)
	}
	key, err := secret("pagerduty-routing-key", c.PagerDutyKey+"\n")
	if err != nil {
		return "", fmt.Errorf("write a secret: %w", err)
	}
	err = errors.Join(
		replace(global, "slack_api_url_file", slack), replace(global, "smtp_smarthost", c.MailAddr),
		replace(global, "smtp_auth_password_file", password), replace(global, "smtp_require_tls", false),
		receivers(config["receivers"], key, c.HeartbeatURL), hurry(config["route"], c),
	)
	if err != nil {
		return "", fmt.Errorf("%s: %w", AlertmanagerFile, err)
	}
	return write(filepath.Join(dir, AlertmanagerFile), config)
}

// receivers gives PagerDuty its key, and the heart-beat an address.
func receivers(shipped any, key, heartbeat string) error {
	all, _ := shipped.([]any)
	keys, beats := 0, 0
	for _, one := range all {
		receiver, _ := one.(map[string]any)
		configs, _ := receiver["pagerduty_configs"].([]any)
		for _, config := range configs {
			if pager, ok := config.(map[string]any); ok && replace(pager, "routing_key_file", key) == nil {
				keys++
			}
		}
		if receiver["name"] == "heartbeat" {
			receiver["webhook_configs"] = []any{map[string]any{"url": heartbeat, "send_resolved": false}}
			beats++
		}
	}
	if keys != 1 || beats != 1 {
		return fmt.Errorf("%d receivers have a PagerDuty key and %d are the heart-beat, want one of each", keys, beats)
	}
	return nil
}

// hurry shortens how long groups are waited for, wherever that is set.
func hurry(route any, c Channels) error {
	r, ok := route.(map[string]any)
	if !ok {
		return errors.New("a route is no mapping")
	}
	for name, d := range map[string]time.Duration{"group_wait": c.GroupWait, "group_interval": c.GroupInterval} {
		if _, set := r[name]; set {
			r[name] = d.String()
		}
	}
	routes, _ := r["routes"].([]any)
	for _, child := range routes {
		if err := hurry(child, c); err != nil {
			return err
		}
	}
	return nil
}

// Prometheus writes into dir a configuration that evaluates the rules that ship at an interval, with their `for` shortened to it, of what
// it scrapes of addresses by job, and hands alerts to an Alertmanager. It gives the configuration's path.
func Prometheus(rulesDir, dir string, interval time.Duration, targets map[string]string, alertmanager string) (string, error) {
	files, err := ReadGroups(rulesDir)
	if err != nil {
		return "", err
	}
	for name, groups := range files {
		for i := range groups {
			groups[i].Interval = ""
			for j := range groups[i].Rules {
				if groups[i].Rules[j].For != "" {
					groups[i].Rules[j].For = interval.String()
				}
			}
		}
		if _, err := write(filepath.Join(dir, "rules-"+name), map[string]any{"groups": groups}); err != nil {
			return "", err
		}
	}
	var jobs []any
	for job, address := range targets {
		jobs = append(jobs, map[string]any{
			"job_name": job, "metrics_path": "/" + job, "static_configs": []any{map[string]any{"targets": []string{address}}},
		})
	}
	return write(filepath.Join(dir, "prometheus.yaml"), map[string]any{
		"global": map[string]any{
			"scrape_interval": interval.String(), "scrape_timeout": interval.String(), "evaluation_interval": interval.String(),
		},
		"rule_files":     []string{filepath.Join(dir, "rules-*.yaml")},
		"scrape_configs": jobs,
		"alerting": map[string]any{"alertmanagers": []any{
			map[string]any{"static_configs": []any{map[string]any{"targets": []string{alertmanager}}}},
		}},
	})
}

// replace sets what is there.
func replace(section map[string]any, name string, value any) error {
	if _, found := section[name]; !found {
		return fmt.Errorf("%s is not set", name)
	}
	section[name] = value
	return nil
}

func write(path string, content any) (string, error) {
	raw, err := yaml.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path, raw, private); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}
