package outbound_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/outbound"
)

const (
	passes   = "passes"
	listable = "refused"
	never    = "never"
)

func verdict(err error) string {
	refused, ok := errors.AsType[*outbound.RefusedError](err)
	switch {
	case err == nil:
		return passes
	case !ok:
		return err.Error()
	case refused.Never:
		return never
	}
	return listable
}

// everywhere is the widest list there can be.
const everywhere = "0.0.0.0/0, ::/0"

func TestSSRFAddresses(t *testing.T) {
	t.Parallel()
	plain, wide := guard(t, ""), guard(t, everywhere)
	for _, c := range []struct{ addr, plain, wide string }{
		{"1.1.1.1", passes, passes},
		{"::ffff:1.1.1.1", passes, passes},
		{"2606:4700:4700::1111", passes, passes},
		{"172.32.0.1", passes, passes},
		{"100.128.0.1", passes, passes},

		{"127.0.0.1", listable, passes},
		{"127.255.255.254", listable, passes},
		{"::ffff:127.0.0.1", listable, passes},
		{"::1", listable, passes},
		{"10.0.0.1", listable, passes},
		{"172.16.0.1", listable, passes},
		{"172.31.255.255", listable, passes},
		{"192.168.1.1", listable, passes},
		{"::ffff:192.168.1.1", listable, passes},
		{"100.64.0.1", listable, passes},
		{"198.18.0.1", listable, passes},
		{"192.0.2.1", listable, passes},
		{"240.0.0.1", listable, passes},
		{"fc00::1", listable, passes},
		{"fd12:3456:789a::1", listable, passes},
		{"fec0::1", listable, passes},
		{"2001:db8::1", listable, passes},
		{"5f00::1", listable, passes},
		{"100::1", listable, passes},

		{"0.0.0.0", never, never},
		{"0.1.2.3", never, never},
		{"::", never, never},
		{"169.254.169.254", never, never},
		{"::ffff:169.254.169.254", never, never},
		{"169.254.170.2", never, never},
		{"fe80::1", never, never},
		{"fe80::1%eth0", never, never},
		{"fe80::a9fe:a9fe%1", never, never},
		{"fd00:ec2::254", never, never},
		{"fd00:ec2::254%eth0", never, never},
		{"fd20:ce::254", never, never},
		{"fd00:c1::a9fe:a9fe", never, never},
		{"fd00:42::42", never, never},
		{"100.100.100.200", never, never},
		{"168.63.129.16", never, never},
		{"192.0.0.192", never, never},
		{"224.0.0.1", never, never},
		{"239.255.255.255", never, never},
		{"255.255.255.255", never, never},
		{"ff02::1", never, never},

		// IPv4 inside of IPv6: what stands inside counts, too.
		{"64:ff9b::1.1.1.1", listable, passes},
		{"64:ff9b::127.0.0.1", listable, passes},
		{"64:ff9b::169.254.169.254", never, never},
		{"64:ff9b:1::a9fe:a9fe", never, never},
		{"64:ff9b:1:ffff::a9fe:a9fe", never, never},
		{"2002:a9fe:a9fe::1", never, never},
		{"2002:0101:0101::1", listable, passes},
		{"2001:0:101:101:0:0:5601:5601", never, never}, // Teredo, inverted
		{"::169.254.169.254", never, never},
	} {
		addr := netip.MustParseAddr(c.addr)
		if got := verdict(plain.Check(addr)); got != c.plain {
			t.Errorf("%s: %s, want %s", c.addr, got, c.plain)
		}
		if got := verdict(wide.Check(addr)); got != c.wide {
			t.Errorf("%s, with everything allowed: %s, want %s", c.addr, got, c.wide)
		}
		// What the dialer hands over says the same, on any port.
		for _, port := range []uint16{22, 80, 443, 6379, 8080, 8443} {
			if got := verdict(plain.Control("tcp6", netip.AddrPortFrom(addr, port).String())); got != c.plain && addr.Is6() {
				t.Errorf("%s on port %d: %s, want %s", c.addr, port, got, c.plain)
			}
		}
	}
	if got := verdict(wide.Check(netip.Addr{})); got != never {
		t.Errorf("no address: %s", got)
	}
}

