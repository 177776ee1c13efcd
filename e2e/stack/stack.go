// Package stack is the platform on one machine: every process, its ports, its secrets. It stands in
// for the Dapr CLI and reads the same dapr.yaml, starts Postgres, Redis and Dapr's own services beside
// the apps, and stops only what it started. `make up`, `make demo` and the end-to-end tests use it.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// Stack is a set of processes that make up the platform, started here or attached to. Its methods may
// be called at the same time.
type Stack struct {
	dir       string
	detach    bool
	grace     time.Duration
	logger    *slog.Logger
	ports     *allocator
	endpoints endpoints
	home      string // of Postgres

	list      sync.RWMutex        // guards processes
	processes map[string]*Process // but for those beside it, fixed before any of them starts

	mu       sync.Mutex // guards up and stack.json
	up       bool
	launcher identity
}

// Attach finds the stack that runs in dir, whoever started it. Without one it returns ErrNotRunning.
func Attach(dir string) (*Stack, error) {
	r, err := readRecord(dir)
	if err != nil {
		return nil, err
	}
	if r == nil || !r.running() {
		return nil, fmt.Errorf("%s: %w", dir, ErrNotRunning)
	}
	return fromRecord(dir, r), nil
}

func fromRecord(dir string, r *record) *Stack {
	s := &Stack{
		dir: dir, detach: r.Detached, grace: defaultGrace, logger: slog.New(slog.DiscardHandler),
		ports: newAllocator(Prefer), processes: map[string]*Process{}, endpoints: r.Endpoints,
		home: r.PostgresHome, up: r.Up, launcher: r.Launcher,
	}
	for i := range r.Processes {
		p := &r.Processes[i]
		s.processes[p.Spec.Name] = &Process{stack: s, spec: p.Spec, id: p.identity}
	}
	return s
}

// Process returns the process of that name or nil: postgres, redis, placement, scheduler, and for each
// app its id and its id followed by -dapr, with a number between for further replicas; and whatever StartBeside started.
func (s *Stack) Process(name string) *Process {
	s.list.RLock()
	defer s.list.RUnlock()
	return s.processes[name]
}

// Processes returns all processes, those that others depend on first.
func (s *Stack) Processes() []*Process {
	s.list.RLock()
	all := slices.Collect(maps.Values(s.processes))
	s.list.RUnlock()
	slices.SortFunc(all, func(a, b *Process) int {
		if a.spec.Tier != b.spec.Tier {
			return int(a.spec.Tier - b.spec.Tier)
		}
		if a.spec.Name < b.spec.Name {
			return -1
		}
		return 1
	})
	return all
}

// GatewayURL is the public address of the gateway.
func (s *Stack) GatewayURL() string { return s.endpoints.GatewayURL }

// GatewayURLs are the public addresses of all replicas of the gateway, that of GatewayURL first.
func (s *Stack) GatewayURLs() []string { return s.endpoints.GatewayURLs }

// ConsoleURL is the address of the admin API, without its prefix.
func (s *Stack) ConsoleURL() string { return s.endpoints.ConsoleURL }

// BootstrapToken is what is exchanged at the console for the first API token, once.
func (s *Stack) BootstrapToken() string { return s.endpoints.BootstrapToken }

// SimulatorURL is the address of the simulated ServiceDesk Plus, knowledge base and LLM.
func (s *Stack) SimulatorURL() string { return s.endpoints.SimulatorURL }

// InternalURL is where an app's health, metrics and sidecar routes are; empty for an unknown app.
func (s *Stack) InternalURL(app string) string { return s.endpoints.Internal[app] }

// SidecarURL is the HTTP API of an app's daprd; empty for an unknown app.
func (s *Stack) SidecarURL(app string) string { return s.endpoints.Sidecars[app] }

// APIToken is what an app shows to its daprd, in the header dapr-api-token.
func (s *Stack) APIToken(app string) string { return s.endpoints.APITokens[app] }

// AppToken is what a daprd shows to its app, in the header dapr-api-token.
func (s *Stack) AppToken(app string) string { return s.endpoints.AppTokens[app] }

// DatabaseURL connects to the database as the apps do.
func (s *Stack) DatabaseURL() string { return s.endpoints.DatabaseURL }

// ConsoleDatabaseURL connects to the database as the console does.
func (s *Stack) ConsoleDatabaseURL() string { return s.endpoints.ConsoleDatabaseURL }

// AdminDatabaseURL connects to the database as the owner of the tables.
func (s *Stack) AdminDatabaseURL() string { return s.endpoints.AdminDatabaseURL }

// SecretsFile is the JSON file behind the local secret store.
func (s *Stack) SecretsFile() string { return s.endpoints.SecretsFile }

// RedisAddr is host:port of Redis.
func (s *Stack) RedisAddr() string { return s.endpoints.RedisAddr }

// RedisPassword is what Redis wants to see.
func (s *Stack) RedisPassword() string { return s.endpoints.RedisPassword }

// Dir is the run directory.
func (s *Stack) Dir() string { return s.dir }

// save writes stack.json.
func (s *Stack) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := record{
		Version: recordVersion, Up: s.up, Detached: s.detach, Launcher: s.launcher,
		Endpoints: s.endpoints, PostgresHome: s.home,
	}
	for _, p := range s.Processes() {
		if id := p.identity(); id.PID != 0 {
			r.Processes = append(r.Processes, recordedProcess{identity: id, Spec: p.spec})
		}
	}
	return writeJSON(recordPath(s.dir), r)
}

// Stop ends all processes in the order in which they need each other: apps first, which finish what
// they have accepted, Postgres late, and last what only watches. What does not end within its grace is killed. Data stays. Stopping
// a stopped stack does nothing.
func (s *Stack) Stop(ctx context.Context) error {
	unlock, err := lockDir(s.dir)
	if err != nil {
		return err
	}
	defer unlock()
	return s.stop(ctx)
}

func (s *Stack) stop(ctx context.Context) error {
	var errs []error
	for t := tierApp; t >= tierBeside; t-- {
		errs = append(errs, s.stopTier(ctx, t))
	}
	s.ports.releaseAll()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop the stack: %w", err)
	}
	if err := os.Remove(recordPath(s.dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forget the stopped stack: %w", err)
	}
	return nil
}

func (s *Stack) stopTier(ctx context.Context, t tier) error {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for _, p := range s.Processes() {
		if p.spec.Tier != t {
			continue
		}
		wg.Go(func() {
			if err := p.stop(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
