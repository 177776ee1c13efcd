package docs_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/google/go-cmp/cmp"
)

var writeConfiguration = flag.Bool("write-configuration", false, "write docs/configuration.md anew")

func TestTheConfigurationReferenceIsThatOfTheCode(t *testing.T) {
	root := repository(t)
	path := filepath.Join(root, "docs", "configuration.md")
	made := configuration(t, root)
	if *writeConfiguration {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(read(t, path), made); d != "" {
		t.Errorf("docs/configuration.md is not what the code says; `make config-doc` writes it anew:\n%s", d)
	}
}

// kind is how values of a type are written, and whether one is.
type kind struct {
	Name, Written string
	valid         func(string) error
}

func anyText(string) error { return nil }

func parses[T any](parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		_, err := parse(text)
		return err
	}
}

// kinds by the names of Go types. A new one has to be explained to readers.
var kinds = map[string]kind{
	"string":            {"text", "as it is", anyText},
	"int":               {"number", "a whole one, in digits", parses(strconv.Atoi)},
	"int32":             {"number", "a whole one, in digits", parses(strconv.Atoi)},
	"int64":             {"number", "a whole one, in digits", parses(strconv.Atoi)},
	"float64":           {"decimal", "with a point: `2.5`", parses(func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })},
	"bool":              {"switch", "`true` or `false`", parses(strconv.ParseBool)},
	"flag":              {"switch", "`true` or `false`", parses(strconv.ParseBool)},
	"time.Duration":     {"duration", "as Go's: `500ms`, `5s`, `2m`, `72h`", parses(time.ParseDuration)},
	"[]string":          {"list", "with commas between", anyText},
	"slog.Level":        {"level", "`debug`, `info`, `warn` or `error`", anyText},
	"origin.Proxies":    {"networks", "addresses and networks, with commas between: `10.0.0.0/8,192.0.2.1`", anyText},
	"Networks":          {"networks", "addresses and networks, with commas between: `10.0.0.0/8,192.0.2.1`", anyText},
	"PriceTable":        {"prices", "a file, or YAML or JSON itself ([prices](operations.md#what-the-language-model-costs))", anyText},
	"openai.PriceTable": {"prices", "a file, or YAML or JSON itself ([prices](operations.md#what-the-language-model-costs))", anyText},
	"Provider":          {"provider", "`openai`, `azure`, `vllm` or `ollama`", anyText},
}

// examples are for settings that have no default, which otherwise is the example.
var examples = map[string]string{
	"ADMIN_PASSWORD": "letters-and-digits", "APP_USER_PASSWORD": "letters-and-digits", "CONSOLE_USER_PASSWORD": "letters-and-digits",
	"REDIS_PASSWORD": "letters-and-digits", "APP_API_TOKEN": "a-random-token", "APP_PORT": "8081",
	"AGENTCTL_OIDC_CLIENT_ID": "agentctl", "AGENTCTL_OIDC_ISSUER": "https://id.example.com/realms/example", "AGENTCTL_TOKEN": "a-token-of-the-console",
	"CONSOLE_BOOTSTRAP_TOKEN": "at-least-twenty-characters", "CONSOLE_TLS_CERT": "/etc/ai-agents/tls/tls.crt", "CONSOLE_TLS_KEY": "/etc/ai-agents/tls/tls.key",
	"DATABASE_ADMIN_URL": "postgres://admin@db.example.com/ai_agents", "DATABASE_SUPER_URL": "postgres://postgres@db.example.com/postgres",
	"DEDICATED_NAMESPACE_PREFIX": "agents-", "EMBEDDINGS_API_KEY": "the-servers-key", "EMBEDDINGS_BASE_URL": "https://llm.example.com/v1",
	"ENHANCER_TENANT": "example-clinic", "FEEDBACK_URL": "https://agents.example.com", "LLM_API_KEY": "the-servers-key", "LLM_API_VERSION": "2024-10-21",
	"LLM_FALLBACK_API_KEY": "the-servers-key", "LLM_FALLBACK_API_VERSION": "2024-10-21", "LLM_FALLBACK_BASE_URL": "https://other.example.com/v1",
	"LLM_FALLBACK_MODEL": "example-model", "LLM_FALLBACK_PROVIDER": "vllm", "LLM_MODELS": "example-small,example-large", "LLM_PRICES": "/etc/ai-agents/prices.yaml",
	"LLM_PRICE_PROMPT_PER_MTOK": "2.5", "LLM_PRICE_COMPLETION_PER_MTOK": "10",
	"CONSOLE_PUBLIC_URL": "https://console.example.com", "CONSOLE_TRACE_URL": "https://jaeger.example.com/trace/{trace_id}", "OIDC_CLIENT_ID": "console", "CONSOLE_OIDC_CLIENT_SECRET": "the-providers-secret",
	"OIDC_AUDIENCE": "ai-agents-console", "OIDC_AUTHORIZED_PARTIES": "agentctl,console", "OIDC_ISSUER": "https://id.example.com/realms/example",
	"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.example.com:4317", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector.example.com:4317",
	"OTEL_EXPORTER_OTLP_INSECURE": "true", "OTEL_TRACES_SAMPLER_ARG": "0.1", "OTEL_SERVICE_NAME": "enhancer", "OTEL_SDK_DISABLED": "true",
	"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=production", "OUTBOUND_ALLOWED_NETWORKS": "10.20.0.15,10.30.0.0/24",
	"SERVICEDESK_SIMULATOR_KEY": "a-random-key", "SIMULATOR_STATE": "/var/lib/ai-agents/simulator.jsonl", "SIMULATOR_URL": "http://127.0.0.1:8089",
	"TENANT_KEYSET": "{…}", "TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.1",
}

