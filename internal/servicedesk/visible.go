package servicedesk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// breaks reports whether an element separates words. Others, such as <b>, may stand inside one.
func breaks(element string) bool {
	switch element {
	case "p", "div", "br", "hr", "li", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote",
		"table", "thead", "tbody", "tr", "td", "th", "section", "article", "header", "footer", "dl", "dt", "dd":
		return true
	}
	return false
}

// visibleText returns what a reader of the HTML sees, on one line. Servers rewrite
// entities, white space, attributes and comments; this is what survives.
func visibleText(source string) string {
	shown, _ := reading(source)
	return shown
}

// sameReading reports whether two pieces of HTML show the same text and lead to the same places.
func sameReading(a, b string) bool {
	textA, linksA := reading(a)
	textB, linksB := reading(b)
	return textA == textB && slices.Equal(linksA, linksB)
}

// TextDigest identifies the text that the HTML shows, wherever its links lead: what is known of a note that was sent and
// that a server may have altered a little.
func TextDigest(source string) string { return digest("text", visibleText(source)) }

// ReadingDigest identifies the text that the HTML shows and where its links lead.
func ReadingDigest(source string) string {
	shown, links := reading(source)
	return digest(append([]string{"reading", shown}, links...)...)
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// readsAs reports whether the HTML is one of the texts that the digests, of either kind, stand for.
func readsAs(source string, digests ...string) bool {
	return slices.Contains(digests, ReadingDigest(source)) || slices.Contains(digests, TextDigest(source))
}

func reading(source string) (shown string, links []string) {
	z := html.NewTokenizer(strings.NewReader(source))
	var b strings.Builder
	hidden := "" // the element whose content is not shown
	for {
		switch z.Next() {
		case html.ErrorToken:
			return normalise(b.String()), links
		case html.TextToken:
			if hidden == "" {
				b.Write(z.Text())
			}
		case html.CommentToken, html.DoctypeToken:
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			token := z.Token()
			switch {
			case token.Data == "script" || token.Data == "style":
				hidden = ""
				if token.Type == html.StartTagToken {
					hidden = token.Data
				}
			case breaks(token.Data):
				b.WriteByte(' ')
			case token.Data == "a" && token.Type == html.StartTagToken:
				links = append(links, href(token)...)
			}
		}
	}
}

func href(token html.Token) []string {
	for _, a := range token.Attr {
		if a.Key == "href" && a.Val != "" {
			return []string{a.Val}
		}
	}
	return nil
}

// normalise collapses white space, no-break spaces included, and drops characters without a width.
func normalise(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// showsMarker reports whether the HTML shows the marker as words of its own, so that the
// marker of ticket 12 is not found in a note about ticket 123 that a merge brought along.
func showsMarker(source, marker string) bool {
	shown, wanted := visibleText(source), normalise(marker)
	if wanted == "" {
		return false
	}
	for from := 0; ; {
		at := strings.Index(shown[from:], wanted)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(shown[:at])
		after, _ := utf8.DecodeRuneInString(shown[at+len(wanted):])
		if !inWord(before) && !inWord(after) {
			return true
		}
		from = at + 1
	}
}

func inWord(r rune) bool {
	return r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}
