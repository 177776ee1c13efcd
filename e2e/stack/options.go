package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	defaultGrace        = 20 * time.Second
	defaultReadyTimeout = 90 * time.Second
	databaseName        = "ai_agents"
)

// CoverVariable names the environment variable that Covered reads.
const CoverVariable = "E2E_COVER"

// Options describe a stack to start. The zero value starts all of the nearest dapr.yaml.
type Options struct {
	// Root is the repository; found from the working directory when empty. bin/ is below it.
	Root string
	// File describes the apps; Root/dapr.yaml when empty.
	File string
	// Dir holds data, logs and secrets; Root/.run when empty.
	Dir string
	// Ports says how closely to keep to the ports in File.
	Ports PortPolicy
	// Env adds to the environment of apps and wins over File; by app id, then by variable.
	Env map[string]map[string]string
	// Replicas says how many processes an app has, by app id; one when absent. The further ones are called gateway-2 and so on.
	Replicas map[string]int
	// Dedicated are tenants with an enhancer of their own: an app enhancer-<tenant>, beside the one that tenants share. The tenant has to
	// be moved to it.
	Dedicated []string
	// Traced has apps and sidecars export their traces to Stack.OTLPAddr, where package observe starts a collector. What they
	// report before it is there is lost.
	Traced bool
	// InfraOnly leaves the apps out: for `dapr run -f .` beside it.
	InfraOnly bool
	// Detach lets the processes outlive this one. Otherwise they die with it, even if it is killed.
	Detach bool
	// AppBin holds the apps' executables, in place of the folder that File names.
	AppBin string
	// CoverDir is where instrumented apps leave their coverage data, when they end in good order.
	CoverDir string
	// Grace is how long a process may take to stop before it is killed; 20 s when zero.
	Grace time.Duration
	// ReadyTimeout bounds the whole start; 90 s when zero.
	ReadyTimeout time.Duration
	// Progress hears of each step: a process' name, "starting", "ready" or "failed", and how long that
	// took. It is called by one goroutine at a time.
	Progress func(name, state string, took time.Duration)
	// Logger is for what Progress does not tell; nil for none.
	Logger *slog.Logger
}

// Covered makes the apps' coverage count if the environment asks for it: E2E_COVER names a folder with
// instrumented executables in bin/ and room for their data in data/.
func (o Options) Covered() Options {
	if dir := os.Getenv(CoverVariable); dir != "" {
		o.AppBin, o.CoverDir = filepath.Join(dir, "bin"), filepath.Join(dir, "data")
	}
	return o
}

// FindRoot returns the nearest folder, from the working directory upwards, that has a dapr.yaml.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "dapr.yaml"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find the repository: %w", err)
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no dapr.yaml here or in a folder above: run this inside the repository")
		}
		dir = filepath.Dir(dir)
	}
}

// complete fills in what was left out and makes paths absolute.
func (o Options) complete() (Options, error) {
	if o.Root == "" {
		root, err := FindRoot()
		if err != nil {
			return o, err
		}
		o.Root = root
	}
	if o.File == "" {
		o.File = filepath.Join(o.Root, "dapr.yaml")
	}
	if o.Dir == "" {
		o.Dir = filepath.Join(o.Root, ".run")
	}
	for _, path := range []*string{&o.Root, &o.File, &o.Dir, &o.AppBin, &o.CoverDir} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return o, fmt.Errorf("make %s absolute: %w", *path, err)
		}
		*path = abs
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.ReadyTimeout == 0 {
		o.ReadyTimeout = defaultReadyTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Progress = oneAtATime(o.Progress)
	return o, nil
}

func oneAtATime(report func(string, string, time.Duration)) func(string, string, time.Duration) {
	if report == nil {
		return func(string, string, time.Duration) {}
	}
	var mu sync.Mutex
	return func(name, state string, took time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		report(name, state, took)
	}
}
