package synthesis

import (
	"strings"
	"testing"
)

func TestAddressesThatAreLinked(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://sdp.example/WorkOrder.do?woMode=viewWO&woID=1001":     "https://sdp.example/WorkOrder.do?woMode=viewWO&woID=1001",
		"https://wiki.example/doku.php?id=it:password:reset":           "https://wiki.example/doku.php?id=it:password:reset",
		"https://wiki.example/display/IT/Reset+a+password#steps":       "https://wiki.example/display/IT/Reset+a+password#steps",
		"https://kb.example/a?keyword=vpn&token=":                      "https://kb.example/a?keyword=vpn&token=",
		"https://kb.example/how-to-reset-your-api-key":                 "https://kb.example/how-to-reset-your-api-key",
		"http://srv_kb:8080/1":                                         "http://srv_kb:8080/1",
		"http://192.0.2.7:8080/1":                                      "http://192.0.2.7:8080/1",
		"https://kb.example/keys/9b2f3c1e-7d40-4e0a-8c56-0f1a2b3c4d5e": "https://kb.example/keys/9b2f3c1e-7d40-4e0a-8c56-0f1a2b3c4d5e",
		"https://bücher.example/größe":                                 "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe",
		"https://BÜCHER.example:8443/":                                 "https://xn--bcher-kva.example:8443/",
		"https://kb.example。evil.example/":                             "https://kb.example.evil.example/",
		"https://gооd.example/":                                        "https://xn--gd-fmca.example/", // Cyrillic letters
	} {
		if got := safeURL(raw); got != want {
			t.Errorf("%q is linked as %q, want %q", raw, got, want)
		}
	}
}

func TestAddressesThatAreNotLinked(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"https://kb.example/a?sig=abc", "https://kb.example/a?Signature=abc", "https://kb.example/a?token=abc", "https://kb.example/a?x=1&access_token=abc",
		"https://kb.example/a?apikey=abc", "https://kb.example/a?api-key=abc", "https://kb.example/a?key=abc", "https://kb.example/a?password=abc",
		"https://kb.example/a?client_secret=abc", "https://kb.example/a?X-Amz-Signature=abc", "https://kb.example/a?X-Amz-Credential=abc", "https://kb.example/a?X-Amz-Security-Token=abc",
		"https://sdp.example/api/v3/requests/1?TECHNICIAN_KEY=abc", "https://kb.example/a?se=1;sig=abc", "https://kb.example/a?s%69g=abc", "https://kb.example/a#access_token=abc",
		"https://kb.example/a;token=Abc123", "https://kb.example/a?q=%zz", "https://kb.example/a?note=password%3A%20Hunter2!x", "https://kb.example/a?note=password:Hunter2!x",
		"https://hooks.slack.com/services/T0000/B0000/example0123456789", "https://kb.example/a?x=glpat-0123456789abcdefghij",
		"https://kb.example/share/token/Ab0Cd1Ef2Gh3Ij4Kl5Mn6Op7Qr8",
		"https://user@kb.example/", "https://user:pw@kb.example/", "ftp://kb.example/", "javascript:alert(1)", "/relative", "https://", "https://./", "https://xn--a/", "https://kb.example\u202e/",
		"https://[fe80::1%25eth0]/", "https://a\u0300\u0300.\u200d/", "https://kb%2eexample/\x7f", "https://kb.example/" + strings.Repeat("a", maxURL),
	} {
		if got := safeURL(raw); got != "" {
			t.Errorf("%q is linked as %q", raw, got)
		}
	}
}

// The link for feedback is ours, and its token what makes it work.
func TestTheLinkForFeedbackKeepsItsToken(t *testing.T) {
	t.Parallel()
	const own = "https://desk.example/auth/feedback/Ab0Cd1Ef2Gh3Ij4Kl5Mn6Op7Qr8"
	if note := Render(Note{Footer: Footer{FeedbackURL: own}}, FormatHTML); !strings.Contains(note, own) {
		t.Error(note)
	}
	if got := safeURL(own); got != "" {
		t.Errorf("as the address of a source it is %q", got)
	}
}
