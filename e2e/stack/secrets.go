package stack

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Names in the local secret store, which Dapr reads from secrets.json.
//
//nolint:gosec // G101: names of secrets, not secrets.
const (
	secretDatabaseURL  = "database-url"
	secretConsoleURL   = "console-database-url"
	secretBootstrap    = "console-bootstrap-token"
	secretRedis        = "redis-password"
	secretKeyset       = "tenant-keyset"
	secretLLM          = "llm-api-key"
	secretLLMFallback  = "llm-fallback-api-key"
	secretEmbeddings   = "embeddings-api-key"
	secretSimulatorKey = "servicedesk-simulator-key"
)

// Names in passwords.json, which only the launcher reads.
const (
	passwordAdmin   = "admin"
	passwordApp     = "app_user"
	passwordConsole = "console_user"
)

// secrets are the random values of one run directory. They last as long as its data does.
type secrets struct {
	store     map[string]string // what the apps may ask for
	passwords map[string]string // of the database roles
	path      string            // of store
}

// loadSecrets reads the secrets of dir and generates whatever is missing. Existing values stay: the
// database and the sealed credentials in it depend on them.
func loadSecrets(dir string) (*secrets, error) {
	s := &secrets{path: filepath.Join(dir, "secrets.json")}
	var err error
	s.store, err = loadOrGenerate(s.path, map[string]func() (string, error){
		secretRedis: random, secretLLM: random, secretSimulatorKey: random, secretKeyset: tenant.GenerateKeyset, secretBootstrap: random,
	})
	if err != nil {
		return nil, err
	}
	// The simulator is one server for all of them.
	s.store[secretEmbeddings], s.store[secretLLMFallback] = s.store[secretLLM], s.store[secretLLM]
	s.passwords, err = loadOrGenerate(filepath.Join(dir, "passwords.json"), map[string]func() (string, error){
		passwordAdmin: random, passwordApp: random, passwordConsole: random,
	})
	return s, err
}

// setDatabasePort writes the URLs that the apps connect with.
func (s *secrets) setDatabasePort(port int) error {
	s.store[secretDatabaseURL] = s.databaseURL(postgres.RoleApp, s.passwords[passwordApp], port)
	s.store[secretConsoleURL] = s.databaseURL(postgres.RoleConsole, s.passwords[passwordConsole], port)
	return writeJSON(s.path, s.store)
}

func (s *secrets) adminURL(port int) string {
	return s.databaseURL(postgres.RoleAdmin, s.passwords[passwordAdmin], port)
}

func (s *secrets) databaseURL(role, password string, port int) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password), Host: loopback(port),
		Path: "/" + databaseName, RawQuery: "sslmode=disable",
	}).String()
}

// loadOrGenerate reads a flat JSON object and adds the values it lacks.
func loadOrGenerate(path string, generate map[string]func() (string, error)) (map[string]string, error) {
	values := map[string]string{}
	exists, err := readJSON(path, &values)
	if err != nil {
		return nil, err
	}
	changed := !exists
	for name, newValue := range generate {
		if values[name] != "" {
			continue
		}
		value, err := newValue()
		if err != nil {
			return nil, fmt.Errorf("generate %s: %w", name, err)
		}
		values[name] = value
		changed = true
	}
	if changed {
		return values, writeJSON(path, values)
	}
	return values, nil
}

// random is a value of 130 bits in letters and digits, safe in URLs, shells and Redis' configuration.
func random() (string, error) { return strings.ToLower(rand.Text()), nil }
