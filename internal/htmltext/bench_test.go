package htmltext_test

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/htmltext"
)

func BenchmarkFromHTML(b *testing.B) {
	for name, markup := range map[string]string{"mail": outlook, "article": confluence, "1MB": strings.Repeat(outlook, 1+(1<<20)/len(outlook))} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(markup)))
			b.ReportAllocs()
			for b.Loop() {
				htmltext.FromHTML(markup)
			}
		})
	}
}
