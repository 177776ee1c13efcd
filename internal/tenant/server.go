package tenant

import (
	"net/url"
	"strings"
)

// SameServer says whether two base URLs lead to the same server: scheme, host and port. What it cannot tell are spellings of
// one name, as with a dot at its end; these count as different.
func SameServer(a, b string) bool {
	first, second := serverOf(a), serverOf(b)
	return first == second && first != ""
}

// serverOf is empty for what is no absolute http or https URL.
func serverOf(base string) string {
	if validBaseURL(base) != nil {
		return ""
	}
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + " " + port
}
