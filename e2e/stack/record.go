package stack

import (
	"errors"
	"fmt"
	"path/filepath"
)

// recordVersion changes when an older launcher could no longer read the record.
const recordVersion = 1

// record is stack.json: what runs, so that another process can look at it and stop it.
type record struct {
	Version   int               `json:"version"`
	Up        bool              `json:"up"` // false while starting
	Detached  bool              `json:"detached"`
	Launcher  identity          `json:"launcher"`
	Processes []recordedProcess `json:"processes"`
	Endpoints endpoints         `json:"endpoints"`
	// PostgresHome is where the database is; see postgrestest.Home.
	PostgresHome string `json:"postgresHome"`
}

type recordedProcess struct {
	identity

	Spec spec `json:"spec"`
}

// endpoints are the addresses of a stack.
type endpoints struct {
	GatewayURL         string            `json:"gatewayUrl"`
	GatewayURLs        []string          `json:"gatewayUrls"` // of all replicas, GatewayURL first
	ConsoleURL         string            `json:"consoleUrl"`
	BootstrapToken     string            `json:"bootstrapToken"` // for the first API token
	SimulatorURL       string            `json:"simulatorUrl"`
	Internal           map[string]string `json:"internal"`  // by app id: the app's own port
	Sidecars           map[string]string `json:"sidecars"`  // by app id: Dapr's HTTP API
	APITokens          map[string]string `json:"apiTokens"` // by app id: towards daprd
	AppTokens          map[string]string `json:"appTokens"` // by app id: from daprd to the app
	DatabaseURL        string            `json:"databaseUrl"`
	ConsoleDatabaseURL string            `json:"consoleDatabaseUrl"`
	AdminDatabaseURL   string            `json:"adminDatabaseUrl"`
	SuperDatabaseURL   string            `json:"superDatabaseUrl"`
	RedisAddr          string            `json:"redisAddr"`
	RedisPassword      string            `json:"redisPassword"`
	SecretsFile        string            `json:"secretsFile"`
	EnhancerAddr       string            `json:"enhancerAddr,omitempty"`
	AllowedNetworks    string            `json:"allowedNetworks"` // what the enhancer may reach of what is not public
	Metrics            []MetricsTarget   `json:"metrics,omitempty"`
	OTLPAddr           string            `json:"otlpAddr,omitempty"`
}

// ErrNotRunning is returned by Attach when no stack runs in the directory.
var ErrNotRunning = errors.New("no stack is running here: start one with `make up`")

// ErrRunning is returned by Start when a stack runs in the directory already.
var ErrRunning = errors.New("a stack is running here already: use it, or stop it with `make down`")

func recordPath(dir string) string { return filepath.Join(dir, "stack.json") }

// readRecord returns nil when there is none.
func readRecord(dir string) (*record, error) {
	var r record
	exists, err := readJSON(recordPath(dir), &r)
	if err != nil || !exists {
		return nil, err
	}
	if r.Version != recordVersion {
		return nil, fmt.Errorf("%s was written by another version (%d, want %d): stop that stack with its own "+
			"tools, then delete the file", recordPath(dir), r.Version, recordVersion)
	}
	return &r, nil
}

// running reports whether any recorded process is alive.
func (r *record) running() bool {
	for i := range r.Processes {
		if r.Processes[i].alive() {
			return true
		}
	}
	return false
}

// usable reports whether the stack is in somebody's use: it came up, everything still runs, and, if it
// depends on its launcher, that does, too. Anything else is left over from a crash.
func (r *record) usable() bool {
	if !r.Detached && r.Launcher.alive() {
		return true
	}
	if !r.Up || !r.Detached || len(r.Processes) == 0 {
		return false
	}
	for i := range r.Processes {
		// What only watches may have ended.
		if p := &r.Processes[i]; p.Spec.Tier != tierBeside && !p.alive() {
			return false
		}
	}
	return true
}
