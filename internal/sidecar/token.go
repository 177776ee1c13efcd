package sidecar

import (
	"context"
	"crypto/subtle"
	"net/http"
	"os"
)

const (
	tokenHeader = "dapr-api-token" //nolint:gosec // the header's name, not a token
	tokenEnv    = "DAPR_API_TOKEN" //nolint:gosec // the variable's name, not a token
)

// apiToken shows the sidecar that a call comes from its own app. The SDK's client would do so only for
// connections it dialled itself, and the workflow client never.
type apiToken struct{}

// GetRequestMetadata adds the token that the sidecar was started with too.
func (apiToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token := os.Getenv(tokenEnv)
	if token == "" {
		return map[string]string{}, nil
	}
	return map[string]string{tokenHeader: token}, nil
}

// RequireTransportSecurity is false: the sidecar is on loopback.
func (apiToken) RequireTransportSecurity() bool { return false }

// OnlySidecar lets through requests that carry this app's own token. With an empty token nothing
// gets through: an unset variable must not open the door.
func OnlySidecar(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get(tokenHeader) //nolint:canonicalheader // gRPC metadata keys are lower-case, and Get does not mind
		if token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			http.Error(w, "this route belongs to the sidecar", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
