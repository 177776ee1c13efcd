package charts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

// What the apps are is said in dapr.yaml; the chart says the same of them.
func TestDeploymentsAreTheAppsOfTheStack(t *testing.T) {
	objects := render(t, small...)
	listed, seen := at[[]any](t, document(t, "dapr.yaml"), "apps"), 0
	for _, entry := range listed {
		app := as[map[string]any](t, entry)
		name := as[string](t, app["appID"])
		if name == "simulator" {
			continue // it plays the outer world, which a cluster has
		}
		seen++
		pod := at[map[string]any](t, find(t, objects, "Deployment", name), "spec", "template")
		config := document(t, as[string](t, app["configFilePath"]))
		for annotation, want := range map[string]any{
			"dapr.io/enabled": "true", "dapr.io/app-id": name, "dapr.io/app-port": fmt.Sprint(app["appPort"]),
			"dapr.io/metrics-port": fmt.Sprint(app["metricsPort"]), "dapr.io/config": config.Name(),
			"prometheus.io/port": fmt.Sprint(app["appPort"]), "prometheus.io/scrape": "true",
		} {
			if got := at[map[string]any](t, pod, "metadata", "annotations")[annotation]; got != want {
				t.Errorf("%s: %s is %v, and in dapr.yaml %v", name, annotation, got, want)
			}
		}
		settable := at[map[string]any](t, document(t, charts.Dir+"/values.schema.json"), "properties", name, "properties", "settings", "properties")
		managed := at[map[string]any](t, find(t, objects, "ConfigMap", name+"-settings"), "data")
		for setting := range as[map[string]any](t, app["env"]) {
			if settable[setting] == nil && managed[setting] == nil {
				t.Errorf("%s: dapr.yaml sets %s, which the chart cannot", name, setting)
			}
		}
	}
	if seen != len(apps) {
		t.Fatalf("dapr.yaml has %d apps besides the simulator, this test knows %d", seen, len(apps))
	}
}

// What Dapr is told in a cluster is what it is told in every test here, but for addresses, and where secrets are.
func TestComponentsAreThoseOfTheStack(t *testing.T) {
	objects := render(t, small...)
	files, err := filepath.Glob(filepath.Join(projectRoot(t), "components", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no components: %v", err)
	}
	for _, path := range files {
		local := document(t, filepath.Join("components", filepath.Base(path)))
		if local.Name() == "ai-agents-simulator" {
			continue
		}
		there := find(t, objects, local.Kind(), local.Name())
		for _, o := range []charts.Object{local, there} {
			adapt(t, o)
		}
		for _, part := range []string{"apiVersion", "spec", "scopes", "auth"} {
			if !reflect.DeepEqual(local[part], there[part]) {
				t.Errorf("%s: %s is\n%v\nin the chart, and\n%v\nin components/", local.Name(), part, there[part], local[part])
			}
		}
	}
}

// adapt takes out of o what differs between one machine and a cluster.
func adapt(t *testing.T, o charts.Object) {
	t.Helper()
	spec := at[map[string]any](t, o, "spec")
	delete(spec, "nameResolution") // components/configuration-console.yaml says why
	delete(spec, "accessControl")  // needs the identities that sentry gives
	if o.Kind() != "Component" {
		return
	}
	o["scopes"] = slices.DeleteFunc(texts(t, as[[]any](t, o["scopes"])), func(app string) bool { return app == "simulator" })
	if o.Name() == "secretstore" {
		delete(spec, "type")
		delete(spec, "metadata")
		return
	}
	for _, entry := range at[[]any](t, spec, "metadata") {
		field := as[map[string]any](t, entry)
		if field["name"] == "redisHost" {
			delete(field, "envRef")
			delete(field, "value")
		}
	}
}

// Sidecars read the secrets that their app may have, and the components' own; nothing else, and no list of them.
func TestRolesNameTheSecretsOfTheConfiguration(t *testing.T) {
	objects := render(t, small...)
	for _, app := range apps {
		scope := as[map[string]any](t, at[[]any](t, find(t, objects, "Configuration", "ai-agents-"+app), "spec", "secrets", "scopes")[0])
		want := append(texts(t, as[[]any](t, scope["allowedSecrets"])), "redis-password")
		slices.Sort(want)
		rules := at[[]any](t, find(t, objects, "Role", app+"-secrets"), "rules")
		if len(rules) != 1 {
			t.Fatalf("%s: %d rules", app, len(rules))
		}
		rule := as[map[string]any](t, rules[0])
		if got := texts(t, as[[]any](t, rule["resourceNames"])); !slices.Equal(got, want) {
			t.Errorf("%s: may read %v, and its Configuration allows %v", app, got, want)
		}
		if got := texts(t, as[[]any](t, rule["verbs"])); !slices.Equal(got, []string{"get"}) {
			t.Errorf("%s: verbs %v", app, got)
		}
	}
}

func TestEverySettingCanBeSet(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(projectRoot(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	objects := render(t, "--set", "redis.enabled=true,postgresql.enabled=true,console.tls.secretName=console-tls")
	// Set by the injector, from a Secret, or fixed by the names of the components.
	given := []string{"DAPR_HTTP_PORT", "DAPR_GRPC_PORT", "APP_API_TOKEN", "PUBSUB_NAME", "STATE_STORE_NAME", "SECRET_STORE_NAME", "CONSOLE_ALLOW_PLAIN_HTTP"}
	// What makes an enhancer one tenant's: charts/tenant sets it.
	given = append(given, "ENHANCER_TENANT")
	want := map[string][]string{}
	for line := range strings.Lines(string(readme)) {
		cells := strings.Split(line, " | ")
		name := strings.Trim(strings.TrimPrefix(cells[0], "| "), "`")
		if len(cells) != 4 || name != strings.ToUpper(name) {
			continue
		}
		for app := range strings.SplitSeq(cells[2], ", ") {
			want[app] = append(want[app], name)
		}
	}
	for _, app := range apps {
		settable := at[map[string]any](t, document(t, charts.Dir+"/values.schema.json"), "properties", app, "properties", "settings", "properties")
		managed := at[map[string]any](t, find(t, objects, "ConfigMap", app+"-settings"), "data")
		if len(want[app]) < 10 {
			t.Fatalf("%s: the README's table has %d settings for it; is it read as it is written?", app, len(want[app]))
		}
		for _, name := range want[app] {
			if settable[name] == nil && managed[name] == nil && !slices.Contains(given, name) {
				t.Errorf("%s: the schema does not know %s", app, name)
			}
		}
		for _, name := range sortedKeys(settable) {
			if !slices.Contains(want[app], name) || managed[name] != nil {
				t.Errorf("%s: the schema takes %s, which is no setting of it, or the chart's own", app, name)
			}
		}
	}
}

// The enhancer's routes for its sidecar are no other app's to call, but for the console's previews; nobody calls the other two.
func TestOnlyTheConsoleCallsTheEnhancer(t *testing.T) {
	objects := render(t, small...)
	for _, app := range apps {
		control := at[map[string]any](t, find(t, objects, "Configuration", "ai-agents-"+app), "spec", "accessControl")
		if control["defaultAction"] != "deny" {
			t.Errorf("%s: whoever has a sidecar may call it", app)
		}
		var callers []string
		policies, _ := control["policies"].([]any)
		for _, p := range policies {
			callers = append(callers, at[string](t, as[map[string]any](t, p), "appId"))
		}
		if want := map[string][]string{"enhancer": {"console"}}[app]; !slices.Equal(callers, want) {
			t.Errorf("%s: may be called by %v, and should by %v", app, callers, want)
		}
	}
}
