package outbound_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/outbound"
)

func TestSSRFRedirectToARefusedAddress(t *testing.T) {
	t.Parallel()
	inside := open(t, "127.0.0.2:0", http.HandlerFunc(hello))
	for target, want := range map[string]string{
		inside.URL: listable, "http://127.0.0.2:" + inside.port() + "/x": listable, "http://[::1]:" + inside.port(): listable,
		"http://169.254.169.254/latest/meta-data/": never, "http://[fd00:ec2::254]/latest/meta-data/": never,
		"http://0.0.0.0:" + inside.port(): never,
	} {
		allowed := open(t, "127.0.0.1:0", http.RedirectHandler(target, http.StatusTemporaryRedirect))
		// The policy keeps us from going there at all, and the guard would if the policy did not.
		c := client(t, guard(t, "127.0.0.1"))
		if status, _, err := get(t, c, allowed.URL); err != nil || status != http.StatusTemporaryRedirect {
			t.Errorf("%s: HTTP %d, %v, want the redirect itself", target, status, err)
		}
		careless := &http.Client{Transport: c.Transport}
		if _, _, err := get(t, careless, allowed.URL); verdict(err) != want {
			t.Errorf("%s: %v, want %s", target, err, want)
		}
	}
	inside.untouched(t)
}

func TestSSRFOtherSchemesAreNotRedirectedTo(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "ftp://127.0.0.1/", "unix:///var/run/example.sock"} {
		allowed := open(t, "127.0.0.1:0", http.RedirectHandler(target, http.StatusFound))
		c := client(t, guard(t, everywhere))
		if status, _, err := get(t, c, allowed.URL); err == nil && status != http.StatusFound {
			t.Errorf("%s: HTTP %d", target, status)
		}
		if _, _, err := get(t, &http.Client{Transport: c.Transport}, allowed.URL); err == nil {
			t.Errorf("%s is fetched", target)
		}
	}
}

func TestSSRFCredentialsStayWithTheirHost(t *testing.T) {
	t.Parallel()
	elsewhere := open(t, "127.0.0.1:0", http.HandlerFunc(hello)) // another port is another host
	here := http.NewServeMux()
	d := open(t, "127.0.0.1:0", here)
	here.Handle("/away", http.RedirectHandler(elsewhere.URL, http.StatusFound))
	here.Handle("/near", http.RedirectHandler("/end", http.StatusFound))
	here.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	here.HandleFunc("/end", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Header.Get("Authtoken"))) })
	c := client(t, guard(t, "127.0.0.1"))
	for path, want := range map[string]int{"/away": http.StatusFound, "/near": http.StatusOK, "/loop": http.StatusFound} {
		status, body, err := get(t, c, d.URL+path)
		if err != nil || status != want || (status == http.StatusOK && body != "example-key") {
			t.Errorf("%s: HTTP %d %q, %v", path, status, body, err)
		}
	}
	elsewhere.untouched(t)
}

func TestSSRFEncryptionIsNotLeft(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/plain", http.StatusFound)
	}))
	t.Cleanup(secure.Close)
	g := guard(t, "127.0.0.1")
	transport := g.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	status, _, err := get(t, &http.Client{Transport: transport, CheckRedirect: outbound.Redirects}, secure.URL)
	if err != nil || status != http.StatusFound {
		t.Errorf("HTTP %d, %v, want the redirect itself", status, err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, way string
		followed    bool
	}{
		"same server":                       {"GET", "https://a.example/1 https://a.example/2", true},
		"another way to write it":           {"GET", "https://a.example/1 https://A.Example:443/2", true},
		"a host that begins the same":       {"GET", "https://a.example/1 https://a.example.evil.example/2", false},
		"the host as a user":                {"GET", "https://a.example/1 https://a.example@evil.example/2", false},
		"another port":                      {"GET", "https://a.example:8443/1 https://a.example:8444/2", false},
		"into encryption":                   {"GET", "http://a.example/1 https://a.example/2", true},
		"into encryption, on its own port":  {"GET", "http://a.example:8080/1 https://a.example:8443/2", false},
		"into encryption, on the same port": {"GET", "http://a.example:8080/1 https://a.example:8080/2", true},
		"out of encryption":                 {"GET", "https://a.example/1 http://a.example/2", false},
		"out of encryption, on one port":    {"GET", "https://a.example:8443/1 http://a.example:8443/2", false},
		"into encryption and out of it":     {"GET", "http://a.example/1 https://a.example/2 http://a.example/3", false},
		"away and back":                     {"GET", "https://a.example/1 https://b.example/2 https://a.example/3", true},
		"a write":                           {"POST", "https://a.example/1 https://a.example/2", false},
		"an edit":                           {"PUT", "https://a.example/1 https://a.example/2", false},
		"five in a row":                     {"GET", strings.Repeat("https://a.example/ ", 6), true},
		"six in a row":                      {"GET", strings.Repeat("https://a.example/ ", 7), false},
	} {
		var way []*http.Request
		for url := range strings.FieldsSeq(c.way) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			way = append(way, req)
		}
		err := outbound.Redirects(way[len(way)-1], way[:len(way)-1])
		if (err == nil) != c.followed || err != nil && !errors.Is(err, http.ErrUseLastResponse) {
			t.Errorf("%s: %v, want it followed: %t", name, err, c.followed)
		}
	}
}
