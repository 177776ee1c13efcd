package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// Preferred ports of what dapr.yaml does not mention. They are not the services' own defaults, so that
// a Redis or Postgres of the machine is no obstacle.
const (
	preferPostgres         = 15432
	preferRedis            = 16379
	preferPlacementHealth  = 18080
	preferPlacementMetrics = 19090
	preferPlacementRaft    = 18201
	preferSchedulerHealth  = 18081
	preferSchedulerMetrics = 19091
	preferEtcdClient       = 12379
	preferEtcdPeer         = 12380
	// Dapr's own, used when dapr.yaml names no address.
	preferPlacement = 50005
	preferScheduler = 50006
)

// infraPorts are the actual ones.
type infraPorts struct {
	postgres, redis                                    int
	placement, placementHealth, placementMetrics, raft int
	scheduler, schedulerHealth, schedulerMetrics       int
	etcdClient, etcdPeer                               int
}

func chooseInfraPorts(file *runFile, ports *allocator) (infraPorts, error) {
	var chosen infraPorts
	placement, err := portOf(file.Common.PlacementHostAddress)
	if err != nil {
		return chosen, fmt.Errorf("placementHostAddress: %w", err)
	}
	scheduler, err := portOf(file.Common.SchedulerHostAddress)
	if err != nil {
		return chosen, fmt.Errorf("schedulerHostAddress: %w", err)
	}
	chosen.placement, chosen.scheduler = placement, scheduler
	for _, want := range []struct {
		port      *int
		preferred int
	}{
		{&chosen.postgres, preferPostgres},
		{&chosen.redis, preferRedis},
		{&chosen.placement, preferPlacement},
		{&chosen.placementHealth, preferPlacementHealth},
		{&chosen.placementMetrics, preferPlacementMetrics},
		{&chosen.raft, preferPlacementRaft},
		{&chosen.scheduler, preferScheduler},
		{&chosen.schedulerHealth, preferSchedulerHealth},
		{&chosen.schedulerMetrics, preferSchedulerMetrics},
		{&chosen.etcdClient, preferEtcdClient},
		{&chosen.etcdPeer, preferEtcdPeer},
	} {
		if *want.port != 0 {
			continue
		}
		if *want.port, err = ports.one(want.preferred); err != nil {
			return chosen, err
		}
	}
	return chosen, nil
}

// portOf reads host:port; 0 when the address is empty.
func portOf(address string) (int, error) {
	if address == "" {
		return 0, nil
	}
	_, number, err := net.SplitHostPort(address)
	if err != nil {
		return 0, fmt.Errorf("want host:port: %w", err)
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		return 0, fmt.Errorf("want host:port: %w", err)
	}
	return port, nil
}

func (l *launch) addInfra(ctx context.Context) error {
	if err := l.addPostgres(ctx); err != nil {
		return err
	}
	if err := l.addRedis(); err != nil {
		return err
	}
	return errors.Join(l.addPlacement(), l.addScheduler())
}

func (l *launch) addPostgres(ctx context.Context) error {
	server, err := postgrestest.Prepare(ctx, postgrestest.ClusterOptions{
		Dir: filepath.Join(l.opts.Dir, "postgres"), Port: l.infra.postgres, Durable: true, Logger: l.opts.Logger,
	})
	if err != nil {
		return fmt.Errorf("prepare postgres: %w", err)
	}
	l.stack.home = server.Home
	l.server = server
	l.add(spec{
		Name: "postgres", Tier: tierPostgres, Command: server.Command, Args: server.Args, Env: server.Env,
		Dir: server.Home, Credential: server.Credential, Ports: []int{l.infra.postgres},
		StopSignal: syscall.SIGINT, // a fast shutdown; SIGTERM would wait for all clients
		Probe:      probe{Postgres: server.SuperURL("postgres")},
	})
	return nil
}

