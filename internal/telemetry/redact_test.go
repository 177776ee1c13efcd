package telemetry_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// planted is a secret of no form of its own: it is found by what stands around it.
const planted = "hunter2Hunter2-x.Y_9/z+w"

// Tokens with a form of their own, put together so that nobody takes them for real ones.
func tokens() []string {
	return []string{
		"aia_" + "5f98c2a9c42b_" + strings.Repeat("Ab3_", 10), "aia_" + "x_y",
		"sk-" + strings.Repeat("aB3x", 8), "sk-" + "proj-" + strings.Repeat("aB_x", 12),
		"1000." + strings.Repeat("0f", 16) + "." + strings.Repeat("a1", 16),
		"AKIA" + strings.Repeat("B2", 8), "ASIA" + strings.Repeat("Z7", 8), "AIza" + strings.Repeat("aB3x_", 7),
		"ghp_" + strings.Repeat("aB3x", 9), "github_pat_" + strings.Repeat("aB3x", 9), "glpat-" + strings.Repeat("aB3x", 5),
		"xoxb-" + strings.Repeat("12345-", 4) + "abc",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + strings.Repeat("aB3x_", 8),
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0.",
	}
}

// around are texts in which a secret, put in place of %s, is recognised.
func around() []string {
	return []string{
		"password=%s", "password = %s", "Password: %s", `"password": "%s"`, `{"api_key":"%s","ticket":"5"}`, `{\"client_secret\":\"%s\"}`, `apiKey='%s'`,
		"PGPASSWORD=%s psql", "export AWS_SECRET_ACCESS_KEY=%s", "aws_secret_access_key = %s\n", "--token=%s", "api key: %s", "x-api-key: %s",
		"Authorization: Bearer %s", "authorization: Basic %s", "Bearer %s", "bearer  %s,", "Zoho-oauthtoken %s", "authtoken: %s", "AUTHTOKEN %s", "authtoken=%s&x=1",
		"https://sdp.example.com/api/v3/requests?TECHNICIAN_KEY=%s&format=json", "map[password:%s user:x]", "{Name:x Secret:%s}", "map[Authorization:[Bearer %s]]",
		"<password>%s</password>", "refresh_token=%s;", "passphrase := %s", "Cookie: session=1; id=%s", "Set-Cookie: id=%s; Path=/", "private_key=%s",
		"credentials: {%s}", "(secret: %s)", "signing_secret=>%s", "password\t:\t%s", "TOKEN=`%s`",
	}
}

