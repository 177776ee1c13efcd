package tenant

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// digestPurpose keeps the derived key apart from others that may be derived one day.
const digestPurpose = "ai-agents/digest/1"

// digestKey derives a key from the primary one (HKDF-SHA256, RFC 5869). A key of a keyset of its own would be one more secret to
// keep and to rotate, for names that nobody has to find again.
func digestKey(handle *keyset.Handle) ([]byte, error) {
	material := insecurecleartextkeyset.KeysetMaterial(handle)
	for _, k := range material.GetKey() {
		if k.GetKeyId() == material.GetPrimaryKeyId() {
			derived, err := hkdf.Key(sha256.New, k.GetKeyData().GetValue(), nil, digestPurpose, sha256.Size)
			if err != nil {
				return nil, fmt.Errorf("derive a key from the tenant keyset: %w", err)
			}
			return derived, nil
		}
	}
	return nil, errors.New("the tenant keyset has no primary key")
}

// Digest names a document of the tenant where others can read, who must not find out by guessing what it says (HMAC-SHA256). It is
// another one once another key is the primary one.
func (s *Sealer) Digest(tenantID string, document []byte) []byte {
	mac := hmac.New(sha256.New, s.digest)
	mac.Write([]byte(tenantID + "/"))
	mac.Write(document)
	return mac.Sum(nil)
}
