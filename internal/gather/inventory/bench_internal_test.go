package inventory

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// longTicket is what the texts of a benchmark have at least, in bytes.
const longTicket = 100_000

// repeated gives the lines that line makes for 0, 1 and so on, as many as it takes.
func repeated(line func(i int) string) string {
	var text strings.Builder
	for i := 0; text.Len() < longTicket; i++ {
		text.WriteString(line(i))
	}
	return text.String()
}

// BenchmarkExtraction reads tickets of 100 kB for all that is looked up.
func BenchmarkExtraction(b *testing.B) {
	for name, text := range map[string]string{
		"prose": repeated(func(int) string { return "The printer on the second floor is jammed again since this morning. " }),
		"log": repeated(func(i int) string {
			return fmt.Sprintf("Nov 12 10:20:30 fw01 SRC=192.0.2.%d DST=2001:db8::%x DPT=443 LEN=52\n", i%250, i)
		}),
		"one address again and again": strings.Repeat("192.0.2.1 ", longTicket/10),
		"colons":                      strings.Repeat(":", longTicket),
		"groups":                      strings.Repeat("1:", longTicket/2),
		"hyphens":                     strings.Repeat("1.1.1.1-", longTicket/8),
		"on":                          strings.Repeat("on ", longTicket/3),
		"capitals in one line":        strings.Repeat("MAIL ", longTicket/5),
		"blanks behind a word":        "server mail" + strings.Repeat(" ", longTicket),
		"slashes":                     strings.Repeat("192.0.2.0/24", longTicket/12),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				newQuestion(text)
			}
		})
	}
}

// BenchmarkFind asks for a ticket that mentions six systems and two unknown addresses among 5,000 systems and as
// many networks, and the same again of another tenant.
func BenchmarkFind(b *testing.B) {
	d := gathertest.NewDatabase(b)
	fill(b, d)
	source := New(d.DB)
	query := gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{
		Subject: "host-17, host-18.c18.example.com and 10.0.3.4 do not answer",
		Description: "LT-19 cannot reach 10.0.3.5, 10.0.3.6, 10.200.0.1 or 2001:db8::1. " +
			strings.Repeat("Since the update on Monday nothing works, please have a look at it. ", 20),
	}}
	for b.Loop() {
		result, err := source.Find(b.Context(), query)
		if err != nil || len(result.Items) != 6 {
			b.Fatalf("%d items, %v", len(result.Items), err)
		}
	}
}

// BenchmarkFindHostile asks for as much as a ticket can.
func BenchmarkFindHostile(b *testing.B) {
	d := gathertest.NewDatabase(b)
	fill(b, d)
	source := New(d.DB)
	text := repeated(func(i int) string {
		return fmt.Sprintf("host-%d unknown%d.example.com 2001:db8:%x::1 198.51.%d.0/24 10.0.%d.1 ", i, i, i, i%250, i%250)
	})
	for b.Loop() {
		_, err := source.Find(b.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{Subject: text}})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPut puts 5,000 systems that are all there already, or all new to the tenant.
func BenchmarkPut(b *testing.B) {
	const count = 5000
	systems := make([]System, count)
	for i := range systems {
		systems[i] = System{Hostname: fmt.Sprintf("host-%d.example.com", i), Address: fmt.Sprintf("10.0.%d.%d", i/250, i%250)}
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			d := gathertest.NewDatabase(b)
			b.StartTimer()
			putAll(b, d, systems, gather.Change{Added: count})
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		d := gathertest.NewDatabase(b)
		putAll(b, d, systems, gather.Change{Added: count})
		for b.Loop() {
			putAll(b, d, systems, gather.Change{Unchanged: count})
		}
	})
}

func putAll(b *testing.B, d *gathertest.Database, systems []System, want gather.Change) {
	b.Helper()
	got, err := NewStore(d.DB).Put(b.Context(), gathertest.Tenant, gather.OriginFile, systems)
	if err != nil || got != want {
		b.Fatalf("%+v, %v", got, err)
	}
}
