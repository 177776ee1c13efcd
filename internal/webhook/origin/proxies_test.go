package origin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ai-agents/ai-agents/internal/webhook/origin"
)

func TestClient(t *testing.T) {
	for name, c := range map[string]struct {
		proxies   string
		peer      string
		forwarded []string
		want      string
	}{
		"no proxy":                    {"", "192.0.2.1:5000", nil, "192.0.2.1"},
		"a claim without any proxy":   {"", "192.0.2.1:5000", []string{"198.51.100.7"}, "192.0.2.1"},
		"a claim of a stranger":       {"203.0.113.0/24", "192.0.2.1:5000", []string{"198.51.100.7"}, "192.0.2.1"},
		"a stranger claims a proxy":   {"203.0.113.0/24", "192.0.2.1:5000", []string{"198.51.100.7, 203.0.113.1"}, "192.0.2.1"},
		"one proxy":                   {"203.0.113.0/24", "203.0.113.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"a proxy by its address":      {"203.0.113.1", "203.0.113.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"a neighbour of the proxy":    {"203.0.113.1", "203.0.113.2:5000", []string{"198.51.100.7"}, "203.0.113.2"},
		"two proxies":                 {"203.0.113.0/24,2001:db8:1::/48", "203.0.113.1:5000", []string{"198.51.100.7, 2001:db8:1::1"}, "198.51.100.7"},
		"a spoofed hop on the left":   {"203.0.113.0/24", "203.0.113.1:5000", []string{"198.51.100.99, 198.51.100.7"}, "198.51.100.7"},
		"a spoofed line of its own":   {"203.0.113.0/24", "203.0.113.1:5000", []string{"198.51.100.99", "198.51.100.7"}, "198.51.100.7"},
		"a spoofed proxy on the left": {"203.0.113.0/24", "203.0.113.1:5000", []string{"203.0.113.9, 198.51.100.7, 203.0.113.2"}, "198.51.100.7"},
		"through proxies only":        {"203.0.113.0/24", "203.0.113.1:5000", []string{"203.0.113.9, 203.0.113.2"}, "203.0.113.9"},
		"a proxy says nothing":        {"203.0.113.0/24", "203.0.113.1:5000", nil, "203.0.113.1"},
		"a proxy says nonsense":       {"203.0.113.0/24", "203.0.113.1:5000", []string{"198.51.100.7, unknown"}, "203.0.113.1"},
		"nonsense on the left":        {"203.0.113.0/24", "203.0.113.1:5000", []string{"unknown, 198.51.100.7"}, "198.51.100.7"},
		"with a port":                 {"203.0.113.0/24", "203.0.113.1:5000", []string{"198.51.100.7:40000"}, "198.51.100.7"},
		"IPv6 with a port":            {"203.0.113.0/24", "203.0.113.1:5000", []string{"[2001:db8::7]:40000"}, "2001:db8::7"},
		"IPv6 in brackets":            {"203.0.113.0/24", "203.0.113.1:5000", []string{"[2001:db8::7]"}, "2001:db8::7"},
		"IPv4 mapped into IPv6":       {"203.0.113.0/24", "[::ffff:203.0.113.1]:5000", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		"a zone":                      {"", "[fe80::1%eth0]:5000", nil, "fe80::1"},
		"a peer that is not known":    {"", "@", nil, "invalid IP"},
	} {
		t.Run(name, func(t *testing.T) {
			var proxies origin.Proxies
			if err := proxies.Decode(c.proxies); err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
			r.RemoteAddr = c.peer
			for _, line := range c.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			if got := proxies.Client(r).String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestProxiesThatAreNone(t *testing.T) {
	for _, list := range []string{"example.com", "192.0.2.0/33", "192.0.2.1, x", "::1%lo/128", "::1%lo", "::ffff:192.0.2.0/120"} {
		var proxies origin.Proxies
		if err := proxies.Decode(list); err == nil {
			t.Errorf("%q is taken for %v", list, proxies)
		}
	}
}
