package tenant_test

import (
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestAServerIsSchemeHostAndPort(t *testing.T) {
	const base = "https://sdp.example.com/api/v3"
	for other, same := range map[string]bool{
		base: true, "https://sdp.example.com": true, "https://SDP.example.COM:443/other": true, "HTTPS://sdp.example.com:/": true,
		"http://sdp.example.com/api/v3": false, "https://sdp.example.com:8443/api/v3": false, "https://sdp.example.com:0443": false,
		"https://sdp.example.org/api/v3": false, "https://sdp.example.com.": false, "https://example.com/sdp.example.com": false,
		"https://sdp.example.com@example.org/": false, "http://sdp.example.com:443": false, "": false, "sdp.example.com": false,
	} {
		if got := tenant.SameServer(base, other); got != same {
			t.Errorf("%q is the same server as %q: %t", other, base, got)
		}
		if got := tenant.SameServer(other, base); got != same {
			t.Errorf("%q is the same server as %q: %t", base, other, got)
		}
	}
	if tenant.SameServer("", "") {
		t.Error("no server is the same as none")
	}
}
