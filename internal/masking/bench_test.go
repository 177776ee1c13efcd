package masking_test

import (
	"strings"
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
		"secrets": "password: hunter2 and hunter2 ", "net": "net use ", "dashes": "0-", "han": "王小明", "apostrophes": "'", "mixed": "password: a@b.example +49 30 1234567 Jane Quimby 192.0.2.1 [[X_1]] ",
	}
}

// TestTimeGrowsWithTheText compares a text with one that is four times as long: a detector that goes through it for each of its parts
// would take sixteen times as long. Both run on the same machine, and the ratio is far from either.
func TestTimeGrowsWithTheText(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const short, longer = 10_000, 4
	for name, piece := range hostile() {
		least := func(size int) time.Duration {
			text := strings.Repeat(piece, size/len(piece))
			best := time.Duration(1<<63 - 1)
			for range 2 {
				m := masking.New(everything(), names())
				started := time.Now()
				m.Show(m.Hide(text))
				best = min(best, time.Since(started))
			}
			return best
		}
		once, four := least(short), least(short*longer)
		t.Logf("%-12s %8v %8v", name, once.Round(time.Microsecond), four.Round(time.Microsecond))
		if ratio := float64(four) / float64(once); ratio > 11 && four > 100*time.Millisecond {
			t.Errorf("%s: %v for %d characters, %v for %d times as many", name, once, short, four, longer)
		}
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
