package tenantstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Sealed is an enabled tenant as it is stored, made for a cache: in JSON it holds no secret in clear, and Open notices when
// it was changed there, so that whoever can write to the cache cannot send a tenant's calls elsewhere. It may be out of
// date: a cache forgets it after a while, and asks the database when Open fails. Whoever asked for a tenant compares its ID,
// because one of another tenant, put in its place, is genuine too.
//
//nolint:recvcheck // it is encoded by value and decoded in place
type Sealed struct {
	tenant.Tenant

	secrets  secrets
	document []byte
	proof    []byte
}

// secrets are the sealed columns of a row.
type secrets struct {
	apiKey, signingSecret, kbAPIKey, previous []byte
	previousUntil                             *time.Time
}

// Open verifies the tenant and opens its credentials.
func (s Sealed) Open(sealer *tenant.Sealer) (tenant.Tenant, tenant.Credentials, error) {
	if err := sealer.Verify(s.ID, s.document, s.proof); err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("open tenant %s: %w", s.ID, err)
	}
	credentials, err := s.secrets.open(sealer, s.ID)
	if err != nil {
		return tenant.Tenant{}, tenant.Credentials{}, fmt.Errorf("open tenant %s: %w", s.ID, err)
	}
	return s.Tenant, credentials, nil
}

// sealedFormat is the form of document. Whoever changes the meaning of a field gives it the next number, so that releases
// that run side by side do not misread each other's.
const sealedFormat = 1

// document is what is vouched for.
type document struct {
	Format         int                `json:"format"`
	ID             string             `json:"tenant_id"`
	Version        int64              `json:"version"`
	UpdatedAt      time.Time          `json:"updated_at"`
	Name           string             `json:"name"`
	ServiceDeskURL string             `json:"servicedesk_url"`
	Profile        tenant.Profile     `json:"servicedesk_profile"`
	TechnicianID   string             `json:"technician_id"`
	KnowledgeURL   string             `json:"kb_url"`
	Preferences    tenant.Preferences `json:"enhancement_prefs"`
	APIKey         []byte             `json:"api_key_sealed"`
	SigningSecret  []byte             `json:"signing_secret_sealed"`
	KnowledgeKey   []byte             `json:"kb_api_key_sealed,omitempty"`
	Previous       []byte             `json:"previous_signing_secret_sealed,omitempty"`
	PreviousUntil  *time.Time         `json:"previous_signing_secret_until,omitempty"`
	// Enhancer may be out of date by as much as the rest: it says where to send a message, and not who works for the tenant.
	Enhancer string `json:"enhancer,omitempty"`
}

// envelope keeps the document to the byte: it is what the proof is for.
type envelope struct {
	Document []byte `json:"document"`
	Proof    []byte `json:"proof"`
}

// vouch fills in document and proof.
func (s *Sealed) vouch(sealer *tenant.Sealer) error {
	var err error
	//nolint:gosec // G117: they are sealed
	s.document, err = json.Marshal(document{
		Format: sealedFormat, ID: s.ID, Version: s.Version, UpdatedAt: s.UpdatedAt, Name: s.Name, ServiceDeskURL: s.ServiceDeskURL,
		Profile: s.Profile, TechnicianID: s.TechnicianID, KnowledgeURL: s.KnowledgeURL, Preferences: s.Preferences,
		APIKey: s.secrets.apiKey, SigningSecret: s.secrets.signingSecret, KnowledgeKey: s.secrets.kbAPIKey,
		Previous: s.secrets.previous, PreviousUntil: s.secrets.previousUntil, Enhancer: s.Enhancer,
	})
	if err != nil {
		return fmt.Errorf("encode tenant %s: %w", s.ID, err)
	}
	s.proof, err = sealer.Vouch(s.ID, s.document)
	return err
}

// MarshalJSON encodes what UnmarshalJSON reads.
func (s Sealed) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(envelope{Document: s.document, Proof: s.proof})
	if err != nil {
		return nil, fmt.Errorf("encode tenant %s: %w", s.ID, err)
	}
	return data, nil
}

// UnmarshalJSON reads what MarshalJSON of this release made, or of another one that means the same by it. What it read is
// to be believed only once it has been opened.
func (s *Sealed) UnmarshalJSON(data []byte) error {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("decode a sealed tenant: %w", err)
	}
	var d document
	if err := json.Unmarshal(e.Document, &d); err != nil {
		return fmt.Errorf("decode a sealed tenant: %w", err)
	}
	if d.Format != sealedFormat {
		return fmt.Errorf("decode a sealed tenant: its format is %d, this release reads %d", d.Format, sealedFormat)
	}
	*s = Sealed{
		Tenant: tenant.Tenant{
			ID: d.ID, Name: d.Name, ServiceDeskURL: d.ServiceDeskURL, Profile: d.Profile, TechnicianID: d.TechnicianID,
			KnowledgeURL: d.KnowledgeURL, Preferences: d.Preferences, Version: d.Version, UpdatedAt: d.UpdatedAt, Enhancer: d.Enhancer,
		},
		secrets: secrets{
			apiKey: d.APIKey, signingSecret: d.SigningSecret, kbAPIKey: d.KnowledgeKey, previous: d.Previous, previousUntil: d.PreviousUntil,
		},
		document: e.Document, proof: e.Proof,
	}
	return nil
}

func (s secrets) open(sealer *tenant.Sealer, id string) (tenant.Credentials, error) {
	var (
		c   tenant.Credentials
		err error
	)
	for _, f := range []struct {
		column tenant.Column
		from   []byte
		to     *tenant.Secret
	}{
		{tenant.ColumnAPIKey, s.apiKey, &c.APIKey},
		{tenant.ColumnSigningSecret, s.signingSecret, &c.SigningSecret},
		{tenant.ColumnKnowledgeAPIKey, s.kbAPIKey, &c.KnowledgeAPIKey},
		{tenant.ColumnPreviousSigningSecret, s.previous, &c.PreviousSigningSecret},
	} {
		if *f.to, err = sealer.Open(id, f.column, f.from); err != nil {
			return tenant.Credentials{}, err
		}
	}
	if s.previousUntil != nil {
		c.PreviousUntil = *s.previousUntil
	}
	return c, nil
}

// seal leaves the previous signing secret out: that one is made by a rotation alone.
func seal(sealer *tenant.Sealer, id string, c tenant.Credentials) (secrets, error) {
	var (
		row secrets
		err error
	)
	for _, f := range []struct {
		column tenant.Column
		from   tenant.Secret
		to     *[]byte
	}{
		{tenant.ColumnAPIKey, c.APIKey, &row.apiKey},
		{tenant.ColumnSigningSecret, c.SigningSecret, &row.signingSecret},
		{tenant.ColumnKnowledgeAPIKey, c.KnowledgeAPIKey, &row.kbAPIKey},
	} {
		if *f.to, err = sealer.Seal(id, f.column, f.from); err != nil {
			return secrets{}, err
		}
	}
	return row, nil
}
