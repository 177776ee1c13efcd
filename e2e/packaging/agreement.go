package packaging

import (
	"maps"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// registry is where our images are.
const registry = "ghcr.io/ai-agents/"

// sidecarSuffix makes the name of an app's sidecar out of the app's.
const sidecarSuffix = "-dapr"

// ownEnv are settings that an app has with compose and that dapr.yaml does not give, each with its reason.
func ownEnv() map[string]string {
	const launcher = "dapr.yaml leaves it to whoever starts the app"
	const traces = "empty unless a profile keeps traces"
	return map[string]string{
		"LOG_LEVEL": "common to all in dapr.yaml", "APP_PORT": launcher, "DAPR_HTTP_PORT": launcher, "DAPR_GRPC_PORT": launcher,
		"DAPR_API_TOKEN": launcher, "APP_API_TOKEN": launcher,
		"INTERNAL_HOST":               "Prometheus comes from another container",
		"CONSOLE_ALLOW_PLAIN_HTTP":    "the listener is not on loopback inside of the container; it is published on loopback",
		"SIMULATOR_ALLOW_REMOTE":      "the same",
		"TRUSTED_PROXIES":             "nothing is before the apps on one machine",
		"SIMULATOR_URL":               "a name, where dapr.yaml has loopback",
		"OTEL_EXPORTER_OTLP_ENDPOINT": traces, "OTEL_EXPORTER_OTLP_INSECURE": traces,
	}
}

// Agree says where compose and dapr.yaml differ, in both directions.
func Agree(local *Local, project *types.Project) []string {
	var found problems
	var want, got []string
	for i := range local.Apps {
		app := &local.Apps[i]
		want = append(want, app.ID)
		service, there := project.Services[app.ID]
		sidecar, beside := project.Services[app.ID+sidecarSuffix]
		if !there || !beside {
			found.addf("%s of dapr.yaml: services %[1]s and %[1]s%[2]s are wanted", app.ID, sidecarSuffix)
			continue
		}
		found.app(app, &service, project)
		found.sidecar(local, app, &sidecar)
		for _, token := range []string{"DAPR_API_TOKEN", "APP_API_TOKEN"} {
			if mine := value(&service, token); mine == "" || mine != value(&sidecar, token) {
				found.addf("%s and its sidecar differ in %s", app.ID, token)
			}
		}
	}
	for name := range project.Services {
		if id, is := strings.CutSuffix(name, sidecarSuffix); is {
			got = append(got, id)
		}
	}
	found.differ("apps with a sidecar", got, want)
	return found
}

func value(service *types.ServiceConfig, name string) string {
	if v := service.Environment[name]; v != nil {
		return *v
	}
	return ""
}

func (p *problems) app(app *LocalApp, service *types.ServiceConfig, project *types.Project) {
	if program := path.Base(app.Command[0]); service.Build == nil || service.Build.Target != program || len(service.Command) > 0 {
		p.addf("%s: dapr.yaml runs %v; the image of target %s does, and no command is wanted", app.ID, app.Command, program)
	}
	for name, want := range map[string]int{"APP_PORT": app.Port, "DAPR_HTTP_PORT": app.HTTPPort, "DAPR_GRPC_PORT": app.GRPCPort} {
		if got := value(service, name); got != strconv.Itoa(want) {
			p.addf("%s: %s is %s, %d in dapr.yaml", app.ID, name, got, want)
		}
	}
	for name, want := range app.Env {
		if got := value(service, name); !same(got, want, project) {
			p.addf("%s: %s is %q, %q in dapr.yaml", app.ID, name, got, want)
		}
	}
	own := ownEnv()
	for name := range service.Environment {
		if _, there := app.Env[name]; !there && own[name] == "" {
			p.addf("%s: %s is not in dapr.yaml", app.ID, name)
		}
	}
}

// same: what dapr.yaml has on loopback, compose has under the name of a service, at the same port.
func same(got, want string, project *types.Project) bool {
	if got == want {
		return true
	}
	// The simulator's address, and no more of the network than that.
	if _, network, err := net.ParseCIDR(want); err == nil && network.IP.IsLoopback() {
		outside := project.Services["simulator"].Networks["outside"]
		return outside != nil && got == outside.Ipv4Address+"/32"
	}
	if host, port, err := net.SplitHostPort(want); err == nil && host == "127.0.0.1" {
		return got == net.JoinHostPort("0.0.0.0", port)
	}
	a, errA := url.Parse(got)
	b, errB := url.Parse(want)
	if errA != nil || errB != nil || a.Hostname() == "" || b.Hostname() != "127.0.0.1" {
		return false
	}
	return a.Scheme == b.Scheme && a.Port() == b.Port() && a.Path == b.Path && listens(project, a.Hostname(), a.Port())
}

// listens: the name is that of a service, and its public listener is at the port.
func listens(project *types.Project, host, port string) bool {
	for name := range project.Services {
		service := project.Services[name]
		if !slices.Contains(names(&service), host) {
			continue
		}
		for _, address := range []string{value(&service, "PUBLIC_ADDR"), value(&service, "CONSOLE_ADDR")} {
			if _, at, err := net.SplitHostPort(address); err == nil && at == port {
				return true
			}
		}
	}
	return false
}

// names are those under which other services find this one.
func names(service *types.ServiceConfig) []string {
	all := []string{service.Name}
	for _, network := range service.Networks {
		if network != nil {
			all = append(all, network.Aliases...)
		}
	}
	return all
}

func (p *problems) sidecar(local *Local, app *LocalApp, sidecar *types.ServiceConfig) {
	if want := "service:" + app.ID; sidecar.NetworkMode != want {
		p.addf("%s: network_mode is %q, want %q", sidecar.Name, sidecar.NetworkMode, want)
	}
	want := map[string]string{
		"app-id": app.ID, "app-port": strconv.Itoa(app.Port), "app-protocol": "http", "dapr-http-port": strconv.Itoa(app.HTTPPort),
		"dapr-grpc-port": strconv.Itoa(app.GRPCPort), "dapr-internal-grpc-port": strconv.Itoa(app.InternalPort),
		"metrics-port": strconv.Itoa(app.MetricsPort), "dapr-listen-addresses": "127.0.0.1",
		"placement-host-address": "placement:" + port(local.Common.Placement), "scheduler-host-address": "scheduler:" + port(local.Common.Scheduler),
		"resources-path": inContainer(local.Common.ResourcesPaths[0]), "config": inContainer(app.Config), "log-as-json": "",
		"dapr-internal-grpc-listen-address": "127.0.0.1",
	}
	if app.ID == "enhancer" { // whom the console's sidecar calls
		want["dapr-internal-grpc-listen-address"] = "0.0.0.0"
	}
	got := flags(sidecar.Command)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if set, there := got[name]; !there || set != want[name] {
			p.addf("%s: --%s is %q, want %q as in dapr.yaml", sidecar.Name, name, set, want[name])
		}
	}
	p.differ(sidecar.Name+": flags", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// inContainer is where a path of the repository is mounted.
func inContainer(name string) string { return "/" + filepath.ToSlash(filepath.Clean(name)) }

// flags reads a command line in which each flag is one word.
func flags(command []string) map[string]string {
	set := map[string]string{}
	for _, word := range command[min(1, len(command)):] {
		name, value, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		set[name] = value
	}
	return set
}