func TestSSRFOnlyWhatIsListedOpens(t *testing.T) {
	t.Parallel()
	g := guard(t, "10.1.0.0/16, 192.168.7.9, fd12:3456::/32, 64:ff9b::/96, 169.254.169.254/32, fd00::/8")
	for addr, want := range map[string]string{
		"10.1.255.255": passes, "::ffff:10.1.0.1": passes, "10.2.0.1": listable,
		"192.168.7.9": passes, "192.168.7.8": listable,
		"fd12:3456::1": passes, "fe00::1": listable,
		// NAT64 opens what is open in IPv4.
		"64:ff9b::1.1.1.1": passes, "64:ff9b::10.1.0.1": passes, "64:ff9b::10.2.0.1": listable, "64:ff9b::127.0.0.1": listable,
		"64:ff9b::169.254.169.254": never,
		// Listed exactly, and inside of what is listed: never all the same.
		"169.254.169.254": never, "fd00:ec2::254": never,
	} {
		if got := verdict(g.Check(netip.MustParseAddr(addr))); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func TestSSRFOnlyTCPIsDialled(t *testing.T) {
	t.Parallel()
	g := guard(t, "")
	if err := g.Control("tcp4", "1.1.1.1:8080"); err != nil {
		t.Error(err)
	}
	for _, c := range [][2]string{{"udp4", "1.1.1.1:53"}, {"unix", "/var/run/example.sock"}, {"tcp4", "localhost:80"}, {"tcp4", ""}} {
		if err := g.Control(c[0], c[1]); err == nil {
			t.Errorf("%s to %q passes", c[0], c[1])
		}
	}
}

func TestSSRFEverySpellingOfThisMachine(t *testing.T) {
	t.Parallel()
	inside := open(t, "127.0.0.1:0", http.HandlerFunc(hello))
	// By the resolver of the standard library the second kind is not a name, by the C library's it is this machine.
	spellings := []string{
		"127.0.0.1", "localhost", "LOCALHOST", "localhost.", "0x7f000001", "0x7f.0.0.1", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]",
		"[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[::127.0.0.1]", "127。0。0。1", "①②⑦.⓪.⓪.①",
	}
	numbers := []string{"2130706433", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0"}
	// As this system resolves them, and as a name server would that takes every one of them for this machine.
	everything := &names{answers: addrs("127.0.0.1")}
	for name, resolver := range map[string]*net.Resolver{"the system": nil, "a name server": everything.resolver(t)} {
		g := guard(t, "")
		g.UseResolver(resolver)
		c := client(t, g)
		for _, host := range slices.Concat(spellings, numbers) {
			status, _, err := get(t, c, "http://"+host+":"+inside.port()+"/")
			_, refused := errors.AsType[*outbound.RefusedError](err)
			unknown, unresolved := errors.AsType[*net.DNSError](err)
			switch {
			case refused:
			case err == nil:
				t.Errorf("%s by %s: HTTP %d", host, name, status)
			case resolver == nil && unresolved, unresolved && unknown.IsNotFound && slices.Contains(numbers, host):
			default:
				t.Errorf("%s by %s: %v, want it refused", host, name, err)
			}
		}
	}
	inside.untouched(t)
}

func TestSSRFRebinding(t *testing.T) {
	t.Parallel()
	t.Run("public when it was looked at", func(t *testing.T) {
		t.Parallel()
		inside := open(t, "127.0.0.1:0", http.HandlerFunc(hello))
		server := &names{answers: addrs("1.1.1.1", "127.0.0.1")}
		resolver := server.resolver(t)
		g := guard(t, "")
		g.UseResolver(resolver)
		first, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.example.com")
		if err != nil || len(first) != 1 || g.Check(first[0]) != nil {
			t.Fatalf("the first answer is %v, %v, want one that passes", first, err)
		}
		_, _, err = get(t, client(t, g), "http://rebind.example.com:"+inside.port())
		if verdict(err) != listable || server.count() < 2 {
			t.Errorf("%v after %d lookups, want it refused after a second", err, server.count())
		}
		inside.untouched(t)
	})
	t.Run("allowed in the request before", func(t *testing.T) {
		t.Parallel()
		allowed := open(t, "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close") // else the second request would take the first one's connection
			hello(w, r)
		}))
		inside := open(t, "127.0.0.2:"+allowed.port(), http.HandlerFunc(hello))
		server := &names{answers: addrs("127.0.0.1", "127.0.0.2")}
		g := guard(t, "127.0.0.1")
		g.UseResolver(server.resolver(t))
		c := client(t, g)
		if _, body, err := get(t, c, "http://rebind.example.com:"+allowed.port()); err != nil || body != "hello" {
			t.Fatalf("%q, %v", body, err)
		}
		if _, _, err := get(t, c, "http://rebind.example.com:"+allowed.port()); verdict(err) != listable {
			t.Errorf("%v, want it refused", err)
		}
		inside.untouched(t)
	})
	t.Run("to IPv6", func(t *testing.T) {
		t.Parallel()
		g := guard(t, "")
		g.UseResolver((&names{answers: addrs("fd00:ec2::254")}).resolver(t))
		if _, _, err := get(t, client(t, g), "http://rebind.example.com/latest/meta-data/"); verdict(err) != never {
			t.Errorf("%v, want it refused", err)
		}
	})
}

