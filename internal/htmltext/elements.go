package htmltext

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// role is how an element is laid out.
type role int

const (
	unknown   role = iota
	inline         // does not separate words
	block          // stands on lines of its own
	paragraph      // has an empty line around it
	void           // has no content and shows nothing
	rawText        // its content is not markup, and is not shown
	hidden         // its content is not shown
)

// roleOf knows the elements of HTML, old ones included.
func roleOf(name string) role {
	switch name {
	case "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "blink", "button", "cite", "code", "data", "del", "dfn",
		"em", "font", "i", "ins", "kbd", "label", "map", "mark", "meter", "nobr", "output", "progress", "q", "rp", "rt", "ruby", "s",
		"samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var":
		return inline
	case "address", "applet", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "dir", "div", "dt", "fieldset",
		"figcaption", "figure", "footer", "form", "header", "hgroup", "html", "legend", "li", "main", "menu", "nav",
		"object", "ol", "optgroup", "option", "search", "section", "select", "summary", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "head":
		return block
	case "blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "listing", "table":
		return paragraph
	case "area", "base", "basefont", "bgsound", "br", "col", "colgroup", "embed", "frame", "hr", "img", "input", "keygen", "link",
		"meta", "param", "source", "track", "wbr":
		return void
	case "script", "style", "title", "iframe", "noembed", "noframes", "textarea", "xmp", "plaintext":
		return rawText
	case "audio", "canvas", "datalist", "frameset", "math", "noscript", "svg", "template", "video", "xml":
		return hidden
	}
	return unknown
}

// shownRaw are elements whose content is text and is shown as it stands.
func shownRaw(name string) bool { return name == "textarea" || name == "xmp" || name == "plaintext" }

// writtenRole is the role of a tag as it was written. Programs write tags in one case; List<Object> is code.
func writtenRole(written string) role {
	name := strings.ToLower(written)
	if written != name && written != strings.ToUpper(written) && !hasTag("<"+name+">") {
		return unknown
	}
	return roleOf(name)
}

// verbatimInline are inline elements in which white space matters: code that people paste without <pre>.
func verbatimInline(name string) bool {
	return name == "code" || name == "samp" || name == "kbd" || name == "tt"
}

// tagName finds what stands between the bracket and the first space, slash or closing bracket of a raw tag.
func tagName(raw string) string {
	raw = strings.TrimPrefix(strings.TrimPrefix(raw, "<"), "/")
	if end := strings.IndexAny(raw, " \t\n\r\f/>"); end >= 0 {
		raw = raw[:end]
	}
	return raw
}

// officeTag recognises the namespaces of office programs and wikis. Longer prefixes are addresses that stand between
// brackets: <mailto:person@example.com>.
var officeTag = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,3}:[A-Za-z][A-Za-z0-9_-]*$`)

// aTag finds a tag that gives HTML away. Names that also are words, such as <address>, or placeholders in a
// command do not, and neither does a comparison: if a <b && c> d.
var aTag = regexp.MustCompile(`(?i)<!--|<!doctype|</?(?:` + telling + `)\s*/?>|<(?:` + telling + `)\s+[a-z:-]+\s*=`)

const telling = `p|a|b|i|u|h[1-6]|br|hr|div|span|table|tbody|thead|tr|td|th|ul|ol|li|pre|code|em|strong|font|html|head|body|` +
	`img|blockquote|script|style|center|dl|textarea|small|sub|sup|o:p`

func hasTag(text string) bool { return aTag.MatchString(text) }

// isHidden tells whether a tag's attributes keep its content from the reader.
func isHidden(attributes []html.Attribute) bool {
	for _, a := range attributes {
		switch a.Key {
		case "hidden":
			return !strings.EqualFold(a.Val, "until-found")
		case "style":
			style := strings.ToLower(strings.Join(strings.Fields(upTo(a.Val, 4<<10)), "")) //nolint:mnd // no honest style is longer
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
				return true
			}
		}
	}
	return false
}

func attribute(attributes []html.Attribute, key string) string {
	for _, a := range attributes {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