// referred is a row of the reference.
type referred struct{ Name, Apps, Kind, Otherwise, Example, Meaning string }

// group is what one package reads.
type group struct {
	Title    string
	Settings []referred
}

func configuration(t *testing.T, root string) string {
	t.Helper()
	meanings := map[string]string{} // by app and name: a name may stand for two things
	above := ""
	for _, row := range rows(section(t, read(t, filepath.Join(root, "README.md")), "## Settings")) {
		meaning := strings.ReplaceAll(row[3], "](docs/", "](")
		if meaning == "the same" {
			meaning = above
		}
		above = meaning
		for app := range strings.SplitSeq(row[2], ", ") {
			meanings[app+" "+strings.Trim(row[0], "`")] = meaning
		}
	}
	owners := map[string][]referred{}
	var order []string
	for _, s := range allSettings(t, root) {
		how, known := kinds[s.kind]
		if !known {
			t.Errorf("%s is a %s: say in this test how that is written", s.name, s.kind)
		}
		example := s.otherwise
		if s.otherwise == "none" || s.otherwise == "required" {
			example = examples[s.name]
		}
		if example == "" {
			t.Errorf("%s has no default, and no example in this test", s.name)
		} else if known {
			if err := how.valid(example); err != nil {
				t.Errorf("%s=%s is no %s: %v", s.name, example, how.Name, err)
			}
		}
		if !slices.Contains(order, s.owner) {
			order = append(order, s.owner)
		}
		at := slices.IndexFunc(owners[s.owner], func(r referred) bool { return r.Name == s.name && r.Otherwise == s.otherwise })
		if at < 0 {
			owners[s.owner] = append(owners[s.owner], referred{s.name, s.app, how.Name, s.otherwise, example, meanings[s.app+" "+s.name]})
		} else if list := &owners[s.owner][at]; !slices.Contains(strings.Split(list.Apps, ", "), s.app) {
			list.Apps += ", " + s.app
		}
	}
	slices.Sort(order)
	var groups []group
	for _, owner := range order {
		groups = append(groups, group{"`" + owner + "`", owners[owner]})
	}
	source := filepath.Join("testdata", "configuration.md.tmpl")
	page, err := template.ParseFiles(source)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := page.Execute(&out, map[string]any{"Groups": groups, "Kinds": writtenKinds()}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// writtenKinds are the types as readers see them: several of Go's are one.
func writtenKinds() []kind {
	var all []kind
	for _, k := range kinds {
		if !slices.ContainsFunc(all, func(other kind) bool { return other.Name == k.Name }) {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b kind) int { return strings.Compare(a.Name, b.Name) })
	return all
}
