package tenant

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
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
)

// Sealer encrypts tenants' secrets with authenticated encryption (Tink AEAD, AES-256-GCM).
type Sealer struct {
	aead tink.AEAD
}

// NewSealer reads a Tink keyset in its JSON form, as the secret store holds it. The keyset is in
// clear there: protecting it is the secret store's task.
func NewSealer(keysetJSON string) (*Sealer, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewBufferString(keysetJSON)))
	if err != nil {
		// The parser's error could quote key material.
		return nil, errors.New("the tenant keyset cannot be read: expected a Tink keyset in JSON")
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use the tenant keyset: %w", err)
	}
	return &Sealer{aead: primitive}, nil
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

// GenerateKeyset makes a new keyset for NewSealer, in Tink's JSON form.
func GenerateKeyset() (string, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("generate a tenant keyset: %w", err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return "", fmt.Errorf("write the tenant keyset: %w", err)
	}
	return out.String(), nil
}
