package stack

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// runFile is a dapr.yaml. It knows every key that the Dapr CLI 1.18 knows for local runs, so that a
// misspelt one is an error here, too. Keys that say where logs go or where Dapr is installed are
// accepted and have no effect: that is ours to decide.
type runFile struct {
	Version int      `yaml:"version"`
	Name    string   `yaml:"name"`
	Common  settings `yaml:"common"`
	Apps    []app    `yaml:"apps"`

	dir string // of the file; its paths are relative to it
}

// settings may stand under common and in each app, where they win.
type settings struct {
	Env                  map[string]string `yaml:"env"`
	ResourcesPaths       []string          `yaml:"resourcesPaths"`
	ResourcesPath        string            `yaml:"resourcesPath"`
	ConfigFilePath       string            `yaml:"configFilePath"`
	AppProtocol          string            `yaml:"appProtocol"`
	LogLevel             string            `yaml:"logLevel"`
	APIListenAddresses   string            `yaml:"apiListenAddresses"`
	AppMaxConcurrency    string            `yaml:"appMaxConcurrency"`
	PlacementHostAddress string            `yaml:"placementHostAddress"`
	SchedulerHostAddress string            `yaml:"schedulerHostAddress"`
	MaxBodySize          string            `yaml:"maxBodySize"`
	ReadBufferSize       string            `yaml:"readBufferSize"`
	EnableAppHealthCheck bool              `yaml:"enableAppHealthCheck"`
	AppHealthCheckPath   string            `yaml:"appHealthCheckPath"`
	AppHealthInterval    string            `yaml:"appHealthProbeInterval"`
	AppHealthTimeout     string            `yaml:"appHealthProbeTimeout"`
	AppHealthThreshold   string            `yaml:"appHealthThreshold"`
	EnableAPILogging     bool              `yaml:"enableApiLogging"`
	EnableProfiling      bool              `yaml:"enableProfiling"`
	DaprdLogDestination  string            `yaml:"daprdLogDestination"`
	AppLogDestination    string            `yaml:"appLogDestination"`
	RuntimePath          string            `yaml:"runtimePath"`
	UnixDomainSocket     string            `yaml:"unixDomainSocket"`
	ContainerImage       string            `yaml:"containerImage"`
	ContainerPullPolicy  string            `yaml:"containerImagePullPolicy"`
	CreateService        bool              `yaml:"createService"`
	AppChannelAddress    string            `yaml:"appChannelAddress"`
}

// app is one entry of apps.
type app struct {
	settings `yaml:",inline"`

	AppID            string   `yaml:"appID"`
	AppDirPath       string   `yaml:"appDirPath"`
	Command          []string `yaml:"command"`
	AppPort          int      `yaml:"appPort"`
	HTTPPort         int      `yaml:"daprHTTPPort"`
	GRPCPort         int      `yaml:"daprGRPCPort"`
	InternalGRPCPort int      `yaml:"daprInternalGRPCPort"`
	MetricsPort      int      `yaml:"metricsPort"`
	ProfilePort      int      `yaml:"profilePort"`

	number int // of the replica; 0 for the only or first one
}

// readRunFile reads the file and moves its ports by means of the allocator.
func readRunFile(path string, ports *allocator) (*runFile, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the description of the apps: %w", err)
	}
	file, err := parseRunFile(content, ports)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file.dir, err = filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

func parseRunFile(content []byte, ports *allocator) (*runFile, error) {
	var file runFile
	strict := yaml.NewDecoder(bytes.NewReader(content))
	strict.KnownFields(true)
	if err := strict.Decode(&file); err != nil {
		return nil, fmt.Errorf("a key or value the Dapr CLI would not understand: %w", err)
	}
	if err := file.validate(); err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if err := ports.prefer(preferredPorts(&document)...); err != nil {
		return nil, err
	}
	movePorts(&document, ports)
	var moved runFile
	if err := document.Decode(&moved); err != nil {
		return nil, fmt.Errorf("read again with ports moved: %w", err)
	}
	return &moved, moved.fillPorts(ports)
}

// validate names everything wrong at once.
func (f *runFile) validate() error {
	var errs []error
	if f.Version != 1 {
		errs = append(errs, fmt.Errorf("version is %d, want 1", f.Version))
	}
	owner := map[int]string{}
	ids := map[string]bool{}
	for i := range f.Apps {
		a := &f.Apps[i]
		if a.AppID == "" || len(a.Command) == 0 {
			errs = append(errs, fmt.Errorf("app %d needs appID and command", i+1))
		}
		if ids[a.AppID] {
			errs = append(errs, fmt.Errorf("appID %s is given twice", a.AppID))
		}
		ids[a.AppID] = true
		for key, port := range a.ports() {
			use := a.AppID + "'s " + key
			if taken := owner[*port]; *port != 0 && taken != "" {
				errs = append(errs, fmt.Errorf("port %d is %s and also %s", *port, taken, use))
			}
			owner[*port] = use
		}
	}
	return errors.Join(errs...)
}

// ports lists the app's port keys. daprd and app each need all of them but profilePort.
func (a *app) ports() map[string]*int {
	return map[string]*int{
		"appPort": &a.AppPort, "daprHTTPPort": &a.HTTPPort, "daprGRPCPort": &a.GRPCPort,
		"daprInternalGRPCPort": &a.InternalGRPCPort, "metricsPort": &a.MetricsPort,
	}
}

// fillPorts gives a free port to each key that the file leaves out.
func (f *runFile) fillPorts(ports *allocator) error {
	for i := range f.Apps {
		for _, port := range f.Apps[i].ports() {
			if *port != 0 {
				continue
			}
			free, err := ports.any()
			if err != nil {
				return err
			}
			*port = free
		}
	}
	return nil
}

// path makes a path of the file absolute.
func (f *runFile) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, name)
}
