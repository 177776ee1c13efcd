package importfile

import (
	"fmt"

	"github.com/ai-agents/ai-agents/internal/htmltext"
)

// Markup is how texts that may be HTML are read, by the name of the mode: "auto" looks at each text, with "yes" each is
// HTML, with "no" none is.
func Markup(mode string) (func(string) string, error) {
	switch mode {
	case "auto":
		return htmltext.FromEither, nil
	case "yes":
		return htmltext.FromHTML, nil
	case "no":
		return func(text string) string { return text }, nil
	default:
		return nil, fmt.Errorf("%q does not say which texts are HTML: auto, yes or no", mode)
	}
}
