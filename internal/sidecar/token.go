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
	// callerHeader names the app whose sidecar asked ours for a call (service invocation). It is set by that sidecar.
	callerHeader = "dapr-caller-app-id"
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

// OnlySidecar lets through requests that carry this app's own token, and are the sidecar's own and not another app's, for which
// it would add the token too. With an empty token nothing gets through: an unset variable must not open the door.
func OnlySidecar(token string, next http.Handler) http.Handler { return onlyFor("", token, next) }

// OnlyApp is OnlySidecar for a route that another app calls by way of both sidecars (Sidecar.Invoke), and for that app alone.
func OnlyApp(appID, token string, next http.Handler) http.Handler { return onlyFor(appID, token, next) }

func onlyFor(appID, token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get(tokenHeader) //nolint:canonicalheader // gRPC metadata keys are lower-case, and Get does not mind
		if token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			http.Error(w, "this route belongs to the sidecar", http.StatusUnauthorized)
			return
		}
		if r.Header.Get(callerHeader) != appID { //nolint:canonicalheader // as above
			http.Error(w, "this route is not for the app that calls it", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
