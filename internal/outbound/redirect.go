package outbound

import (
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 5

// Redirects is the policy for http.Client's CheckRedirect: a redirect is followed when it stays with the server that the
// credentials are for, does not leave encryption, and does not turn a write into a read. Otherwise the redirect itself is
// the answer, a status between 300 and 399, and nothing is sent to where it points.
//
// net/http alone is not enough: it takes off the header Authorization for another host, but no header that it does not
// know, such as ServiceDesk Plus's own.
func Redirects(next *http.Request, via []*http.Request) error {
	first, last := via[0], via[len(via)-1]
	downgrade := last.URL.Scheme == "https" && next.URL.Scheme != "https"
	write := first.Method != http.MethodGet && first.Method != http.MethodHead
	if len(via) > maxRedirects || write || downgrade || !sameServer(first.URL, next.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

// sameServer compares host and port. From http to https on the usual ports of both is the same server, with encryption.
func sameServer(a, b *url.URL) bool {
	samePort := port(a) == port(b) || usual(a) && usual(b)
	return strings.EqualFold(a.Hostname(), b.Hostname()) && samePort
}

func usual(u *url.URL) bool { return port(u) == usualPort(u.Scheme) }

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return usualPort(u.Scheme)
}

func usualPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}
