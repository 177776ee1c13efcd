package packaging

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// pinned is an action by its commit. A tag can be moved to another one, and was.
var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)

type workflow struct {
	Permissions any            `yaml:"permissions"`
	Jobs        map[string]job `yaml:"jobs"`
}

type job struct {
	Uses        string            `yaml:"uses"`
	Permissions map[string]string `yaml:"permissions"`
	Timeout     int               `yaml:"timeout-minutes"`
	Strategy    struct {
		Matrix struct {
			Target []string `yaml:"target"`
		} `yaml:"matrix"`
	} `yaml:"strategy"`
	Steps []struct {
		Uses string            `yaml:"uses"`
		With map[string]string `yaml:"with"`
	} `yaml:"steps"`
}

// CheckWorkflow says what a workflow of the pipeline may do that it should not. Its syntax is actionlint's.
func CheckWorkflow(content []byte) ([]string, error) {
	var file workflow
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("read the workflow: %w", err)
	}
	var found problems
	switch top := file.Permissions.(type) {
	case map[string]any:
		for name, right := range top {
			if right != "read" && right != "none" {
				found.addf("permissions: %s is %v for all jobs; give it to the one that needs it", name, right)
			}
		}
	default:
		found.addf("permissions: %v; name them, {} for none", top)
	}
	for name, job := range file.Jobs {
		if job.Timeout == 0 && job.Uses == "" {
			found.addf("%s: timeout-minutes is missing", name)
		}
		uses := []string{job.Uses}
		for _, step := range job.Steps {
			uses = append(uses, step.Uses)
			if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != "false" {
				found.addf("%s: checkout leaves the token to all later steps; set persist-credentials: false", name)
			}
		}
		for _, action := range uses {
			if action != "" && !strings.HasPrefix(action, "./") && !pinned.MatchString(action) {
				found.addf("%s: %s is not pinned by its commit", name, action)
			}
		}
	}
	return found, nil
}

// CheckImages says which of the apps a job that goes through images leaves out, or makes up.
func CheckImages(content []byte, apps []string) ([]string, error) {
	var file workflow
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("read the workflow: %w", err)
	}
	var found problems
	for name, job := range file.Jobs {
		for _, app := range apps {
			if !slices.Contains(job.Strategy.Matrix.Target, app) {
				found.addf("%s: %s is missing in its matrix", name, app)
			}
		}
		for _, target := range job.Strategy.Matrix.Target {
			if !slices.Contains(apps, target) {
				found.addf("%s: %s is in its matrix, and no app", name, target)
			}
		}
	}
	return found, nil
}
