// Package packaging looks at what the platform is shipped in: the images, docker-compose.yml and the pipeline. They describe the same apps as
// dapr.yaml, and nothing here runs an engine: so what they say is held against it, and against each other. A check gives what is wrong, in words
// for whoever changed the file.
package packaging

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

// Apps lists the folders of apps/, each of which is an image.
func Apps(root string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, "apps"))
	if err != nil {
		return nil, fmt.Errorf("list the apps: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Local is dapr.yaml, as far as images and compose have to agree with it.
type Local struct {
	Common struct {
		ResourcesPaths []string `yaml:"resourcesPaths"`
		Placement      string   `yaml:"placementHostAddress"`
		Scheduler      string   `yaml:"schedulerHostAddress"`
	} `yaml:"common"`
	Apps []LocalApp `yaml:"apps"`
}

// LocalApp is one app of it.
type LocalApp struct {
	ID           string            `yaml:"appID"`
	Command      []string          `yaml:"command"`
	Port         int               `yaml:"appPort"`
	HTTPPort     int               `yaml:"daprHTTPPort"`
	GRPCPort     int               `yaml:"daprGRPCPort"`
	InternalPort int               `yaml:"daprInternalGRPCPort"`
	MetricsPort  int               `yaml:"metricsPort"`
	Config       string            `yaml:"configFilePath"`
	Env          map[string]string `yaml:"env"`
}

// ReadLocal reads root's dapr.yaml.
func ReadLocal(root string) (*Local, error) {
	var local Local
	if err := readYAML(filepath.Join(root, "dapr.yaml"), &local); err != nil {
		return nil, err
	}
	return &local, nil
}

func readYAML(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// problems collects what is wrong.
type problems []string

func (p *problems) addf(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// differ says what one list has and the other one lacks.
func (p *problems) differ(what string, got, want []string) {
	for _, name := range want {
		if !slices.Contains(got, name) {
			p.addf("%s: %s is missing", what, name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			p.addf("%s: %s is too much", what, name)
		}
	}
}
