package stack

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Environment is what a tool needs to use the stack: `dapr run -f .`, agentctl, a developer's shell.
func (s *Stack) Environment() map[string]string {
	e := &s.endpoints
	env := map[string]string{
		"REDIS_HOST":          e.RedisAddr,
		"SECRETS_FILE":        e.SecretsFile,
		"DATABASE_URL":        e.DatabaseURL,
		"DATABASE_ADMIN_URL":  e.AdminDatabaseURL,
		"DATABASE_SUPER_URL":  e.SuperDatabaseURL,
		"DAPR_API_TOKEN":      e.APITokens["gateway"],
		"APP_API_TOKEN":       e.AppTokens["gateway"],
		envEnhancer:           e.EnhancerAddr,
		"GATEWAY_URL":         e.GatewayURL,
		"CONSOLE_URL":         e.ConsoleURL,
		"AGENTCTL_TOKEN_FILE": s.TokenFile(),
		"SIMULATOR_URL":       e.SimulatorURL,
		// What on-call types from, see docs/runbooks.
		"GATEWAY_INTERNAL_URL":  e.Internal["gateway"],
		"ENHANCER_INTERNAL_URL": e.Internal["enhancer"],
		"CONSOLE_INTERNAL_URL":  e.Internal["console"],
		"REDISCLI_AUTH":         e.RedisPassword,
		"LOGS":                  filepath.Join(s.dir, "logs"),
	}
	for _, p := range s.Processes() {
		if p.spec.URLVariable != "" {
			env[p.spec.URLVariable] = "http://" + loopback(p.Port(0))
		}
	}
	return env
}

// ShellEnvironment is Environment in a form that a shell can source.
func (s *Stack) ShellEnvironment() string {
	var out strings.Builder
	env := s.Environment()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out.WriteString("export " + name + "=" + quote(env[name]) + "\n")
	}
	return out.String()
}

// writeEnv leaves the environment in the run directory. The tokens are the gateway's.
func (s *Stack) writeEnv() error {
	return writeFile(filepath.Join(s.dir, "env"), []byte(s.ShellEnvironment()))
}

// quote makes one word of a shell out of any text.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
