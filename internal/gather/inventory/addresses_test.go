package inventory_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather/inventory"
)

type extraction struct {
	name, text string
	want       []string
}

func ipv4Cases() []extraction {
	return []extraction{
		{"empty", "", nil},
		{"no address", "The printer on the second floor is jammed.", nil},
		{"alone", "192.0.2.1", []string{"192.0.2.1"}},
		{"in a sentence", "Cannot reach 192.0.2.10 since noon", []string{"192.0.2.10"}},
		{"end of a sentence", "The server is 192.0.2.10.", []string{"192.0.2.10"}},
		{"dots after it", "still waiting for 192.0.2.10...", []string{"192.0.2.10"}},
		{"several, in order", "198.51.100.7 and 192.0.2.1", []string{"198.51.100.7", "192.0.2.1"}},
		{"each once", "192.0.2.1, 198.51.100.7, 192.0.2.1", []string{"192.0.2.1", "198.51.100.7"}},
		{"no space after the comma", "192.0.2.1,192.0.2.2;192.0.2.3", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
		{"parentheses", "db01 (192.0.2.5)", []string{"192.0.2.5"}},
		{"quotes", `"192.0.2.5" '192.0.2.6'`, []string{"192.0.2.5", "192.0.2.6"}},
		{"brackets", "[192.0.2.5]", []string{"192.0.2.5"}},
		{"port", "192.0.2.1:443 refused", []string{"192.0.2.1"}},
		{"port, end of a sentence", "listens on 192.0.2.1:8080.", []string{"192.0.2.1"}},
		{"colon after it", "192.0.2.1: no route to host", []string{"192.0.2.1"}},
		{"label", "IP:192.0.2.1 src=192.0.2.2 client-ip:192.0.2.3", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
		{"label and port", "dst:192.0.2.1:53", []string{"192.0.2.1"}},
		{"pair", "192.0.2.1:192.0.2.2", []string{"192.0.2.1", "192.0.2.2"}},
		{"URL", "https://192.0.2.8/login?next=/", []string{"192.0.2.8"}},
		{"URL with user and port", "ftp://bob@192.0.2.8:2121/x", []string{"192.0.2.8"}},
		{"file share", `\\192.0.2.9\accounts`, []string{"192.0.2.9"}},
		{"e-mail address literal", "postmaster@[192.0.2.25]", []string{"192.0.2.25"}},
		{"range", "192.0.2.1-192.0.2.9", []string{"192.0.2.1", "192.0.2.9"}},
		{"short range", "192.0.2.1-9", []string{"192.0.2.1"}},
		{"bullet", "-192.0.2.1\n- 192.0.2.2", []string{"192.0.2.1", "192.0.2.2"}},
		{"tabs and lines", "192.0.2.1\t192.0.2.2\r\n192.0.2.3", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
		{"no spaces in the script", "服务器192.0.2.1无法访问", []string{"192.0.2.1"}},
		{"Korean particle", "192.0.2.1에서 오류", []string{"192.0.2.1"}},
		{"escaped URL", "?host=192.0.2.1%3A80", []string{"192.0.2.1"}},
		{"markup", "<td>192.0.2.1</td>", []string{"192.0.2.1"}},
		{"host in a network", "192.0.2.5/24", []string{"192.0.2.5"}},
		{"network", "192.0.2.0/24 is unreachable", nil},
		{"network, end of a sentence", "routes 198.51.100.0/24.", nil},
		{"one host", "192.0.2.0/32", []string{"192.0.2.0"}},
		{"point to point", "192.0.2.0/31", []string{"192.0.2.0"}},
		{"no prefix length", "192.0.2.0/240", []string{"192.0.2.0"}},
		{"path after it", "192.0.2.0/share", []string{"192.0.2.0"}},
		{"last octet too large", "192.0.2.256", nil},
		{"three numbers", "192.0.2", nil},
		{"five numbers", "build 1.2.3.4.5", nil},
		{"v in front", "v1.2.3.4", nil},
		{"version in front", "Version 1.2.3.4, ver. 1.2.3.5, version=1.2.3.6, Version:1.2.3.7, os-version: 1.2.3.8", nil},
		{"version in the sentence before", "We lost the version. 192.0.2.1 is down", []string{"192.0.2.1"}},
		{"version, then an address", "version 1.2.3.4 on 192.0.2.1", []string{"192.0.2.1"}},
		{"package", "nginx-1.2.3.4 and 1.2.3.4-rc1", nil},
		{"object id", "1.3.6.1.4.1.311.21", nil},
		{"object id with a dot in front", "snmpget .1.3.6.1", nil},
		{"inside words", "srv192.0.2.1 192.0.2.1x 192.0.2.1_old x_192.0.2.1", nil},
		{"host name", "192.0.2.1.example.com", nil},
		{"letters of other scripts", "é192.0.2.1 192.0.2.1б", nil},
		{"leading zeros", "192.000.002.001", nil},
		{"unspecified", "0.0.0.0:80", nil},
		{"amounts and dates", "1.234.567,89 on 12.05.2024 at 12.30", nil},
	}
}

func ipv6Cases() []extraction {
	return []extraction{
		{"alone", "2001:db8::1", []string{"2001:db8::1"}},
		{"in full", "2001:0db8:0000:0000:0000:0000:0000:0001", []string{"2001:db8::1"}},
		{"capitals", "2001:DB8::ABCD", []string{"2001:db8::abcd"}},
		{"two notations", "2001:db8::1 = 2001:0db8::0001", []string{"2001:db8::1"}},
		{"end of a sentence", "Ping to 2001:db8::1.", []string{"2001:db8::1"}},
		{"colon after it", "2001:db8::1: timeout", []string{"2001:db8::1"}},
		{"zeros at the end", "2001:db8:: and 2001:db8:1:::", []string{"2001:db8::", "2001:db8:1::"}},
		{"loopback", "on ::1, port 80", []string{"::1"}},
		{"brackets and port", "[2001:db8::1]:443", []string{"2001:db8::1"}},
		{"URL", "https://[2001:db8::1]:8443/x", []string{"2001:db8::1"}},
		{"zone", "fe80::1%eth0", []string{"fe80::1"}},
		{"zone with a hyphen, brackets, port", "[fe80::1%br-lan]:22", []string{"fe80::1"}},
		{"label", "IP:2001:db8::1 client-ip:2001:db8::2", []string{"2001:db8::1", "2001:db8::2"}},
		{"colon in front", ":2001:db8::1", []string{"2001:db8::1"}},
		{"range", "2001:db8::1-2001:db8::9", []string{"2001:db8::1", "2001:db8::9"}},
		{"mapped IPv4", "::ffff:192.0.2.1", []string{"192.0.2.1"}},
		{"mapped IPv4 in hexadecimal", "::ffff:c000:0201 and 192.0.2.1", []string{"192.0.2.1"}},
		{"mapped IPv4 with port", "::ffff:192.0.2.1:443", []string{"192.0.2.1"}},
		{"embedded IPv4", "64:ff9b::192.0.2.33", []string{"64:ff9b::c000:221"}},
		{"network", "2001:db8::/32", nil},
		{"host in a network", "2001:db8::5/64", []string{"2001:db8::5"}},
		{"after the word version", "IP version 2001:db8::1", []string{"2001:db8::1"}},
		{"both families", "192.0.2.1 / 2001:db8::1", []string{"192.0.2.1", "2001:db8::1"}},
		{"time", "at 12:30:45 and 12:30", nil},
		{"date and time", "2024-01-02T12:30:45Z", nil},
		{"MAC address", "00:00:5e:00:53:01", nil},
		{"C++", "std::vector<int> a::begin() ::", nil},
		{"inside a word", "x2001:db8::1 2001:db8::1g", nil},
		{"nine groups", "1:2:3:4:5:6:7:8:9", nil},
		{"group too long", "2001:db8::12345", nil},
		{"two gaps", "2001::db8::1", nil},
	}
}

// notAddressCases are what looks like an address and is none.
func notAddressCases() []extraction {
	return []extraction{
		{"build", "build 10.0.19.1, Build: 10.0.19.2", nil},
		{"Windows build", "Windows 10.0.19041.1 and v10.0.19045.3570", nil},
		{"firmware", "Firmware 7.2.5.1, BIOS 1.14.0.2, driver 31.0.15.8, release 2.6.8.1", nil},
		{"version of a browser", "Chrome 119.0.6045.160, Firefox 115.0.2.1", nil},
		{"user agent", "Chrome/119.0.0.0 Safari/537.36 Edg/119.0.0.0", nil},
		{"version with words between", "the version is 4.2.1.3, version number 4.2.1.4, version no. 4.2.1.5", nil},
		{"from one version to the next", "from version 7.2.5.1 to 7.2.6.4", nil},
		{"versions in a list", "versions 7.2.5.1, 7.2.6.4 and 7.4.0.1", nil},
		{"a version on a host", "version 7.2.5.1 to 192.0.2.1", []string{"192.0.2.1"}},
		{"a version and a host", "version 7.2.5.1 and 192.0.2.1", []string{"192.0.2.1"}},
		{"a quoted version", `version "7.2.5.1"`, nil},
		{"words that announce nothing", "gateway 192.0.2.1 client 192.0.2.2 update 192.0.2.3", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
		{"Java's notation", "db01/192.0.2.5:8080 and /192.0.2.6:53", []string{"192.0.2.5", "192.0.2.6"}},
		{"dates", "12.11.2025, 2025.11.12, 12.11.25 and 2025-11-12", nil},
		{"times", "10:20:30, 10:20:30.500, 1:2:3", nil},
		{"hardware addresses", "aa:bb:cc:dd:ee:ff 00-11-22-33-44-55 0011.2233.4455", nil},
		{"name of a disk port", "WWN 50:06:01:60:3b:a0:12:34", nil},
		{"fingerprint", "SHA1 3f:8a:11:00:aa:bb:cc:dd:ee:ff:01:02:03:04:05:06:07:08:09:0a", nil},
		{"object ids", "1.3.6.1.4.1.9 .1.3.6.1.2.1.1.5.0 OID 1.3.6.1", nil},
		{"phone number", "+49.30.12.34, phone 49.30.12.35, Tel. 49.30.12.36", nil},
		{"paragraphs", "section 4.2.1.3, § 4.2.1.4", nil},
		{"serial number", "serial 10.20.30.40", nil},
		{"hash", "d41d8cd98f00b204e9800998ecf8427e", nil},
		{"GUID", "{3f2504e0-4f89-11d3-9a0c-0305e82c3301}", nil},
		{"scopes", "a::b db::add() std::dead ::face Cafe::Bad", nil},
		{"leading zeros", "010.001.002.003 192.0.2.01", nil},
		{"too large", "999.1.1.1 256.1.1.1", nil},
		{"no system's address", "0.0.0.0 0.0.0.255 255.255.255.255 240.0.0.1", nil},
		{"netmask", "address 192.0.2.17 255.255.255.0, mask 255.255.252.0", []string{"192.0.2.17"}},
		{"prices", "1.234.567.890 and 12.50.30", nil},
		{"host name from an address", "ec2-192-0-2-1.compute.example.com ip-192-0-2-1", nil},
		{"file", "backup-192.0.2.1.tar.gz", nil},
	}
}

// hardCases are addresses in places where they are easily missed.
func hardCases() []extraction {
	return []extraction{
		{"log line", "<134>Nov 12 10:20:30 fw: SRC=192.0.2.1 DST=192.0.2.2 PROTO=TCP", []string{"192.0.2.1", "192.0.2.2"}},
		{"firewall log", "from outside:192.0.2.1/443 to inside:192.0.2.2/51000(any)", []string{"192.0.2.1", "192.0.2.2"}},
		{"JSON", `{"ip":"192.0.2.1","v6":"2001:db8::1"}`, []string{"192.0.2.1", "2001:db8::1"}},
		{"list without blanks", "[192.0.2.1|192.0.2.2|192.0.2.3]", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
		{"en dash", "192.0.2.1–192.0.2.9", []string{"192.0.2.1", "192.0.2.9"}},
		{"user and host", "root@192.0.2.1: permission denied", []string{"192.0.2.1"}},
		{"share behind two slashes", "//192.0.2.1/share", []string{"192.0.2.1"}},
		{"entities", "&nbsp;192.0.2.1&nbsp;&lt;192.0.2.2&gt;", []string{"192.0.2.1", "192.0.2.2"}},
		{"broken markup", `<a href="http://192.0.2.1:80">192.0.2.2<br/`, []string{"192.0.2.1", "192.0.2.2"}},
		{"query", "http://192.0.2.1/?to=192.0.2.2&x=1", []string{"192.0.2.1", "192.0.2.2"}},
		{"bold", "**192.0.2.1** and `192.0.2.2`", []string{"192.0.2.1", "192.0.2.2"}},
		{"question and exclamation", "192.0.2.1? 192.0.2.2!", []string{"192.0.2.1", "192.0.2.2"}},
		{"host with netmask", "192.0.2.17/255.255.255.0", []string{"192.0.2.17"}},
		{"host with its prefix", "2001:db8::17/64 192.0.2.17/24", []string{"2001:db8::17", "192.0.2.17"}},
		{"two with a slash", "192.0.2.1/192.0.2.2", []string{"192.0.2.1", "192.0.2.2"}},
		{"bracketed with zone and port", "http://[fe80::1%25eth0]:8080/", []string{"fe80::1"}},
		{"capitals of a mapped address", "::FFFF:192.0.2.1", []string{"192.0.2.1"}},
		{"mapped in brackets with port", "[::ffff:192.0.2.1]:443", []string{"192.0.2.1"}},
		{"IPv6 behind a quote", `"2001:db8::1",'2001:db8::2';2001:db8::3`, []string{"2001:db8::1", "2001:db8::2", "2001:db8::3"}},
		{"IPv6 in parentheses", "(2001:db8::1), (2001:db8:0:0:0:0:0:2)", []string{"2001:db8::1", "2001:db8::2"}},
		{"IPv6 without compression", "2001:db8:1:2:3:4:5:6", []string{"2001:db8:1:2:3:4:5:6"}},
		{"unique local", "fd12:3456:789a::1 fdab:cdef:abcd::a", []string{"fd12:3456:789a::1", "fdab:cdef:abcd::a"}},
		{"IPv6 and port without brackets reads as one", "2001:db8::1:443", []string{"2001:db8::1:443"}},
		{"no-break space", "192.0.2.1\u00a0192.0.2.2", []string{"192.0.2.1", "192.0.2.2"}},
		{"zero width space", "192.0.2.1\u200b,192.0.2.2", []string{"192.0.2.1", "192.0.2.2"}},
		{"arrow", "192.0.2.1->192.0.2.2=>192.0.2.3→192.0.2.4", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}},
	}
}

func allCases() map[string][]extraction {
	return map[string][]extraction{
		"IPv4": ipv4Cases(), "IPv6": ipv6Cases(), "no address": notAddressCases(), "hard": hardCases(),
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for _, tc := range []extraction{
		{"none", "192.0.2.1 is down", nil},
		{"both families", "192.0.2.0/24 and 2001:db8::/48.", []string{"192.0.2.0/24", "2001:db8::/48"}},
		{"each once, in order", "198.51.100.0/25, 192.0.2.0/24, 198.51.100.0/25", []string{"198.51.100.0/25", "192.0.2.0/24"}},
		{"netmask", "192.0.2.0/255.255.255.0 198.51.100.0 255.255.255.128", []string{"192.0.2.0/24", "198.51.100.0/25"}},
		{"netmask with a word", "192.0.2.0 netmask 255.255.255.0, 198.51.100.0 mask: 255.255.255.128.", []string{"192.0.2.0/24", "198.51.100.0/25"}},
		{"in parentheses", "(192.0.2.0/24)[2001:db8::/48]", []string{"192.0.2.0/24", "2001:db8::/48"}},
		{"a host in it", "192.0.2.17/24 2001:db8::17/64", nil},
		{"point to point and single", "192.0.2.0/31 192.0.2.1/32 2001:db8::/127 2001:db8::1/128", nil},
		{"no netmask", "192.0.2.0 255.0.255.0 198.51.100.0/255.255.255.1", nil},
		{"no prefix length", "192.0.2.0/33 2001:db8::/129 192.0.2.0/x 192.0.2.0/", nil},
		{"everything", "0.0.0.0/0 ::/0 192.0.2.0/0", nil},
		{"a version", "version 192.0.2.0/24", nil},
		{"netmask behind IPv6", "2001:db8:: 255.255.255.0", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, network := range inventory.Networks(tc.text) {
				got = append(got, network.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Networks(%q) (-want +got):\n%s", tc.text, diff)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for family, cases := range allCases() {
		for _, tc := range cases {
			t.Run(family+"/"+tc.name, func(t *testing.T) {
				t.Parallel()
				var got []string
				for _, addr := range inventory.Addresses(tc.text) {
					got = append(got, addr.String())
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("Addresses(%q) (-want +got):\n%s", tc.text, diff)
				}
			})
		}
	}
}

func TestAddressesAreCapped(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 2 * inventory.MaxAddresses {
		fmt.Fprintf(&text, "192.0.2.%d ", i+1)
	}
	got := inventory.Addresses(text.String())
	if len(got) != inventory.MaxAddresses || got[0] != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("got %d addresses from %v on, want the first %d", len(got), got[:1], inventory.MaxAddresses)
	}
}

func FuzzAddresses(f *testing.F) {
	for _, cases := range allCases() {
		for _, tc := range cases {
			f.Add(tc.text)
		}
	}
	f.Add("\xff192.0.2.1\x00[::\u200b")
	f.Fuzz(func(t *testing.T, text string) {
		found := inventory.Addresses(text)
		if len(found) > inventory.MaxAddresses {
			t.Fatalf("%d addresses", len(found))
		}
		if again := inventory.Addresses(text); !slices.Equal(found, again) {
			t.Errorf("first %v, then %v", found, again)
		}
		checkNetworks(t, text)
		written := make([]string, len(found))
		for i, addr := range found {
			if !addr.IsValid() || addr.Is4In6() || addr.Zone() != "" || slices.Contains(found[:i], addr) {
				t.Errorf("%v is not fit to be looked up, or is there twice", addr)
			}
			if !occurs(addr, text) {
				t.Errorf("%v does not occur in %q", addr, text)
			}
			written[i] = addr.String()
		}
		// Addresses written out plainly are found again: nothing depends on how they were written.
		if diff := cmp.Diff(written, asStrings(inventory.Addresses(strings.Join(written, " ")))); diff != "" {
			t.Errorf("the addresses of their own list (-want +got):\n%s", diff)
		}
	})
}

func checkNetworks(t *testing.T, text string) {
	t.Helper()
	networks := inventory.Networks(text)
	if len(networks) > inventory.MaxNetworks {
		t.Fatalf("%d networks", len(networks))
	}
	for i, network := range networks {
		if network != network.Masked() || network.Bits() == 0 || network.IsSingleIP() || slices.Contains(networks[:i], network) {
			t.Errorf("%v is not fit to be looked up, or is there twice", network)
		}
		if !occurs(network.Addr(), text) {
			t.Errorf("%v does not occur in %q", network, text)
		}
	}
}

// occurs is the definition of what Addresses looks for, too slow for use: some part of text is addr.
func occurs(addr netip.Addr, text string) bool {
	const longest, shortest = 45, 3
	for from := range text {
		for to := from + shortest; to <= min(from+longest, len(text)); to++ {
			if parsed, err := netip.ParseAddr(text[from:to]); err == nil && parsed.Unmap() == addr {
				return true
			}
		}
	}
	return false
}

func asStrings(addrs []netip.Addr) []string {
	all := make([]string, len(addrs))
	for i, addr := range addrs {
		all[i] = addr.String()
	}
	return all
}
