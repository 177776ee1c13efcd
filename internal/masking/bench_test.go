package masking_test

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/masking"
)

// hostile are texts that make a detector look again and again, when it was written without care.
func hostile() map[string]string {
	return map[string]string{
		"letters": "a", "digits": "4", "blanks": " ", "at signs": "@", "addresses": "a@", "dots": "a.", "brackets": "[", "tokens": "[[EMAIL_1]]", "half tokens": "[[EMAIL_",
		"cards": "4111 ", "phones": "+49 30 ", "open": "(", "passwords": "password ", "values": "password: ", "is": "password is for ", "quotes": `password="`, "entities": "&#64;",
		"names": "Jane ", "initials": "J. ", "colons": ":", "hex": "ab:", "keys": "-----BEGIN PRIVATE KEY-----\n", "lines": "\n", "blobs": "key " + strings.Repeat("aB3", 10) + " ",
		"curl": "curl ", "curl -u": "curl -u a:b ", "mysql": "mysql -", "ibans": "DE89 ", "umlauts": "ü", "full width": "４", "url": "https://a:b", "code": "code is ", "spelled": " at a dot ", "pairs": "login: a ",
		"one word": "pwd=", "one word, colons": "password:", "one word, brackets": "secret:{", "one word, quotes": "secret:'", "one word, cookies": "cookie:", "one word, codes": "otp:", "one word, pairs": "login:a/",
		"secrets": "password: hunter2 and hunter2 ", "net": "net use ", "dashes": "0-", "han": "王小明", "apostrophes": "'", "mixed": "password: a@b.example +49 30 1234567 Jane Quimby 192.0.2.1 [[X_1]] ",
	}
}

// TestHostileTextComesBack goes through texts at which a careless detector would not end before the test's own time limit. How long it
// takes is measured by BenchmarkGrowth.
func TestHostileTextComesBack(t *testing.T) {
	const size = 100_000
	for name, piece := range hostile() {
		text := strings.Repeat(piece, size/len(piece))
		m := masking.New(everything(), names())
		shown := m.Show(m.Hide(text))
		if m.Counts()[masking.KindCredential] == 0 && shown != text {
			t.Errorf("%s: came back as %d bytes of %d", name, len(shown), len(text))
		}
	}
}

func took(piece string, size int) time.Duration {
	text := strings.Repeat(piece, size/len(piece))
	m := masking.New(everything(), names())
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	started := given()
	m.Show(m.Hide(text))
	return given() - started
}

// given is the processor's time that this thread has had.
func given() time.Duration {
	const thread = 1 // RUSAGE_THREAD of Linux
	var used syscall.Rusage
	if err := syscall.Getrusage(thread, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkGrowth gives, for each hostile text, how many times as long four times as much of it takes: 4 is linear.
func BenchmarkGrowth(b *testing.B) {
	const size, longer = 25_000, 4
	for name, piece := range hostile() {
		b.Run(name, func(b *testing.B) {
			once, four := time.Hour, time.Hour
			for b.Loop() {
				once, four = min(once, took(piece, size)), min(four, took(piece, size*longer))
			}
			b.ReportMetric(float64(four)/float64(once), "times")
			b.ReportMetric(float64(four.Microseconds())/1000, "ms/100k")
		})
	}
}

func BenchmarkHide(b *testing.B) {
	ordinary := strings.Repeat("The printer on the second floor shows error 0x80070005 since Monday. Jane Quimby (jane@example.com, 212-555-0123) restarted it twice.\n", 30)
	for name, text := range map[string]string{
		"ticket 4k": ordinary, "ticket 100k": strings.Repeat(ordinary, 25), "hostile 100k": strings.Repeat(hostile()["mixed"], 1200),
		"umlauts 100k": strings.Repeat("Größe für Müller ", 5000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				masking.New(everything(), names()).Hide(text)
			}
		})
	}
}
