package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// noteLine is a line of a note; Only says that the other note has not the like.
type noteLine struct {
	Text string
	Only bool
}

// compared gives the lines of two notes. What both have in the same order is in common.
func compared(a, b string) (left, right []noteLine, err error) {
	if a == b {
		for line := range strings.Lines(a) {
			left = append(left, noteLine{Text: strings.TrimRight(line, "\n")})
		}
		return left, slices.Clone(left), nil
	}
	a, b = ended(a), ended(b)
	diff, err := udiff.ToUnifiedDiff("a", "b", a, udiff.Lines(a, b), strings.Count(a, "\n")+1)
	if err != nil {
		return nil, nil, fmt.Errorf("compare two notes: %w", err)
	}
	for _, hunk := range diff.Hunks {
		for _, line := range hunk.Lines {
			text := strings.TrimRight(line.Content, "\n")
			switch line.Kind {
			case udiff.Delete:
				left = append(left, noteLine{text, true})
			case udiff.Insert:
				right = append(right, noteLine{text, true})
			case udiff.Equal:
				left, right = append(left, noteLine{Text: text}), append(right, noteLine{Text: text})
			}
		}
	}
	return left, right, nil
}

func ended(text string) string { return strings.TrimRight(text, "\n") + "\n" }

// onlyIn are the citations of a that b has not.
func onlyIn(a, b []adminapi.Citation) []adminapi.Citation {
	var only []adminapi.Citation
	for _, c := range a {
		if !slices.ContainsFunc(b, func(d adminapi.Citation) bool { return d.Kind == c.Kind && d.Text == c.Text }) {
			only = append(only, c)
		}
	}
	return only
}
