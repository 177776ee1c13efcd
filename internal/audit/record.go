package audit

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	parsed, err := ParseHash(string(text))
	if err == nil {
		*h = parsed
	}
	return err
}

// ParseHash reads a hash in hexadecimal.
func ParseHash(s string) (Hash, error) {
	var h Hash
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return Hash{}, fmt.Errorf("%q is no hash: expected %d hexadecimal digits", s, hex.EncodedLen(len(h)))
	}
	copy(h[:], b)
	return h, nil
}

// recordJSON is a record as adminapi.AuditRecord has it.
type recordJSON struct {
	Seq           int64             `json:"seq"`
	At            time.Time         `json:"at"`
	Operation     Operation         `json:"operation"`
	Status        Status            `json:"status"`
	Actor         string            `json:"actor"`
	TenantID      string            `json:"tenant_id,omitempty"`
	Target        string            `json:"target,omitempty"`
	Address       string            `json:"address,omitempty"`
	CorrelationID string            `json:"correlation_id,omitempty"`
	Detail        map[string]string `json:"detail,omitempty"`
	WrittenBy     string            `json:"written_by"`
	PreviousHash  Hash              `json:"previous_hash"`
	Hash          Hash              `json:"hash"`
}

// MarshalJSON writes the record as the admin API and exported files show it.
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(recordJSON{
		r.Seq, r.At, r.Operation, r.Status, r.Actor, r.TenantID, r.Target, r.Address, r.CorrelationID, r.Detail, r.WrittenBy,
		r.PreviousHash, r.Hash,
	})
}
