package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// The form of an API token is aia_<id>_<secret><checksum>, in the digits of base32 in lower case: a double click selects
// all of it, and a secret scanner finds it by its prefix and tells by the checksum that it is no coincidence.
const (
	// SecretPrefix is what an API token begins with.
	SecretPrefix = "aia_"

	digits = "abcdefghijklmnopqrstuvwxyz234567"

	idBytes     = 10
	idLength    = 16
	secretBytes = 25 // 200 bits
	// The checksum is the CRC-32 of all before it. It keeps nobody from making up a token.
	checksumLength = 7
	secretLength   = 40 + checksumLength
	tokenLength    = len(SecretPrefix) + idLength + 1 + secretLength
)

// Hash is what is kept of a secret. SHA-256 and no slow hash: those make up for passwords that can be guessed. A
// secret of 200 random bits cannot, however fast one tries, and a slow hash at every request would be a way to
// overload the console.
type Hash [sha256.Size]byte

// HashOf hashes a secret.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// NewSecret makes a token of 200 random bits, its id, and the hash to keep.
func NewSecret() (id string, token tenant.Secret, hash Hash) {
	id = randomDigits(idBytes)
	body := SecretPrefix + id + "_" + randomDigits(secretBytes)
	text := body + checksum(body)
	return id, tenant.Secret(text), HashOf(text)
}

// ParseSecret takes a token apart, without looking it up: its id, or the reason why it cannot be one.
func ParseSecret(text string) (id string, reason Reason) {
	if len(text) != tokenLength || !strings.HasPrefix(text, SecretPrefix) {
		return "", ReasonMalformed
	}
	id, secret, found := strings.Cut(text[len(SecretPrefix):], "_")
	if !found || len(id) != idLength || strings.Trim(id+secret, digits) != "" {
		return "", ReasonMalformed
	}
	body := text[:tokenLength-checksumLength]
	if checksum(body) != text[tokenLength-checksumLength:] {
		return "", ReasonChecksum
	}
	return id, ""
}

// ValidTokenID says whether id has the form of a token's id.
func ValidTokenID(id string) bool {
	return len(id) == idLength && strings.Trim(id, digits) == ""
}

func randomDigits(n int) string {
	random := make([]byte, n)
	_, _ = rand.Read(random) // never fails: it ends the process instead
	return encode(random)
}

func checksum(body string) string {
	return encode(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
}

func encode(b []byte) string {
	return base32.NewEncoding(digits).WithPadding(base32.NoPadding).EncodeToString(b)
}
