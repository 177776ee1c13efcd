package sidecar

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Names of the secrets in the secret store.
//
//nolint:gosec // names, not values
const (
	SecretDatabaseURL  = "database-url"  // as app_user
	SecretTenantKeyset = "tenant-keyset" // Tink keyset in JSON
	SecretLLMAPIKey    = "llm-api-key"   // absent or empty: notes without a language model
	// SecretLLMFallbackAPIKey is absent or empty without a fallback, and for one that wants no key.
	SecretLLMFallbackAPIKey = "llm-fallback-api-key"
	// SecretEmbeddingsAPIKey is absent or empty for an embeddings endpoint that wants none.
	SecretEmbeddingsAPIKey = "embeddings-api-key"
	SecretSimulatorKey     = "servicedesk-simulator-key"
	// SecretConsoleDatabaseURL is the database as console_user, and for the console alone.
	SecretConsoleDatabaseURL = "console-database-url"
)

// ErrMissingSecrets says that required secrets are absent; the message names all of them.
var ErrMissingSecrets = errors.New("secrets are missing")

// Secrets are the values read at start-up, by name. They do not print.
type Secrets map[string]string

// String hides the values.
func (Secrets) String() string { return "[redacted]" }

// Secrets reads the required secrets, and the optional ones as far as they exist. Every one that is
// missing is named in one error (ErrMissingSecrets).
func (s *Sidecar) Secrets(ctx context.Context, required, optional []string) (Secrets, error) {
	values := make(Secrets, len(required)+len(optional))
	var missing, failures []string
	for _, name := range required {
		value, err := s.secret(ctx, name)
		switch {
		case err != nil:
			missing = append(missing, name)
			failures = append(failures, err.Error())
		case value == "":
			missing = append(missing, name)
		}
		values[name] = value
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%w in store %q: %s %s", ErrMissingSecrets, s.cfg.SecretStore,
			strings.Join(missing, ", "), strings.Join(failures, "; "))
	}
	for _, name := range optional {
		value, err := s.secret(ctx, name)
		if err != nil {
			s.logger.InfoContext(ctx, "optional secret not set", "name", name)
			continue
		}
		values[name] = value
	}
	return values, nil
}

// secret finds the value under its own name, as single-valued stores have it, or as the only entry
// of a secret with several, as in Kubernetes.
func (s *Sidecar) secret(ctx context.Context, name string) (string, error) {
	entries, err := s.client.GetSecret(ctx, s.cfg.SecretStore, name, nil)
	if err != nil {
		return "", fmt.Errorf("read secret %s: %w", name, err)
	}
	if value, ok := entries[name]; ok {
		return value, nil
	}
	if len(entries) == 1 {
		for _, value := range entries {
			return value, nil
		}
	}
	return "", nil
}
