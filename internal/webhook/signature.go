// Package webhook owns the contract with those who send us ticket events: the payload, the signature that
// proves where it comes from, and how old it may be.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// SignatureHeader carries the HMAC-SHA256 of the request's body, byte for byte as sent.
	SignatureHeader = "X-ServiceDesk-Signature"
	// SecretHeader carries the signing secret itself, for tenants with tenant.AuthStatic.
	SecretHeader = "X-ServiceDesk-Secret" //nolint:gosec // a name, not a value
)

// ErrSignature says that the signature, or the secret in its place, is absent, unreadable or not the tenant's.
// Which of them is the sender's business only in the logs.
var ErrSignature = errors.New("the signature does not match")

const hexPrefix = "sha256="

// Sign returns the signature of body in hexadecimal, as Verify accepts it.
func Sign(secret string, body []byte) string {
	return hex.EncodeToString(mac(secret, body))
}

// Prove puts into header what proves that body is the tenant's.
func Prove(header http.Header, auth tenant.WebhookAuth, secret tenant.Secret, body []byte) {
	if auth == tenant.AuthStatic {
		header.Set(SecretHeader, secret.Reveal()) //nolint:canonicalheader // as people write it; Set does not mind
		return
	}
	header.Set(SignatureHeader, Sign(secret.Reveal(), body)) //nolint:canonicalheader // see above
}

// Verify checks a signature in hexadecimal, with or without the prefix "sha256=", or in standard
// base64 (the default of Zoho's Deluge). It compares in constant time.
func Verify(secret string, body []byte, signature string) error {
	given, err := decodeSignature(strings.TrimSpace(signature))
	if err != nil || secret == "" || !hmac.Equal(given, mac(secret, body)) {
		return ErrSignature
	}
	return nil
}

// VerifySecret checks a secret that was sent as it is. It compares in constant time, whatever the lengths.
func VerifySecret(secret, given string) error {
	want, got := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(given))
	if equal := subtle.ConstantTimeCompare(want[:], got[:]); equal != 1 || secret == "" {
		return ErrSignature
	}
	return nil
}

// decodeSignature tells the encodings apart by length: 32 bytes are 64 hexadecimal digits or 44
// characters of base64.
func decodeSignature(s string) ([]byte, error) {
	if len(s) == base64.StdEncoding.EncodedLen(sha256.Size) {
		return base64.StdEncoding.DecodeString(s)
	}
	if len(s) > len(hexPrefix) && strings.EqualFold(s[:len(hexPrefix)], hexPrefix) {
		s = s[len(hexPrefix):]
	}
	return hex.DecodeString(s)
}

func mac(secret string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return h.Sum(nil)
}
