package importfile_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/importfile"
)

// BenchmarkRead reads tickets of 2 KB without and with HTML: what a store could be given at most.
func BenchmarkRead(b *testing.B) {
	plain := strings.Repeat("The printer on floor 3 does not print. ", 50)
	html := "<p>" + strings.Repeat("The printer on floor 3 <b>does not</b> print.<br>", 50) + "</p>"
	const rows = 1000
	for _, c := range []struct{ name, header, record string }{
		{"CSV", header, "%d,Printer,\"" + plain + "\"\n"},
		{"CSV-HTML", header, "%d,Printer,\"" + html + "\"\n"},
		{"JSON", "", `{"ticket_id": "%d", "subject": "Printer", "description": "` + plain + "\"}\n"},
	} {
		var text strings.Builder
		text.WriteString(c.header)
		for i := range rows {
			fmt.Fprintf(&text, c.record, i)
		}
		b.Run(c.name, func(b *testing.B) {
			markup, err := importfile.Markup("auto")
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				r, err := importfile.Open("-", strings.NewReader(text.String()), importfile.Tickets(), importfile.Options{Markup: markup})
				for err == nil {
					_, err = r.Next()
				}
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
