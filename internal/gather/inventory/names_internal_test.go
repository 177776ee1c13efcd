package inventory

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type naming struct {
	name, text string
	want       []string // host names, and asset tags behind "#"
}

func hostNameCases() []naming {
	return []naming{
		{"nothing", "", nil},
		{"a sentence", "The printer on the second floor is jammed again.", nil},
		{"short", "db01 is slow", []string{"db01", "#db01"}},
		{"with domain", "cannot reach db01.example.com.", []string{"db01.example.com"}},
		{"capitals", "DB01.Example.COM and DB01", []string{"db01.example.com", "db01", "#db01"}},
		{"each once", "db01, DB01; db01!", []string{"db01", "#db01"}},
		{"hyphen", "print-srv down", []string{"print-srv", "#printsrv"}},
		{"underscore", "app_server", []string{"app_server", "#appserver"}},
		{"port", "db01:5432 db02.example.com:443", []string{"db01", "#db01", "db02.example.com"}},
		{"label", "server:db01,host=db02", []string{"db01", "#db01", "db02", "#db02"}},
		{"URL", "https://db01.example.com/login", []string{"db01.example.com"}},
		{"share", `\\fs01\data`, []string{"fs01", "#fs01"}},
		{"domain\\host", `EXAMPLE\db01`, []string{"example", "db01", "#db01"}},
		{"user and host", "ssh root@db01", []string{"db01", "#db01"}},
		{"possessive", "db01's disk", []string{"db01", "#db01"}},
		{"quotes and brackets", `("db01") <db02> [db03] 'db04'`, []string{"db01", "#db01", "db02", "#db02", "db03", "#db03", "db04", "#db04"}},
		{"markdown", "**db01** _db02_ `db03`", []string{"db01", "#db01", "db02", "#db02", "db03", "#db03"}},
		{"no blanks in the script", "服务器db01无法访问", []string{"db01", "#db01"}},
		{"dots and hyphens around", "--db01-- ...db02...", []string{"db01", "#db01", "db02", "#db02"}},
		{"subdomains", "db01.srv.example.com", []string{"db01.srv.example.com"}},
		{"private domain", "fritz.local", []string{"fritz.local"}},
		{"e-mail address", "anna@example.com, anna@mail.example.com", nil},
		{"local part", "db01@example.com", nil},
		{"mail at a host with a digit", "root@db01.example.com", []string{"db01.example.com"}},
		{"version and address", "v1.2.3 1.2.3.4 192.0.2.1 10.5", nil},
		{"date and time", "2025-11-12 10:20:30", nil},
		{"empty label", "db01..example.com", nil},
		{"label too long", strings.Repeat("a1", 40), nil},
		{"other letters", "gerät01 büro", nil},
		{"one letter", "a 1 x", nil},
	}
}

// everydayCases are about hosts that are called like everyday things.
func everydayCases() []naming {
	return []naming{
		{"words", "the mail and the print backup fail, exchange too", nil},
		{"with domain", "mail.example.com", []string{"mail.example.com"}},
		{"capitals", "MAIL does not answer", []string{"mail"}},
		{"a capital at the front", "Mail does not answer", nil},
		{"shouting", "MAIL DOES NOT ANSWER\nplease help", nil},
		{"shouting in another line", "HELP\nplease restart MAIL", []string{"mail"}},
		{"abbreviations", "The VPN, the DNS and the SQL are OK", nil},
		{"an abbreviation behind a host word", "the server dns is down", []string{"dns"}},
		{"server", "the server mail is down", []string{"mail"}},
		{"host, end of the sentence", "nobody reaches the host backup.", []string{"backup"}},
		{"server, last word", "restart server mail", []string{"mail"}},
		{"on", "no space left on backup since noon", []string{"backup"}},
		{"on, comma", "the job runs on backup, then stops", []string{"backup"}},
		{"on, another noun", "it depends on print jobs", nil},
		{"server, another noun", "the server backup failed", nil},
		{"on the", "it is on the mail", nil},
		{"the word first", "the mail server is down", nil},
		{"colon", "Host: mail", []string{"mail"}},
		{"equals sign", "host=mail port=25", []string{"mail"}},
		{"quoted", `the server "backup" failed`, []string{"backup"}},
		{"quoted, no host word", `it says "backup" failed`, nil},
		{"between brackets", "the computer (reception) froze", []string{"reception"}},
		{"command", "ping mail times out", []string{"mail"}},
		{"share", `open \\files\home`, []string{"files"}},
		{"URL", "http://intranet/news", []string{"intranet"}},
		{"user", "ssh root@backup", []string{"backup"}},
		{"next line", "server\nmail is slow", nil},
		{"next sentence", "I restarted the server. Mail is slow", nil},
	}
}

func tagCases() []naming {
	return []naming{
		{"letters and digits", "laptop PC1234", []string{"pc1234", "#pc1234"}},
		{"hyphen", "LT-00423 will not start", []string{"lt-00423", "#lt00423"}},
		{"blank", "my LT 00423 will not start", []string{"lt", "#lt00423"}},
		{"number alone", "order 00417", []string{"#order00417"}},
		{"number alone, long word", "invoice 00417 and 00418", []string{"#and00418"}},
		{"asset", "ASSET 00417", []string{"#asset00417", "#00417"}},
		{"asset tag", "Asset tag: 00417", []string{"#00417"}},
		{"asset number", "asset no. 00417, inventory number 00418", []string{"#00417", "#number00418", "#00418"}},
		{"hash", "asset #00417", []string{"#00417"}},
		{"announced elsewhere", "the asset was bought, 00417", nil},
		{"room", "room 12", nil},
		{"only a number", "00417", nil},
		{"other numbers", "ticket number: 4711", nil},
	}
}

func allNamings() []naming { return slices.Concat(hostNameCases(), everydayCases(), tagCases()) }

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tc := range allNamings() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, n := range names(tc.text) {
				if n.host != "" {
					got = append(got, n.host)
				}
				if n.tag != "" {
					got = append(got, "#"+n.tag)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("names of %q (-want +got):\n%s", tc.text, diff)
			}
		})
	}
}

func TestNamesAreCapped(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 2 * MaxNames {
		fmt.Fprintf(&text, "db%d ", i)
	}
	if got := names(text.String()); len(got) != MaxNames || got[0].host != "db0" {
		t.Errorf("got %d names from %q on, want the first %d", len(got), got[0].host, MaxNames)
	}
}

func FuzzNames(f *testing.F) {
	for _, tc := range allNamings() {
		f.Add(tc.text)
	}
	f.Add("\xff\\\\mail\x00@\u200bdb01:%")
	f.Fuzz(func(t *testing.T, text string) {
		found := names(text)
		if len(found) > MaxNames {
			t.Fatalf("%d names", len(found))
		}
		if again := names(text); !slices.Equal(found, again) {
			t.Errorf("first %v, then %v", found, again)
		}
		for _, n := range found {
			if text[n.at:n.end()] != n.text {
				t.Errorf("%q is not at %d of %q", n.text, n.at, text)
			}
			written := strings.ToLower(n.text)
			if n.host != "" && (n.host != written || len(n.host) > longestHost) {
				t.Errorf("host name %q for %q", n.host, n.text)
			}
			if n.tag != "" && n.tag != tagKey(written) {
				t.Errorf("asset tag %q for %q", n.tag, n.text)
			}
			if n.host == "" && n.tag == "" || strings.ContainsAny(n.host+n.tag, " \n\t\x00") {
				t.Errorf("%+v is not fit to be looked up", n)
			}
		}
	})
}
