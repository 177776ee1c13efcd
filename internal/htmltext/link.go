package htmltext

import (
	"net/url"
	"strings"
)

const (
	// maxTarget is how long a link's target may be, in bytes, to be worth its place.
	maxTarget = 500
	// maxLink bounds what is looked at: of an address that leads by way of a scanner, and of a link's text.
	maxLink = 2000
)

// link is an <a> that is open.
type link struct {
	target string
	text   strings.Builder
}

// newLink is nil for a link that leads nowhere on the web.
func newLink(href string) *link {
	u, err := url.Parse(strings.TrimSpace(upTo(href, maxLink)))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil
	}
	// Outlook sends links by way of a scanner; what the sender meant is in there.
	if behind := u.Query().Get("url"); behind != "" && strings.HasSuffix(u.Hostname(), ".safelinks.protection.outlook.com") {
		return newLink(behind)
	}
	return &link{target: u.String()}
}

func (l *link) add(text string) {
	if l != nil && l.text.Len() < maxLink {
		l.text.WriteString(upTo(text, maxLink))
	}
}

// note is what is to be written behind the link, empty for nothing.
func (l *link) note() string {
	if l == nil || len(l.target) > maxTarget {
		return ""
	}
	shown := strings.Join(strings.Fields(l.text.String()), " ")
	if shown == "" || bare(shown) == bare(l.target) {
		return ""
	}
	return "(" + l.target + ")"
}

// bare is an address without what people leave out when they write it.
func bare(address string) string {
	address = strings.ToLower(address)
	address = strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://")
	return strings.TrimRight(strings.TrimPrefix(address, "www."), "/")
}
