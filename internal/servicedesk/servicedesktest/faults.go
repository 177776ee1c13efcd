package servicedesktest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// FaultKind names a way in which the server misbehaves.
type FaultKind string

// The faults. Those marked "toggle" change how the server answers; the others replace its
// answer, and of several that apply to a call the first one listed happens.
const (
	FaultLatency            FaultKind = "latency"                         // waits latency_ms, then goes on
	FaultFailNext           FaultKind = "fail_next"                       // status (500) with code (4004); needs remaining
	FaultAlways500          FaultKind = "always_500"                      // 500 with 4004
	FaultHTMLErrorPage      FaultKind = "html_error_page"                 // a proxy's page with status (502)
	FaultUnauthorized       FaultKind = "unauthorized"                    // 401 with 4022 whatever the credentials
	FaultThrottle           FaultKind = "throttle"                        // 429 with 4015, or the block page on-premises
	FaultRateLimit          FaultKind = "rate_limit"                      // throttles a URL after limit calls a minute, for duration_ms
	FaultSuccessThatFailed  FaultKind = "success_that_failed"             // 200 with 3000 and 4003, nothing committed
	FaultCommitThenTimeout  FaultKind = "commit_then_timeout"             // commits, never answers; write_note unless said otherwise
	FaultCommitLate         FaultKind = "commit_late"                     // commits after latency_ms even if the client has left; write_note unless said otherwise
	FaultHang               FaultKind = "hang"                            // commits nothing, never answers
	FaultResetConnection    FaultKind = "reset_connection"                // commits nothing, resets the connection
	FaultExpireToken        FaultKind = "expire_token"                    // invalidates the access tokens; once unless said otherwise
	FaultNoDescription      FaultKind = "notes_without_description"       // toggle: lists of notes lack it
	FaultBareNote           FaultKind = "note_without_description"        // toggle: a note read by its id lacks it
	FaultAlteredNotes       FaultKind = "notes_altered"                   // toggle: notes are stored without characters beyond U+FFFF, their links lead elsewhere
	FaultDateCriteriaStrict FaultKind = "date_criteria_strict"            // toggle: date plus another criterion is a 400
	FaultRefuseUpdatedTime  FaultKind = "refuse_last_updated_time"        // toggle: requests cannot be sorted or searched by it: 400
	FaultNoUpdatedTime      FaultKind = "lists_without_last_updated_time" // toggle: of requests
	FaultSparseLists        FaultKind = "sparse_lists"                    // toggle: lists have last_updated_time only if it is in fields_required
	FaultRefuseFields       FaultKind = "refuse_fields_required"          // toggle: lists with fields_required: 400
	FaultNoResolution       FaultKind = "requests_without_resolution"     // toggle: it is at /resolutions alone
	FaultNoTrash            FaultKind = "lists_without_trash"             // toggle: lists leave trashed requests out
	FaultTruncatedList      FaultKind = "truncated_list"                  // toggle: lists end after limit items
	FaultDropWebhook        FaultKind = "drop_webhook"                    // see Server.WebhookCopies
	FaultDuplicateWebhook   FaultKind = "duplicate_webhook"               // see Server.WebhookCopies
)

func (k FaultKind) known() bool {
	switch k {
	case FaultLatency, FaultFailNext, FaultAlways500, FaultHTMLErrorPage, FaultUnauthorized, FaultThrottle,
		FaultRateLimit, FaultSuccessThatFailed, FaultCommitThenTimeout, FaultCommitLate, FaultHang, FaultResetConnection,
		FaultExpireToken, FaultNoDescription, FaultBareNote, FaultAlteredNotes, FaultDateCriteriaStrict, FaultRefuseUpdatedTime, FaultNoUpdatedTime,
		FaultSparseLists, FaultRefuseFields, FaultNoResolution, FaultNoTrash, FaultTruncatedList, FaultDropWebhook, FaultDuplicateWebhook:
		return true
	}
	return false
}

// Operation names the calls a fault is limited to.
type Operation string

// The operations. OperationAny is every call of the API; fetching an access token is not
// one, so a fault of the token endpoint has to name OperationToken.
const (
	OperationAny       Operation = "any"
	OperationWriteNote Operation = "write_note"
	OperationRead      Operation = "read"
	OperationToken     Operation = "token"
	OperationWebhook   Operation = "webhook"
)

func (o Operation) known() bool {
	switch o {
	case "", OperationAny, OperationWriteNote, OperationRead, OperationToken, OperationWebhook:
		return true
	}
	return false
}

// Fault is one way to misbehave, with its limits.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Operation limits the fault to some calls; any when empty.
	Operation Operation `json:"operation,omitempty"`
	// Remaining is how many more times it happens; unlimited when 0.
	Remaining int `json:"remaining,omitempty"`
	// DurationMS is how long it is in force after it was set, in milliseconds; unlimited when
	// 0. For rate_limit it is how long a URL stays blocked (60000).
	DurationMS int `json:"duration_ms,omitempty"`
	LatencyMS  int `json:"latency_ms,omitempty"` // for latency and commit_late, in milliseconds
	Status     int `json:"status,omitempty"`     // for fail_next and html_error_page
	Code       int `json:"code,omitempty"`       // for fail_next
	Limit      int `json:"limit,omitempty"`      // for rate_limit, calls a minute; for truncated_list, items
}

// Faults is the set of faults in force. Its JSON form is {"active":[{"kind":…},…]};
// decoding refuses unknown keys and anything Validate refuses.
type Faults struct {
	Active []Fault `json:"active"`
}

// Validate names every problem at once.
func (f Faults) Validate() error {
	var problems []error
	for i, fault := range f.Active {
		if err := fault.validate(); err != nil {
			problems = append(problems, fmt.Errorf("active[%d]: %w", i, err))
		}
	}
	return errors.Join(problems...)
}

func (f Fault) validate() error {
	switch {
	case !f.Kind.known():
		return fmt.Errorf("unknown kind %q", f.Kind)
	case !f.Operation.known():
		return fmt.Errorf("unknown operation %q", f.Operation)
	case f.Remaining < 0 || f.DurationMS < 0 || f.LatencyMS < 0 || f.Limit < 0 || f.Code < 0:
		return fmt.Errorf("%s: negative number", f.Kind)
	case (f.Kind == FaultLatency || f.Kind == FaultCommitLate) && f.LatencyMS == 0:
		return fmt.Errorf("%s: latency_ms is missing", f.Kind)
	case f.Kind == FaultFailNext && f.Remaining == 0:
		return fmt.Errorf("%s: remaining is missing", f.Kind)
	case f.Kind == FaultRateLimit && f.Limit == 0:
		return fmt.Errorf("%s: limit is missing", f.Kind)
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("%s: status %d is not one of an answer", f.Kind, f.Status)
	}
	return nil
}

// UnmarshalJSON decodes and validates.
func (f *Faults) UnmarshalJSON(b []byte) error {
	type plain Faults
	var p plain
	if err := strictJSON(b, &p); err != nil {
		return fmt.Errorf("faults: %w", err)
	}
	if err := Faults(p).Validate(); err != nil {
		return fmt.Errorf("faults: %w", err)
	}
	*f = Faults(p)
	return nil
}

// MarshalJSON writes an empty set as an empty list.
func (f Faults) MarshalJSON() ([]byte, error) {
	type plain Faults
	if f.Active == nil {
		f.Active = []Fault{}
	}
	b, err := json.Marshal(plain(f))
	if err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	return b, nil
}
