package oidc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ai-agents/ai-agents/internal/access"
)

const (
	// maxSubject is the longest sub that there can be (OpenID Connect Core, section 2).
	maxSubject = 255
	// maxName is how much of a person's name is shown, in characters.
	maxName = 100
)

// claims are what is read of a JWT besides what the library reads.
type claims struct {
	Subject           string `json:"sub"`
	PreferredUsername any    `json:"preferred_username"`
	Email             any    `json:"email"`
	EmailVerified     any    `json:"email_verified"`
	NotBefore         moment `json:"nbf"`
	IssuedAt          moment `json:"iat"`
	// Events are in tokens that tell of something, a logout for example. Not all providers say so in the header as well.
	Events any `json:"events"`

	all map[string]any
}

// UnmarshalJSON also keeps all claims: where the roles are is a setting.
func (c *claims) UnmarshalJSON(data []byte) error {
	type plain claims
	if err := json.Unmarshal(data, (*plain)(c)); err != nil {
		return fmt.Errorf("read the claims: %w", err)
	}
	if err := json.Unmarshal(data, &c.all); err != nil {
		return fmt.Errorf("read the claims: %w", err)
	}
	return nil
}

// party is the client that the JWT was given to, under the names that providers have for it.
func (c *claims) party() string {
	for _, name := range []string{"azp", "client_id", "cid", "appid"} {
		if party, ok := c.all[name].(string); ok {
			return party
		}
	}
	return ""
}

// moment is a time in seconds since 1970, possibly with a fraction.
type moment float64

// after says whether m is later than t; a moment that was not given is not.
func (m moment) after(t time.Time) bool { return float64(m) > float64(t.Unix()) }

// audience is one text or a list of them.
type audience []string

// UnmarshalJSON takes both.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// glance looks at a JWT before its signature has been checked, and can only refuse it. A token of another provider is not
// worth asking ours for keys, and one that was signed for another purpose (a logout token) is not a sign-in.
func (v *Verifier) glance(jwt string) access.Reason {
	parts := strings.Split(jwt, ".")
	if len(jwt) > access.MaxAuthorization || len(parts) != 3 {
		return access.ReasonMalformed
	}
	var header struct {
		Type any `json:"typ"`
	}
	var payload struct {
		Issuer any `json:"iss"`
	}
	if decode(parts[0], &header) != nil || decode(parts[1], &payload) != nil {
		return access.ReasonMalformed
	}
	if payload.Issuer != v.cfg.Issuer {
		return access.ReasonIssuer
	}
	purpose, isText := header.Type.(string)
	if header.Type != nil && (!isText || !slices.Contains([]string{"jwt", "at+jwt", "application/at+jwt"}, strings.ToLower(purpose))) {
		return access.ReasonMalformed
	}
	return ""
}

func decode(part string, into any) error {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}

// names finds the texts at path: a text, or those in a list. The name of a claim may itself have dots, as a URL or the id
// of a client has; the longest name that is there counts. What is of another type is no role.
func names(object map[string]any, path string) []string {
	for head := path; head != ""; {
		if value, ok := object[head]; ok {
			if head == path {
				return texts(value)
			}
			inner, _ := value.(map[string]any)
			return names(inner, path[len(head)+1:])
		}
		head = head[:max(strings.LastIndexByte(head, '.'), 0)]
	}
	return nil
}

func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var found []string
		for _, item := range v {
			if text, ok := item.(string); ok {
				found = append(found, text)
			}
		}
		return found
	default:
		return nil
	}
}

// subject is how the audit log names a person: by a name for reading, which the person may be able to choose, and by the
// provider's id, which they are not.
func subject(c claims) string {
	id := escaped(c.Subject)
	for _, name := range []any{c.PreferredUsername, c.email()} {
		if text, ok := name.(string); ok && strings.TrimSpace(text) != "" && text != c.Subject {
			return access.PersonPrefix + readable(text) + " (" + id + ")"
		}
	}
	return access.PersonPrefix + id
}

// email is the address, unless the provider says that it has not been verified.
func (c *claims) email() any {
	if c.EmailVerified == false || c.EmailVerified == "false" {
		return nil
	}
	return c.Email
}

// readable keeps letters, digits and what addresses are made of; not what could forge the rest of the subject, or turn
// the direction of writing.
func readable(name string) string {
	kept := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@.-_+\\", r) {
			return r
		}
		return '_'
	}, strings.TrimSpace(name))
	if runes := []rune(kept); len(runes) > maxName {
		return string(runes[:maxName])
	}
	return kept
}

// escaped shows id in ASCII without spaces and parentheses, differently for each id.
func escaped(id string) string {
	var b strings.Builder
	for i := range len(id) {
		c := id[i]
		if c > ' ' && c < unicode.MaxASCII && !strings.ContainsRune("()%", rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
