package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// sidecarSuffix makes the name of an app's daprd out of the app's.
const sidecarSuffix = "-dapr"

// addApps adds each app and its daprd.
func (l *launch) addApps() error {
	e := &l.stack.endpoints
	e.Internal, e.Sidecars = map[string]string{}, map[string]string{}
	e.APITokens, e.AppTokens = map[string]string{}, map[string]string{}
	if err := l.addDedicated(); err != nil {
		return err
	}
	for i := range l.file.Apps {
		a := &l.file.Apps[i]
		if err := l.makeTokens(a.AppID); err != nil {
			return err
		}
		if l.opts.InfraOnly {
			continue
		}
		if err := l.addApp(a); err != nil {
			return err
		}
		if err := l.addSidecar(a); err != nil {
			return err
		}
		if err := l.addReplicas(a); err != nil {
			return err
		}
	}
	return nil
}

// makeTokens gives app and daprd a pair of their own, so that neither can be spoken to by others.
func (l *launch) makeTokens(appID string) error {
	for _, tokens := range []map[string]string{l.stack.endpoints.APITokens, l.stack.endpoints.AppTokens} {
		token, err := random()
		if err != nil {
			return err
		}
		tokens[appID] = token
	}
	return nil
}

// addApp gives the app the environment that the Dapr CLI would, and its own.
func (l *launch) addApp(a *app) error {
	command, err := l.appCommand(a)
	if err != nil {
		return err
	}
	env := map[string]string{
		"APP_ID": a.AppID, "APP_PORT": strconv.Itoa(a.AppPort), "APP_PROTOCOL": l.protocol(a),
		"DAPR_HTTP_PORT": strconv.Itoa(a.HTTPPort), "DAPR_GRPC_PORT": strconv.Itoa(a.GRPCPort),
		"DAPR_METRICS_PORT": strconv.Itoa(a.MetricsPort),
		"DAPR_API_TOKEN":    l.stack.endpoints.APITokens[a.AppID],
		"APP_API_TOKEN":     l.stack.endpoints.AppTokens[a.AppID],
	}
	if l.opts.CoverDir != "" {
		env["GOCOVERDIR"] = l.opts.CoverDir
	}
	maps.Copy(env, l.stack.TracingEnvironment())
	maps.Copy(env, l.appEnv(a))
	ports := []int{a.AppPort}
	for _, value := range l.appEnv(a) {
		for _, match := range localPort().FindAllStringSubmatch(value, -1) {
			if port, err := strconv.Atoi(match[2]); err == nil {
				ports = append(ports, port)
			}
		}
	}
	l.addMetrics(a.AppID, a.processName(), a.AppID, a.AppPort)
	l.add(spec{
		Name: a.processName(), Tier: tierApp, Command: command, Args: a.Command[1:],
		Env: environment(env), Dir: l.file.path(a.AppDirPath), Ports: ports,
		Probe: probe{HTTP: "http://" + loopback(a.AppPort) + "/readyz"},
	})
	return nil
}

// appEnv merges what dapr.yaml and the options set for the app; the more particular wins.
func (l *launch) appEnv(a *app) map[string]string {
	env := map[string]string{}
	maps.Copy(env, l.file.Common.Env)
	maps.Copy(env, a.Env)
	maps.Copy(env, l.opts.Env[a.AppID])
	return env
}

// appCommand is what to run, found as a shell in the app's folder would find it.
func (l *launch) appCommand(a *app) (string, error) {
	name := a.Command[0]
	if l.opts.AppBin != "" {
		name = filepath.Join(l.opts.AppBin, filepath.Base(name))
	}
	if !strings.Contains(name, "/") {
		return name, nil // on the PATH
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(l.file.path(a.AppDirPath), name)
	}
	return executable(name, "make build")
}

func (l *launch) protocol(a *app) string {
	return first(a.AppProtocol, l.file.Common.AppProtocol, "http")
}

func (l *launch) addSidecar(a *app) error {
	command, err := l.daprBinary("daprd")
	if err != nil {
		return err
	}
	l.addMetrics(JobSidecars, a.processName()+sidecarSuffix, a.AppID, a.MetricsPort)
	env := map[string]string{
		"DAPR_HOST_IP":   "127.0.0.1",
		"DAPR_API_TOKEN": l.stack.endpoints.APITokens[a.AppID],
		"APP_API_TOKEN":  l.stack.endpoints.AppTokens[a.AppID],
		"REDIS_HOST":     loopback(l.infra.redis),
		"SECRETS_FILE":   l.secrets.path,
		envEnhancer:      l.enhancerAddr(),
	}
	maps.Copy(env, l.stack.TracingEnvironment())
	l.add(spec{
		Name: a.processName() + sidecarSuffix, Tier: tierSidecar, Command: command, Args: l.sidecarArgs(a),
		Env:   environment(env),
		Dir:   l.file.path(a.AppDirPath),
		Ports: []int{a.HTTPPort, a.GRPCPort, a.InternalGRPCPort, a.MetricsPort},
		Probe: probe{HTTP: "http://" + loopback(a.HTTPPort) + "/v1.0/healthz"},
	})
	return nil
}

// envEnhancer tells the console's sidecar where the enhancer's is: its configuration says so instead of looking for it on
// the network, where the enhancers of other stacks would answer too.
const envEnhancer = "ENHANCER_DAPR_ADDR"

// enhancerAddr is where the sidecar of the first enhancer takes calls of other sidecars; empty without an enhancer.
func (l *launch) enhancerAddr() string {
	for i := range l.file.Apps {
		if a := &l.file.Apps[i]; a.AppID == "enhancer" {
			return loopback(a.InternalGRPCPort)
		}
	}
	return ""
}

// describe fills in the addresses that the accessors return.
func (l *launch) describe() {
	e := &l.stack.endpoints
	e.RedisAddr, e.RedisPassword = loopback(l.infra.redis), l.secrets.store[secretRedis]
	e.DatabaseURL, e.ConsoleDatabaseURL = l.secrets.store[secretDatabaseURL], l.secrets.store[secretConsoleURL]
	e.AdminDatabaseURL, e.SuperDatabaseURL = l.secrets.adminURL(l.infra.postgres), l.server.SuperURL(databaseName)
	e.EnhancerAddr = l.enhancerAddr()
	e.SecretsFile, e.BootstrapToken = l.secrets.path, l.secrets.store[secretBootstrap]
	for i := range l.file.Apps {
		a := &l.file.Apps[i]
		e.Internal[a.AppID] = "http://" + loopback(a.AppPort)
		e.Sidecars[a.AppID] = "http://" + loopback(a.HTTPPort)
		if address := l.appEnv(a)["CONSOLE_ADDR"]; address != "" && a.AppID == console {
			e.ConsoleURL = "http://" + address
		}
		public := l.appEnv(a)["PUBLIC_ADDR"]
		if public == "" {
			continue
		}
		switch a.AppID {
		case "gateway":
			e.GatewayURL = "http://" + public
			e.GatewayURLs = append([]string{e.GatewayURL}, e.GatewayURLs...)
		case simulator:
			e.SimulatorURL = "http://" + public
		}
	}
}

// environment is the whole environment of a process: the parent's would carry settings and secrets
// that are nobody's business here.
func environment(own map[string]string) []string {
	env := inherited()
	for _, name := range slices.Sorted(maps.Keys(own)) {
		env = append(env, name+"="+own[name])
	}
	return env
}

// inherited is what every process may know of its parent's environment.
func inherited() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, fmt.Sprintf("%s=%s", name, value))
		}
	}
	return env
}

// first returns the first value that is set.
func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