func TestRedactFindsSecretsByWhatStandsAroundThem(t *testing.T) {
	for _, form := range around() {
		text := "call failed: " + fmt.Sprintf(form, planted) + " (again in 5s)"
		if got := telemetry.Redact(text); strings.Contains(got, planted[:8]) || strings.Contains(got, planted[10:]) || !strings.HasPrefix(got, "call failed: ") {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	for _, text := range []string{
		"postgres://app_user:hunter2@db.example.com/x",
		"redis://:hunter2@cache.example.com:6379", "https://user:hunter2@@sdp.example.com/", `password="hunter2 with blanks, \"quotes\" hunter2"`,
		"-----BEGIN RSA PRIVATE KEY-----\nhunter2 and\nhunter2\n-----END RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nhunter2",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2\n-----END PGP PRIVATE KEY BLOCK-----",
		`{"keyData":{"typeUrl":"type.googleapis.com/google.crypto.tink.AesGcmKey","value":"hunter2hunter2=="}}`,
		"basic dXNlcjpodW50ZXIy hunter", "hunter2@example.com", "jörg.hunter2+x@mail.example.org",
	} {
		if got := telemetry.Redact(text); strings.Contains(got, "hunter2") || strings.Contains(got, "dXNlcjpodW50ZXIy") {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	if got := telemetry.Redact("write to jane.doe@example.com"); got != "write to [redacted]@example.com" {
		t.Error(got)
	}
}

func TestRedactFindsTokensByTheirForm(t *testing.T) {
	for _, token := range tokens() {
		for _, form := range []string{"%s", "got %s.", `"%s"`, "a/%s/b", "x=%s", "(%s)", `one\n%s`} {
			text := fmt.Sprintf(form, token)
			if got := telemetry.Redact(text); strings.Contains(got, token[len(token)/2:]) || strings.Contains(telemetry.RedactTokens(text), token[len(token)/2:]) {
				t.Errorf("%q becomes %q", text, got)
			}
		}
	}
}

func TestRedactLeavesWhatIsHarmless(t *testing.T) {
	for _, text := range []string{
		"", "the time is 12:30, see http://kb.example.com/a", "update_ticket: put the note on ticket 999999: servicedesk: HTTP 404: code 4007: Invalid URL",
		"2026-11-23T09:36:49.123456Z", "7d444840-9dc0-41d1-b245-5ffdce74fad2", "tokens_used: 42, prompt_tokens=17", "http://127.0.0.1:8089/tickets/example-clinic/20401",
		"api_key: is missing", "signing_secret: use at least 16 characters", "the token is valid", "a basic setting: on", "basic authentication",
		"github.com/jackc/pgx/v5@v5.12.0/conn.go:12", "192.0.2.10:443 [2001:db8::1]:443", "key=value", "monkey: banana", "[redacted]", "password=[redacted]",
		"x > 5", "a=b", "1000.5", "the secretary: out", "tokenizer=bpe", "risk-assessment-of-everything-here",
	} {
		if got := telemetry.Redact(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestCardNumbersAreRedacted(t *testing.T) {
	// The networks' own numbers for tests.
	for _, number := range []string{
		"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "2223003122003222", "378282246310005", "3782 822463 10005",
		"30569309025904", "3056 930902 5904", "6011111111111117", "3530111333300000", "6200000000000005",
	} {
		for _, form := range []string{"%s", "card %s.", "(%s)", "pays with %s, expires 12/30", "1 %s 2"} {
			text := fmt.Sprintf(form, number)
			if got := telemetry.Redact(text); strings.Contains(got, number[len(number)-5:]) {
				t.Errorf("%q becomes %q", text, got)
			}
		}
	}
	for _, text := range []string{
		"4111111111111112", "4111 1111 1111-1111", "4111.1111.1111.1111", "94111111111111111", "a4111111111111111", "4111111111111111.5", "00000000-4111-1111-1111-111111111111",
		"2026-11-23 09:36:49", "+49 30 1234 5678 9012",
	} {
		if got := telemetry.Redact(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// TestIDsAreNotTakenForCards goes through numbers as the systems around us make them.
func TestIDsAreNotTakenForCards(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const each = 20_000
	for name, newID := range map[string]func() string{
		"ServiceDesk Plus, cloud, 18 digits": func() string {
			return strconv.FormatInt(100_000_000_000_000_000+random.Int64N(99_000_000_000_000_000), 10)
		},
		"Zoho, 19 digits with a 4": func() string {
			return strconv.FormatInt(4_000_000_000_000_000_000+random.Int64N(999_000_000_000_000_000), 10)
		},
		"ServiceDesk Plus, on premises": func() string { return strconv.FormatInt(random.Int64N(10_000_000), 10) },
		"milliseconds":                  func() string { return strconv.FormatInt(1_500_000_000_000+random.Int64N(1_000_000_000_000), 10) },
		"microseconds":                  func() string { return strconv.FormatInt(1_500_000_000_000_000+random.Int64N(700_000_000_000_000), 10) },
		"nanoseconds": func() string {
			return strconv.FormatInt(1_500_000_000_000_000_000+random.Int64N(1_000_000_000_000_000_000), 10)
		},
		"UUIDs": func() string {
			a, b := random.Uint64(), random.Uint64()
			return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
		},
		"UUIDs of digits": func() string {
			return fmt.Sprintf("%08d-%04d-%04d-%04d-%012d", random.IntN(1e8), random.IntN(1e4), random.IntN(1e4), random.IntN(1e4), random.Int64N(1e12))
		},
		"jobs, second run": func() string {
			return fmt.Sprintf("%08x-%04x-8%03x-%04x-%012x-2", random.Uint32(), 1, 2, 3, random.Int64N(1<<47))
		},
	} {
		for range each {
			id := newID()
			for _, text := range []string{id, "ticket " + id + ": closed"} {
				if got := telemetry.Redact(text); got != text {
					t.Fatalf("%s: %q becomes %q", name, text, got)
				}
			}
		}
	}
}

func TestWhoDidItIsNotHidden(t *testing.T) {
	for _, who := range []string{"jane.doe@example.com", "token:5f98c2a9", "system:enhancer"} {
		if got := telemetry.RedactValue(telemetry.KeyUser, who); got != who {
			t.Errorf("%q becomes %q", who, got)
		}
	}
	if got := telemetry.RedactValue(telemetry.KeyUser, tokens()[0]); got != "[redacted]" {
		t.Error(got)
	}
}

// FuzzRedact: whatever stands around it, a secret does not survive; redacting twice is redacting once.
func FuzzRedact(f *testing.F) {
	for i, form := range around() {
		f.Add(form, "and "+form, byte(i))
	}
	f.Add("\x00\xff%", "4111-1111-1111-1111 4111 1111", byte(3))
	f.Add(strings.Repeat(`\"`, 20), "-----BEGIN PRIVATE KEY-----", byte(5))
	f.Add("token, token secret: ", "@@:://x:y@z", byte(7))
	f.Add(`password="`, `'password=`, byte(0))
	f.Add("BeArer", "0", byte(2))
	f.Add("token: Bearer password:", "0", byte(0))
	f.Add("TOKEN=`", "0", byte(len(around())-1)) // a quote that is not closed
	f.Fuzz(func(t *testing.T, before, after string, n byte) {
		forms, formed := around(), tokens()
		token := formed[int(n)%len(formed)]
		for _, text := range []string{
			before, before + after,
			before + "\n" + fmt.Sprintf(forms[int(n)%len(forms)], planted) + "\n" + after,
			before + " " + token + " " + after,
		} {
			got := telemetry.Redact(text)
			if strings.Contains(got, planted) && !strings.Contains(before+after, planted) {
				t.Errorf("%q becomes %q", text, got)
			}
			if strings.Contains(got, token) && !strings.Contains(before+after, token) {
				t.Errorf("%q becomes %q", text, got)
			}
			if again := telemetry.Redact(got); again != got {
				t.Errorf("%q becomes %q, and that %q", text, got, again)
			}
		}
	})
}

// A tenant's server chooses what stands in errors. Were each name to cost a look at all that follows, this would take hours.
func TestManyNamesInOneWordCostNoMoreThanTheirLength(t *testing.T) {
	t.Parallel() // it takes a second
	const names = 200_000
	for _, name := range []string{"token:", "password=", "bearer ", "token: ", "token:,,", `"secret":`} {
		telemetry.Redact(strings.Repeat(name, names) + strings.Repeat(",", names))
	}
}
