// Package audit owns the audit log: who changed what, who was turned away, in the table audit_log. Entries are appended
// and never changed; each holds the hash of the one before, so that a gap or a change can be found by whoever has the
// log, in the database or as a file.
package audit

import (
	"crypto/sha256"
	"time"
)

// Operation names what was done, as noun.verb.
type Operation string

// The operations. They are stored: a name that was in use keeps its meaning. docs/logging.md lists them.
const (
	OperationTenantCreate Operation = "tenant.create"
	OperationTenantUpdate Operation = "tenant.update"
	// OperationTenantPreferences is a change of a tenant's preferences alone.
	OperationTenantPreferences Operation = "tenant.preferences"
	OperationTenantEnable      Operation = "tenant.enable"
	OperationTenantDisable     Operation = "tenant.disable"
	OperationTenantDelete      Operation = "tenant.delete"
	OperationTenantRestore     Operation = "tenant.restore"
	OperationTenantPurge       Operation = "tenant.purge"

	OperationSecretRotate  Operation = "secret.rotate"
	OperationSecretReplace Operation = "secret.replace"
	OperationKeysetReseal  Operation = "keyset.reseal"

	OperationConnectionTest Operation = "connection.test"
	OperationWebhookTest    Operation = "webhook.test"
	OperationNotePreview    Operation = "note.preview"
	OperationNoteRead       Operation = "note.read"
	// OperationPastTicketsRead is a reading of the list of a tenant's past tickets.
	OperationPastTicketsRead Operation = "past_tickets.read"
	OperationJobRetry        Operation = "job.retry"
	OperationJobCancel       Operation = "job.cancel"
	OperationJobRerun        Operation = "job.rerun"
	OperationQueueRetry      Operation = "queue.retry"
	OperationQueueDrop       Operation = "queue.drop"
	// OperationReportSettings is a change of what a tenant's reports are reckoned with.
	OperationReportSettings Operation = "report.settings"
	// OperationPauseBegin is a pause that begins, or is given another reason or end. Without a tenant it is of all.
	OperationPauseBegin Operation = "pause.begin"
	OperationPauseEnd   Operation = "pause.end"
	// OperationTenantMove is an assignment of a tenant to another enhancer, or a take-over of what another has begun.
	OperationTenantMove    Operation = "tenant.move"
	OperationWorkerDrain   Operation = "worker.drain"
	OperationWorkerUndrain Operation = "worker.undrain"
	OperationContentUpload Operation = "content.upload"
	OperationImportStart   Operation = "import.start"
	OperationIndexRebuild  Operation = "index.rebuild"

	OperationTokenCreate    Operation = "token.create"
	OperationTokenRevoke    Operation = "token.revoke"
	OperationTokenBootstrap Operation = "token.bootstrap"

	// OperationAccessDeny is a request without a valid token, or beyond what its token allows.
	OperationAccessDeny Operation = "access.deny"
	// OperationWebhookRefuse is a webhook that is a security event: a wrong signature, an unknown tenant, a flood.
	OperationWebhookRefuse Operation = "webhook.refuse"
	// OperationWebhookPreviousSecret is a webhook that was proven with the secret before the current one: its sender has yet
	// to change.
	OperationWebhookPreviousSecret Operation = "webhook.previous_secret"

	OperationAuditExport Operation = "audit.export"
	OperationAuditVerify Operation = "audit.verify"
	// OperationAuditPrune is written by the database when old entries are removed; Append refuses it.
	OperationAuditPrune Operation = "audit.prune"
)

// Status is how an operation ended.
type Status string

// The ways an operation ends.
const (
	StatusOK      Status = "ok"
	StatusRefused Status = "refused" // it was not allowed
	StatusFailed  Status = "failed"  // it was allowed, and went wrong
)

// Event is what is to be remembered. Values are bounded and freed of secrets and control characters when they are
// appended; see clean.
type Event struct {
	Operation Operation
	Status    Status
	// Actor did it: a person or token as the console knows it, "system:" and the app's name for our own doing. Required.
	Actor string
	// TenantID is the tenant it was done to, empty for the platform. There need not be such a tenant.
	TenantID string
	// Target is what it was done to within that: the id of a token, the name of a secret, a route.
	Target string
	// Address is where the request came from.
	Address string
	// CorrelationID finds the log lines about it.
	CorrelationID string
	// Detail is what else is worth knowing: at most 32 entries.
	Detail map[string]string
}

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// Record is an entry of the log.
type Record struct {
	Event

	// Seq counts from 1, without gaps.
	Seq int64
	// At is the database's time, in UTC, to the microsecond.
	At time.Time
	// WrittenBy is the database role that wrote it. An actor is what an app claims; this is not.
	WrittenBy string
	// PreviousHash is the Hash of the entry before, zero for the first.
	PreviousHash Hash
	Hash         Hash
}
