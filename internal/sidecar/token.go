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
	// callerHeader names the app whose sidecar asked ours for a call (service invocation).
	callerHeader = "dapr-caller-app-id"
)

// signsOfAnApp are the headers that a sidecar adds to what its app calls, and to no delivery. daprd 1.18 also brings what the app
// itself says, as it is: a caller can add a second value of each, or have them left out by naming them in Connection. So they
// keep out who calls by mistake, and prove nothing.
//
//nolint:gochecknoglobals // a constant list
var signsOfAnApp = []string{callerHeader, "dapr-callee-app-id", "dapr-caller-namespace", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host"}

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

// OnlySidecar lets through requests that carry this app's own token, and show no sign of another app, for which the sidecar would
// add the token too. With an empty token nothing gets through: an unset variable must not open the door. An app that hides that it
// calls (see signsOfAnApp) is let through: what such a route does has to be harmless in any app's hands.
func OnlySidecar(token string, next http.Handler) http.Handler {
	return guarded(token, next, func(h http.Header) bool {
		for _, sign := range signsOfAnApp {
			if len(h.Values(sign)) > 0 {
				return false
			}
		}
		return true
	})
}

// OnlyApp is OnlySidecar for a route that another app calls by way of both sidecars (Sidecar.Invoke), and for that app alone. The
// sidecars do not prove which app that is, so what a route must not do for others takes a proof of its own.
func OnlyApp(appID, token string, next http.Handler) http.Handler {
	return guarded(token, next, func(h http.Header) bool {
		callers := h.Values(callerHeader) //nolint:canonicalheader // Values does not mind
		return len(callers) == 1 && callers[0] == appID
	})
}

func guarded(token string, next http.Handler, fits func(http.Header) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get(tokenHeader) //nolint:canonicalheader // gRPC metadata keys are lower-case, and Get does not mind
		if token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			http.Error(w, "this route belongs to the sidecar", http.StatusUnauthorized)
			return
		}
		if !fits(r.Header) {
			http.Error(w, "this route is not for the app that calls it", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
