package tenant

import (
	"fmt"
	"net/url"
	"strings"
)

// idPlaceholder stands for the id in a LinkTemplate.
const idPlaceholder = "{id}"

// LinkTemplate is an absolute URL with {id} in it; empty for none.
type LinkTemplate string

// For gives the URL of the thing with that id, escaped for where it stands; empty for an empty template.
func (l LinkTemplate) For(id string) string {
	template := string(l)
	escaped := url.PathEscape(id)
	if at, query := strings.Index(template, idPlaceholder), strings.IndexByte(template, '?'); query >= 0 && query < at {
		escaped = url.QueryEscape(id)
	}
	return strings.ReplaceAll(template, idPlaceholder, escaped)
}

// Validate says what is wrong with l.
func (l LinkTemplate) Validate() error {
	if l == "" {
		return nil
	}
	if !strings.Contains(string(l), idPlaceholder) {
		return fmt.Errorf("has no %s, where the id belongs", idPlaceholder)
	}
	if err := validURL(l.For("1")); err != nil {
		return err
	}
	if strings.Contains(l.host(), idPlaceholder) {
		return fmt.Errorf("%s belongs behind the host", idPlaceholder)
	}
	return nil
}

// host is what stands between "//" and the next slash.
func (l LinkTemplate) host() string {
	_, rest, _ := strings.Cut(string(l), "//")
	host, _, _ := strings.Cut(rest, "/")
	return host
}
