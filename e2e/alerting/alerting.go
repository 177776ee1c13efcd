// Package alerting owns the checks of who is told of what: it reads the rules that ship, starts the real Prometheus and Alertmanager with
// what ships, its intervals and addresses replaced, and delivers to fakes of the channels.
package alerting

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

// Where the parts lie, below the root of the repository.
const (
	RulesDir         = "deploy/prometheus/rules"
	TestsDir         = "deploy/prometheus/tests"
	AlertmanagerDir  = "deploy/alertmanager"
	AlertmanagerFile = "alertmanager.yaml"
)

// Rule is a recording rule or an alert.
type Rule struct {
	File, Group string `yaml:"-"`

	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// Group is a group of rules, as in a file.
type Group struct {
	Name     string `yaml:"name"`
	Interval string `yaml:"interval,omitempty"`
	Rules    []Rule `yaml:"rules"`
}

// ReadGroups gives the groups of each file in a directory.
func ReadGroups(dir string) (map[string][]Group, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no rules in %s (%w)", dir, err)
	}
	all := map[string][]Group{}
	for _, path := range files {
		var content struct {
			Groups []Group `yaml:"groups"`
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		if err := yaml.Unmarshal(raw, &content); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all[filepath.Base(path)] = content.Groups
	}
	return all, nil
}

// ReadRules gives all rules of a directory, those of a file in their order.
func ReadRules(dir string) ([]Rule, error) {
	files, err := ReadGroups(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var rules []Rule
	for _, name := range names {
		for _, group := range files[name] {
			for _, rule := range group.Rules {
				rule.File, rule.Group = name, group.Name
				rules = append(rules, rule)
			}
		}
	}
	return rules, nil
}