func TestSSRFWithoutAProxy(t *testing.T) {
	proxy := open(t, "127.0.0.1:0", http.HandlerFunc(hello))
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	if guard(t, "").Transport().Proxy != nil {
		t.Error("a proxy is asked, behind which addresses are not checked")
	}
	if _, _, err := get(t, client(t, guard(t, "127.0.0.1")), "http://169.254.169.254/"); verdict(err) != never {
		t.Errorf("%v, want it refused", err)
	}
	proxy.untouched(t)
}

func TestSSRFTheErrorTellsWhatToDoAndNotWhere(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	g := logged(t, "", &log)
	g.UseResolver((&names{answers: addrs("10.1.2.3", "169.254.169.254")}).resolver(t))
	c := client(t, g)
	for _, says := range []string{"OUTBOUND_ALLOWED_NETWORKS", "never called"} {
		_, _, err := get(t, c, "https://inside.example.com/")
		refused, ok := errors.AsType[*outbound.RefusedError](err)
		if !ok {
			t.Fatalf("%v, want a RefusedError inside", err)
		}
		if text := err.Error(); !strings.Contains(text, "inside.example.com") || !strings.Contains(text, says) ||
			strings.Contains(text, refused.Addr.String()) {
			t.Errorf("%s: %v; want the host, %q, and no address", refused.Addr, err, says)
		}
		if refused.Host != "inside.example.com" || !strings.Contains(log.String(), refused.Addr.String()) || !strings.Contains(log.String(), "security_event=true") {
			t.Errorf("host %q; the log says %s", refused.Host, log.String())
		}
	}
	if text := guard(t, "").Check(netip.MustParseAddr("10.1.2.3")).Error(); !strings.HasPrefix(text, "the host leads to") {
		t.Error(text)
	}
}

func TestOtherFailuresStayWhatTheyAre(t *testing.T) {
	t.Parallel()
	gone := open(t, "127.0.0.1:0", http.HandlerFunc(hello))
	gone.Close()
	_, _, err := get(t, client(t, guard(t, "127.0.0.1")), gone.URL)
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "dial" {
		t.Errorf("%v, want the dialer's own error", err)
	}
}

func TestAnAnswerDoesNotFillTheMemory(t *testing.T) {
	t.Parallel()
	d := open(t, "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/header" {
			w.Header().Set("X-Long", strings.Repeat("a", 300<<10))
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		zeros := make([]byte, 1<<20)
		for range 64 {
			if _, err := packed.Write(zeros); err != nil {
				return
			}
		}
		_ = packed.Close()
	}))
	c := client(t, guard(t, "127.0.0.1"))
	if _, _, err := get(t, c, d.URL+"/header"); err == nil {
		t.Error("a header of 300 KiB is taken")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	// It is unpacked as it is read: who reads a limited number of bytes unpacks no more.
	if n, err := io.CopyN(io.Discard, resp.Body, 1<<10); n != 1<<10 || err != nil || !resp.Uncompressed {
		t.Errorf("%d bytes, %v, unpacked %t", n, err, resp.Uncompressed)
	}
}
