package charts_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/charts"
)

func TestWrongValuesAreRefused(t *testing.T) {
	for want, set := range map[string]string{
		"LOGLEVEL":                          "gateway.settings.LOGLEVEL=debug",
		"replica":                           "gateway.replica=3",
		"'/gateway/replicas'":               "gateway.replicas=many",
		"PUBLIC_ADDR":                       "gateway.settings.PUBLIC_ADDR=:1",
		"'/image/tag'":                      "image.tag=latest",
		"'/image/digests/gateway'":          "image.digests.gateway=sha256:1",
		"'/postgresql/image'":               "postgresql.image=postgres",
		"'/dapr/logLevel'":                  "dapr.logLevel=loud",
		"'/redis/external/address'":         "redis.external.address=redis://redis.example.com",
		"redis.external.address: the":       "redis.enabled=false",
		"ingress.host":                      "ingress.enabled=true",
		"httpRoute.parentRefs":              "httpRoute.enabled=true,httpRoute.host=a.example.com,httpRoute.parentRefs=null",
		"prometheusAddress":                 "enhancer.autoscaling.keda.enabled=true",
		"enable one of them":                "enhancer.autoscaling.keda.enabled=true,enhancer.autoscaling.hpa.enabled=true",
		"console.allowPlainHTTP=true":       "smokeTest.enabled=true,smokeTest.tenant=a,smokeTest.ticket=1",
		"the chart makes this password":     "secrets.values.redis-password=example",
		"secrets.values.database-url: with": "secrets.values.database-url=example",
	} {
		_, err := charts.Render(t.Context(), projectRoot(t), append(append([]string(nil), small...), "--set", set)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the answer does not name %q: %v", set, want, err)
		}
	}
}

func TestMadeFilesAreCurrent(t *testing.T) {
	files, err := charts.Files(projectRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, f := range files {
		made[f.Path] = true
		content, err := os.ReadFile(filepath.Join(projectRoot(t), f.Path))
		if err != nil || !bytes.Equal(content, f.Content) {
			t.Errorf("%s is not what it is made from (%v): run `make charts`", f.Path, err)
		}
	}
	var there []string
	for _, pattern := range []string{charts.Dir + "/files/*/*", charts.TenantDir + "/templates/platform/*"} {
		found, err := filepath.Glob(filepath.Join(projectRoot(t), pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no files like %s: %v", pattern, err)
		}
		there = append(there, found...)
	}
	for _, path := range there {
		if relative, _ := filepath.Rel(projectRoot(t), path); !made[relative] {
			t.Errorf("%s is made from nothing any more: remove it", relative)
		}
	}
}

// A value that no template reads is a promise that is not kept.
func TestEveryValueIsRead(t *testing.T) {
	everyValueIsRead(t, charts.Dir, 80)
	everyValueIsRead(t, charts.TenantDir, 50)
}

func everyValueIsRead(t *testing.T, dir string, least int) {
	t.Helper()
	values, err := charts.Values(projectRoot(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	var templates bytes.Buffer
	err = filepath.WalkDir(filepath.Join(projectRoot(t), dir, "templates"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		templates.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(values) < least {
		t.Fatalf("%s has %d values: is values.yaml read as it is written?", dir, len(values))
	}
	for _, v := range values {
		key := v.Path[strings.LastIndex(v.Path, ".")+1:]
		if !strings.HasPrefix(v.Path, "secrets.values.") && !strings.Contains(templates.String(), "."+key) && !strings.Contains(templates.String(), `"`+key+`"`) {
			t.Errorf("no template reads %s", v.Path)
		}
	}
}

func TestSettingsArriveAsTheyAreWritten(t *testing.T) {
	values := filepath.Join(t.TempDir(), "values.yaml")
	content := "gateway:\n  settings: {WEBHOOK_MAX_BODY_BYTES: 26214400, OTEL_TRACES_SAMPLER_ARG: 0.1, OTEL_SDK_DISABLED: true, LOG_LEVEL: debug, WEBHOOK_RATE_LIMIT: \"7\"}\n"
	if err := os.WriteFile(values, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	data := at[map[string]any](t, find(t, render(t, append([]string{"--values", values}, small...)...), "ConfigMap", "gateway-settings"), "data")
	for name, want := range map[string]string{
		"WEBHOOK_MAX_BODY_BYTES": "26214400", "OTEL_TRACES_SAMPLER_ARG": "0.1", "OTEL_SDK_DISABLED": "true", "LOG_LEVEL": "debug", "WEBHOOK_RATE_LIMIT": "7",
	} {
		if data[name] != want {
			t.Errorf("%s arrives as %v", name, data[name])
		}
	}
}
