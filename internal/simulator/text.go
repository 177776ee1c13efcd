package simulator

import (
	"html"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

var lineEnd = regexp.MustCompile(`(?i)<br\s*/?>|</p>|</li>|</h[1-6]>|</div>`)

// htmlFrom is how ServiceDesk Plus keeps a text that was typed in: as HTML.
func htmlFrom(text string) string {
	return strings.ReplaceAll(html.EscapeString(strings.ReplaceAll(text, "\r\n", "\n")), "\n", "<br>")
}

// textFrom is what a script that sends a webhook makes of a description. It undoes htmlFrom.
func textFrom(source string) string {
	stripped := bluemonday.StrictPolicy().Sanitize(lineEnd.ReplaceAllString(source, "\n"))
	return html.UnescapeString(stripped)
}
