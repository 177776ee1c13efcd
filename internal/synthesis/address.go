package synthesis

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/sensitive"
)

// maxURL is the longest address that is linked; browsers and mail gateways cut longer ones.
const maxURL = 2000

// safeURL gives the address of a source in the form in which it is linked, or nothing when it should not be: the source is named
// without a link then. Credentials are refused: a note is read by more people than an address was signed for.
func safeURL(raw string) string {
	if u := parsedURL(raw); u != nil && !tellsSecret(u) {
		return encodeURL(u.String())
	}
	return ""
}

// ownURL is safeURL for an address of ours, which has a token on purpose.
func ownURL(raw string) string {
	if u := parsedURL(raw); u != nil {
		return encodeURL(u.String())
	}
	return ""
}

// parsedURL is an address that a browser may be sent to; nil for others. Credentials in front of the host are refused, because
// "https://good.example@evil.example" reads as the wrong host. The host is in ASCII, as the browser asks for it: one that only looks like
// another's is seen to be none.
func parsedURL(raw string) *url.URL {
	raw = strings.TrimSpace(raw)
	if len(raw) > maxURL {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return nil
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	if u.Host = asciiHost(u); u.Host == "" {
		return nil
	}
	return u
}

// asciiHost is u's host with its port, empty for one that no browser should be sent to.
func asciiHost(u *url.URL) string {
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return ""
		}
		return u.Host
	}
	if strings.IndexFunc(host, notInHost) >= 0 || strings.Contains(strings.ToLower(host), "xn--") { // names inside of a company have underscores, which the rules of registries do not allow
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return ""
		}
		host = ascii
	}
	switch {
	case strings.Trim(host, ".-") == "":
		return ""
	case u.Port() != "":
		return net.JoinHostPort(host, u.Port())
	}
	return host
}

func notInHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
}

// secretParameters carry what lets somebody in, besides those that sensitive.SecretName knows by their ending.
//
//nolint:gochecknoglobals // a table
var secretParameters = []string{"auth", "key", "pass", "pw", "sas", "session", "sid", "sig", "xamzcredential", "xgoogcredential"}

// guid is how many systems number their pages.
var guid = regexp.MustCompile(`(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// tellsSecret says whether the path, the query or the fragment of u have a credential.
func tellsSecret(u *url.URL) bool {
	texts := []string{u.Host + u.Path, strings.ReplaceAll(u.Path, "/", " "), u.Fragment}
	for _, encoded := range []string{u.RawQuery, u.EscapedFragment()} {
		query, err := url.ParseQuery(strings.ReplaceAll(encoded, ";", "&"))
		if err != nil {
			return true // nobody knows what it says
		}
		for name, values := range query {
			named := strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(name))
			if strings.Join(values, "") != "" && (sensitive.SecretName(name) || slices.Contains(secretParameters, named)) {
				return true
			}
			texts = append(append(texts, name), values...)
		}
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		// In an address a colon parts the names of a page's places: "it:password:reset" tells no password.
		return masking.TellsSecret(strings.ReplaceAll(guid.ReplaceAllString(text, ""), ":", " "))
	})
}

// encodeURL percent-encodes what could end an address early inside an attribute or between angle
// brackets; all else in an address that was parsed keeps its meaning.
func encodeURL(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>\\`()[]{}|^*", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