// addRedis writes the settings to a file, because a password on the command line is everybody's to read.
func (l *launch) addRedis() error {
	command, err := exec.LookPath("redis-server")
	if err != nil {
		return fmt.Errorf("no Redis found: install it, on Debian or Ubuntu with `apt-get install redis-server`: %w", err)
	}
	data := filepath.Join(l.opts.Dir, "redis")
	config := filepath.Join(data, "redis.conf")
	password := l.secrets.store[secretRedis]
	content := strings.Join([]string{
		"bind 127.0.0.1", "port " + strconv.Itoa(l.infra.redis), "protected-mode yes", "requirepass " + password,
		"daemonize no", "dir " + strconv.Quote(data), "save \"\"", "appendonly yes", "appendfsync everysec", "",
	}, "\n")
	if err := writeFile(config, []byte(content)); err != nil {
		return err
	}
	l.add(spec{
		Name: "redis", Tier: tierRedis, Command: command, Args: []string{config}, Dir: data,
		Ports: []int{l.infra.redis}, Probe: probe{Redis: &redisProbe{Address: loopback(l.infra.redis), Password: password}},
	})
	return nil
}

func (l *launch) addPlacement() error {
	command, err := l.daprBinary("placement")
	if err != nil {
		return err
	}
	l.addMetrics(JobControlPlane, "placement", "", l.infra.placementMetrics)
	l.add(spec{
		Name: "placement", Tier: tierPlacement, Command: command, Args: []string{
			"--listen-address", "127.0.0.1", "--port", strconv.Itoa(l.infra.placement),
			"--healthz-listen-address", "127.0.0.1", "--healthz-port", strconv.Itoa(l.infra.placementHealth),
			"--metrics-listen-address", "127.0.0.1", "--metrics-port", strconv.Itoa(l.infra.placementMetrics),
			"--initial-cluster", "dapr-placement-0=" + loopback(l.infra.raft), "--log-as-json",
		},
		Ports: []int{l.infra.placement, l.infra.placementHealth, l.infra.placementMetrics, l.infra.raft},
		Probe: probe{HTTP: "http://" + loopback(l.infra.placementHealth) + "/healthz"},
	})
	return nil
}

func (l *launch) addScheduler() error {
	command, err := l.daprBinary("scheduler")
	if err != nil {
		return err
	}
	l.addMetrics(JobControlPlane, "scheduler", "", l.infra.schedulerMetrics)
	l.add(spec{
		Name: "scheduler", Tier: tierScheduler, Command: command, Args: []string{
			"--listen-address", "127.0.0.1", "--port", strconv.Itoa(l.infra.scheduler),
			"--healthz-listen-address", "127.0.0.1", "--healthz-port", strconv.Itoa(l.infra.schedulerHealth),
			"--metrics-listen-address", "127.0.0.1", "--metrics-port", strconv.Itoa(l.infra.schedulerMetrics),
			"--override-broadcast-host-port", loopback(l.infra.scheduler),
			"--etcd-data-dir", filepath.Join(l.opts.Dir, "scheduler"),
			"--etcd-client-listen-address", "127.0.0.1", "--etcd-client-port", strconv.Itoa(l.infra.etcdClient),
			"--etcd-initial-cluster", "dapr-scheduler-server-0=http://" + loopback(l.infra.etcdPeer),
			"--etcd-initial-election-tick-advance", "--log-as-json",
		},
		Ports: []int{
			l.infra.scheduler, l.infra.schedulerHealth, l.infra.schedulerMetrics, l.infra.etcdClient, l.infra.etcdPeer,
		},
		Probe: probe{HTTP: "http://" + loopback(l.infra.schedulerHealth) + "/healthz"},
	})
	return nil
}

// daprBinary finds one of Dapr's own programs, which this repository builds for itself.
func (l *launch) daprBinary(name string) (string, error) {
	return executable(filepath.Join(l.opts.Root, "bin", name), "tools/build-dapr.sh")
}

// executable checks that a program is there and names the command that builds it.
func executable(path, builtBy string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s is missing, build it with `%s`: %w", path, builtBy, err)
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("%s is not executable, build it again with `%s`", path, builtBy)
	}
	return path, nil
}

// add completes a description and makes it a process of the stack, not started yet.
func (l *launch) add(s spec) {
	s = completed(l.opts.Dir, s)
	l.stack.processes[s.Name] = &Process{stack: l.stack, spec: s}
}

// completed fills in what was left out of a description.
func completed(dir string, s spec) spec {
	s.Log = filepath.Join(dir, "logs", s.Name+".log")
	if s.Dir == "" {
		s.Dir = dir
	}
	if s.Env == nil {
		s.Env = inherited()
	}
	if s.StopSignal == 0 {
		s.StopSignal = syscall.SIGTERM
	}
	return s
}
