package adminapi

import "time"

// Token is an API token as the API shows it: without the token itself, which is told once, when it is made.
type Token struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Permissions []string   `json:"permissions"`
	Tenants     []string   `json:"tenants,omitempty"      doc:"The tenants it is good for; absent for all."`
	CreatedBy   string     `json:"created_by"`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   time.Time  `json:"expires_at"`
	LastUsedAt  *time.Time `json:"last_used_at,omitempty"`
	RevokedAt   *time.Time `json:"revoked_at,omitempty"`
}

// CreateToken asks for an API token. It cannot have more permissions, or reach more tenants, than who asks for it.
type CreateToken struct {
	Name         string   `json:"name"              minLength:"1" maxLength:"100"`
	Permissions  []string `json:"permissions"       minItems:"1" doc:"What it may do: permissions, or a role (admin, operator, viewer) for all of that role."`
	Tenants      []string `json:"tenants,omitempty" doc:"Restrict it to these tenants."`
	ValidSeconds int      `json:"valid_seconds"     doc:"At most 366 days." minimum:"60" maximum:"31622400"`
}

// IssuedToken is the one answer that holds a token.
type IssuedToken struct {
	Token

	Secret string `json:"secret" doc:"The token, for the header Authorization: Bearer. It is not shown again."`
}

// Identity is who the API takes a client for.
type Identity struct {
	Subject     string     `json:"subject"`
	Kind        string     `json:"kind"                 enum:"person,token"`
	Roles       []string   `json:"roles,omitempty"`
	Permissions []string   `json:"permissions"`
	Tenants     []string   `json:"tenants,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
}

// AuditRecord is one entry of the audit log.
type AuditRecord struct {
	Seq           int64             `json:"seq"`
	At            time.Time         `json:"at"`
	Operation     string            `json:"operation"`
	Status        string            `json:"status"                   enum:"ok,refused,failed"`
	Actor         string            `json:"actor"`
	TenantID      string            `json:"tenant_id,omitempty"`
	Target        string            `json:"target,omitempty"`
	Address       string            `json:"address,omitempty"`
	CorrelationID string            `json:"correlation_id,omitempty"`
	Detail        map[string]string `json:"detail,omitempty"`
	WrittenBy     string            `json:"written_by"               doc:"The database role that wrote it: console_user for what the console did."`
	PreviousHash  string            `json:"previous_hash"            doc:"SHA-256 of the entry before, in hexadecimal."`
	Hash          string            `json:"hash"                     doc:"SHA-256 of this entry, the previous hash included."`
}

// AuditVerification is whether the audit log is as it was written.
type AuditVerification struct {
	Intact   bool   `json:"intact"`
	Records  int64  `json:"records"`
	FirstSeq int64  `json:"first_seq"`
	LastSeq  int64  `json:"last_seq"`
	LastHash string `json:"last_hash"         doc:"Keep it elsewhere: a later verification has to find it again."`
	Problem  string `json:"problem,omitempty"`
}

// Keyset is which keys seal the tenants' secrets.
type Keyset struct {
	Keys []SealingKey `json:"keys"`
	// Unreadable are sealed values whose key is in no keyset we have.
	Unreadable int64 `json:"unreadable"`
}

// SealingKey is one key of the keyset, without the key.
type SealingKey struct {
	ID      uint32 `json:"id"      format:"int64"`
	Primary bool   `json:"primary"`
	Values  int64  `json:"values" doc:"How many stored values are sealed with it. A key that is not primary and has none can be removed."`
}
