package dashboards_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/e2e/dashboards"
)

const provisioning = "deploy/grafana/provisioning/"

// The fields that Grafana's documentation has for such files; any other is a slip.
type datasources struct {
	APIVersion  int  `yaml:"apiVersion"`
	Prune       bool `yaml:"prune"`
	Datasources []struct {
		Name      string `yaml:"name"`
		UID       string `yaml:"uid"`
		Type      string `yaml:"type"`
		Access    string `yaml:"access"`
		URL       string `yaml:"url"`
		IsDefault bool   `yaml:"isDefault"`
		Editable  bool   `yaml:"editable"`
		JSONData  struct {
			HTTPMethod      string `yaml:"httpMethod"`
			PrometheusType  string `yaml:"prometheusType"`
			TimeInterval    string `yaml:"timeInterval"`
			QueryTimeout    string `yaml:"queryTimeout"`
			ManageAlerts    bool   `yaml:"manageAlerts"`
			AlertmanagerUID string `yaml:"alertmanagerUid"`
			Exemplars       []struct {
				Name            string `yaml:"name"`
				DatasourceUID   string `yaml:"datasourceUid"`
				URLDisplayLabel string `yaml:"urlDisplayLabel"`
			} `yaml:"exemplarTraceIdDestinations"`
			NodeGraph         struct{ Enabled bool } `yaml:"nodeGraph"`
			TraceIDTimeParams struct{ Enabled bool } `yaml:"traceIdTimeParams"`
			TracesToMetrics   struct {
				DatasourceUID      string                         `yaml:"datasourceUid"`
				SpanStartTimeShift string                         `yaml:"spanStartTimeShift"`
				SpanEndTimeShift   string                         `yaml:"spanEndTimeShift"`
				Tags               []struct{ Key, Value string }  `yaml:"tags"`
				Queries            []struct{ Name, Query string } `yaml:"queries"`
			} `yaml:"tracesToMetrics"`
			Implementation             string `yaml:"implementation"`
			HandleGrafanaManagedAlerts bool   `yaml:"handleGrafanaManagedAlerts"`
		} `yaml:"jsonData"`
	} `yaml:"datasources"`
}

func strictly(t *testing.T, path string, into any) {
	t.Helper()
	dec := yaml.NewDecoder(bytes.NewReader(read(t, path)))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestTheDataSourcesAreTheOnesThatDashboardsAsk(t *testing.T) {
	var file datasources
	strictly(t, provisioning+"datasources/ai-agents.yaml", &file)
	var uids []string
	for _, d := range file.Datasources {
		uids = append(uids, d.UID)
		if d.Editable || d.Access != "proxy" || !strings.HasPrefix(d.URL, "$") {
			t.Errorf("%s: editable %v, access %q, URL %q, which is to come from the environment", d.UID, d.Editable, d.Access, d.URL)
		}
		for _, q := range d.JSONData.TracesToMetrics.Queries {
			if _, err := parser.ParseExpr(strings.ReplaceAll(q.Query, "$$__tags", `tenant_id="x"`)); err != nil {
				t.Errorf("%q: %v", q.Name, err)
			}
		}
	}
	want := []string{dashboards.SourcePrometheus, dashboards.SourceTraces, dashboards.SourceAlertmanager}
	if file.APIVersion != 1 || !slices.Equal(uids, want) {
		t.Fatalf("version %d, data sources %q, want %q", file.APIVersion, uids, want)
	}
	metrics := file.Datasources[0].JSONData
	if metrics.AlertmanagerUID != dashboards.SourceAlertmanager || metrics.TimeInterval != "15s" || len(metrics.Exemplars) != 1 ||
		metrics.Exemplars[0].Name != "trace_id" || metrics.Exemplars[0].DatasourceUID != dashboards.SourceTraces {
		t.Errorf("points on graphs would not lead to traces, or rates not fit the scrapes: %+v", metrics)
	}
}

func TestDashboardsAreReadFromFilesAndKeptToThem(t *testing.T) {
	var file struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name                  string `yaml:"name"`
			OrgID                 int    `yaml:"orgId"`
			Folder                string `yaml:"folder"`
			FolderUID             string `yaml:"folderUid"`
			Type                  string `yaml:"type"`
			DisableDeletion       bool   `yaml:"disableDeletion"`
			AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
			Options               struct {
				Path                      string `yaml:"path"`
				FoldersFromFilesStructure bool   `yaml:"foldersFromFilesStructure"`
			} `yaml:"options"`
		} `yaml:"providers"`
	}
	strictly(t, provisioning+"dashboards/ai-agents.yaml", &file)
	if len(file.Providers) != 1 || file.Providers[0].AllowUIUpdates || !file.Providers[0].DisableDeletion {
		t.Fatalf("%+v", file)
	}
	if home := settings(t)["dashboards"]["default_home_dashboard_path"]; home != file.Providers[0].Options.Path+"/overview.json" {
		t.Errorf("Grafana opens with %q, and the dashboards are in %q", home, file.Providers[0].Options.Path)
	}
}

func TestNobodyLooksWithoutALogin(t *testing.T) {
	for section, want := range map[string]map[string]string{
		"auth.anonymous":    {"enabled": "false"},
		"users":             {"allow_sign_up": "false", "allow_org_create": "false", "auto_assign_org_role": "Viewer", "viewers_can_edit": "false"},
		"snapshots":         {"enabled": "false", "external_enabled": "false"},
		"public_dashboards": {"enabled": "false"},
		"security":          {"cookie_secure": "true", "allow_embedding": "false"},
	} {
		for key, value := range want {
			if is := settings(t)[section][key]; is != value {
				t.Errorf("[%s] %s is %q, want %q", section, key, is, value)
			}
		}
	}
	for _, key := range []string{"admin_password", "secret_key"} {
		if is := settings(t)["security"][key]; !strings.HasPrefix(is, "$__file{/") {
			t.Errorf("%s is %q: it has to come from a file that is mounted from a secret", key, is)
		}
	}
}

// settings are those of grafana.ini, by section and key.
func settings(t *testing.T) map[string]map[string]string {
	t.Helper()
	all, section := map[string]map[string]string{}, ""
	for line := range strings.Lines(string(read(t, "deploy/grafana/grafana.ini"))) {
		line = strings.TrimSpace(line)
		switch key, value, is := strings.Cut(line, "="); {
		case line == "" || strings.HasPrefix(line, ";"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
			all[section] = map[string]string{}
		case is && section != "":
			all[section][strings.TrimSpace(key)] = strings.TrimSpace(value)
		default:
			t.Fatalf("grafana.ini: %q is neither a section nor a setting", line)
		}
	}
	return all
}
