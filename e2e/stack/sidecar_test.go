package stack

import (
	"os"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
)

// An app's own configuration takes the place of the common one, as in the Dapr CLI. It is what keeps each app from the
// others' secrets, so every app has one that refuses what it does not name.
func TestEveryAppHasAConfigurationThatRefusesSecrets(t *testing.T) {
	t.Parallel()
	ports := newAllocator(Any)
	defer ports.releaseAll()
	file, err := readRunFile("../../dapr.yaml", ports)
	if err != nil {
		t.Fatal(err)
	}
	l := &launch{file: file}
	readers := map[string][]string{}
	for i := range file.Apps {
		a := &file.Apps[i]
		for _, secret := range allowedSecrets(t, a.AppID, l.sidecarArgs(a)) {
			readers[secret] = append(readers[secret], a.AppID)
		}
	}
	for secret, want := range map[string][]string{
		secretConsoleURL: {"console"}, secretBootstrap: {"console"}, secretDatabaseURL: {"enhancer", "gateway"},
		secretKeyset: {"console", "enhancer", "gateway"}, secretSimulatorKey: {"simulator"}, secretRedis: nil,
	} {
		slices.Sort(readers[secret])
		if !slices.Equal(readers[secret], want) {
			t.Errorf("%s may be read by %q, want %q", secret, readers[secret], want)
		}
	}
}

// allowedSecrets are those that the configuration of the sidecar lets the app read.
func allowedSecrets(t *testing.T, app string, args []string) []string {
	t.Helper()
	at := slices.Index(args, "--config")
	if at < 0 {
		t.Fatalf("%s has no configuration: %q", app, args)
	}
	content, err := os.ReadFile(args[at+1])
	if err != nil {
		t.Fatal(err)
	}
	var configuration struct {
		Spec struct {
			Secrets struct {
				Scopes []struct {
					StoreName      string   `yaml:"storeName"`
					DefaultAccess  string   `yaml:"defaultAccess"`
					AllowedSecrets []string `yaml:"allowedSecrets"`
				} `yaml:"scopes"`
			} `yaml:"secrets"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal(content, &configuration); err != nil {
		t.Fatal(err)
	}
	scopes := configuration.Spec.Secrets.Scopes
	if len(scopes) != 1 || scopes[0].StoreName != "secretstore" || scopes[0].DefaultAccess != "deny" {
		t.Fatalf("%s may read what is not denied: %+v", app, scopes)
	}
	return scopes[0].AllowedSecrets
}
