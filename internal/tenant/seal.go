package tenant

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/core/cryptofmt"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Column names a sealed column. With the tenant's id it is the associated data of the seal, so a value
// copied to another tenant's row, or to another column, does not open.
type Column string

// The sealed columns of tenant_configs.
//
//nolint:gosec // names, not values
const (
	ColumnAPIKey          Column = "api_key"
	ColumnSigningSecret   Column = "signing_secret"
	ColumnKnowledgeAPIKey Column = "kb_api_key"
	// ColumnPreviousSigningSecret has a name of its own, although it holds what was a signing secret: else whoever can
	// write to the table could bring an old secret back by copying bytes from one column to the other.
	ColumnPreviousSigningSecret Column = "previous_signing_secret"
)

// Sealer encrypts tenants' secrets with authenticated encryption (Tink AEAD, AES-256-GCM).
type Sealer struct {
	aead    tink.AEAD
	keys    []KeyInfo
	primary uint32
	digest  []byte // the key of Digest
}

// NewSealer reads a Tink keyset in its JSON form, as the secret store holds it. The keyset is in
// clear there: protecting it is the secret store's task.
func NewSealer(keysetJSON string) (*Sealer, error) {
	handle, err := readKeyset(keysetJSON)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use the tenant keyset: %w", err)
	}
	keys, err := keysOf(handle)
	if err != nil {
		return nil, err
	}
	digest, err := digestKey(handle)
	if err != nil {
		return nil, err
	}
	s := &Sealer{aead: primitive, keys: keys, digest: digest}
	for _, k := range keys {
		if k.Primary {
			s.primary = k.ID
		}
	}
	return s, nil
}

// Keys are the keys that s can open with; it seals with the primary one.
func (s *Sealer) Keys() []KeyInfo { return slices.Clone(s.keys) }

// NeedsResealing says whether sealed, which Seal made, is under another key than the primary one.
func (s *Sealer) NeedsResealing(sealed []byte) bool {
	return len(sealed) > 0 && !bytes.HasPrefix(sealed, SealPrefix(s.primary))
}

// SealPrefix is what everything begins with that is sealed with the key of that id.
func SealPrefix(keyID uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{cryptofmt.TinkStartByte}, keyID)
}

// Seal encrypts secret for the tenant's column. An empty secret seals to nil.
func (s *Sealer) Seal(tenantID string, column Column, secret Secret) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	sealed, err := s.aead.Encrypt([]byte(secret), associatedData(tenantID, column))
	if err != nil {
		return nil, fmt.Errorf("seal %s of tenant %s: %w", column, tenantID, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same tenant and column.
func (s *Sealer) Open(tenantID string, column Column, sealed []byte) (Secret, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	opened, err := s.aead.Decrypt(sealed, associatedData(tenantID, column))
	if err != nil {
		return "", fmt.Errorf("open %s of tenant %s: sealed with another keyset, or for another row: %w", column, tenantID, err)
	}
	return Secret(opened), nil
}

// associatedData cannot be ambiguous: a tenant id has no slash.
func associatedData(tenantID string, column Column) []byte {
	return []byte("tenant_configs/" + tenantID + "/" + string(column))
}

// Vouch makes a proof that a document about a tenant comes from one who has the keyset, for a place where others can
// write. It does not hide the document.
func (s *Sealer) Vouch(tenantID string, document []byte) ([]byte, error) {
	proof, err := s.aead.Encrypt(nil, documentData(tenantID, document))
	if err != nil {
		return nil, fmt.Errorf("vouch for a document of tenant %s: %w", tenantID, err)
	}
	return proof, nil
}

// Verify fails unless Vouch made the proof for the same tenant and document.
func (s *Sealer) Verify(tenantID string, document, proof []byte) error {
	if _, err := s.aead.Decrypt(proof, documentData(tenantID, document)); err != nil {
		return fmt.Errorf("a document of tenant %s was changed, or is vouched for with another keyset: %w", tenantID, err)
	}
	return nil
}

// documentData begins otherwise than what secrets are sealed with, so that neither can pass for the other.
func documentData(tenantID string, document []byte) []byte {
	return append([]byte("tenant_document/"+tenantID+"/"), document...)
}

// SealFor encrypts what leaves the platform and has to come back unchanged, such as what a link carries. It opens only for the
// same purpose, a constant of the caller: what was given out for one cannot be used for another.
func (s *Sealer) SealFor(purpose string, content []byte) ([]byte, error) {
	sealed, err := s.aead.Encrypt(content, purposeData(purpose))
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", purpose, err)
	}
	return sealed, nil
}

// OpenFor decrypts what SealFor made for the same purpose.
func (s *Sealer) OpenFor(purpose string, sealed []byte) ([]byte, error) {
	content, err := s.aead.Decrypt(sealed, purposeData(purpose))
	if err != nil {
		return nil, fmt.Errorf("open for %s: sealed with another keyset, for another purpose, or not at all: %w", purpose, err)
	}
	return content, nil
}

// purposeData begins otherwise than what tenants' secrets and documents are sealed with.
func purposeData(purpose string) []byte { return []byte("purpose/" + purpose) }

// SealDocument encrypts a document of the tenant for a place where others can read and write, under a name: it opens under no other,
// and for no other tenant.
func (s *Sealer) SealDocument(tenantID, name string, document []byte) ([]byte, error) {
	sealed, err := s.aead.Encrypt(document, sealedData(tenantID, name))
	if err != nil {
		return nil, fmt.Errorf("seal a document of tenant %s: %w", tenantID, err)
	}
	return sealed, nil
}

// OpenDocument decrypts what SealDocument made for the same tenant and name.
func (s *Sealer) OpenDocument(tenantID, name string, sealed []byte) ([]byte, error) {
	document, err := s.aead.Decrypt(sealed, sealedData(tenantID, name))
	if err != nil {
		return nil, fmt.Errorf("open a document of tenant %s: sealed with another keyset, or under another name: %w", tenantID, err)
	}
	return document, nil
}

// sealedData is to documents that are sealed what documentData is to those that are vouched for.
func sealedData(tenantID, name string) []byte {
	return []byte("tenant_sealed/" + tenantID + "/" + name)
}
