package mirror

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// Options are what an Import may be told.
type Options struct {
	// Since: only what was changed from then on or, where the server cannot tell, created; zero for everything. Assets
	// have no such time.
	Since time.Time
	// Limit ends the import after so many records were stored, or would have been; 0 for no limit. The next Import goes on
	// from there.
	Limit int
	// DryRun reads the lists and counts what would be done. It neither reads details nor writes anything, so that a ticket
	// without resolution counts as one to be added, and an asset that is there as unchanged.
	DryRun bool
	// Restart begins anew instead of going on where an earlier Import stopped, and looks again at what was left out.
	Restart bool
	// Report hears how it goes, from the goroutine that imports; may be nil.
	Report func(Progress)
}

// Progress is how far an Import has come.
type Progress struct {
	// Done and Total count the records of the list. Total is 0 when it is not known.
	Done, Total int
	// Waiting, when positive, is how long the import is held up now, and Reason is why.
	Waiting time.Duration
	Reason  string
}

// Summary is what was done.
type Summary struct {
	gather.Change

	// Read counts the records that the server listed.
	Read int
	// Skipped are those that are not to be kept: not resolved, without a resolution, not approved, disposed of.
	Skipped int
	// Removed are ours that are gone from the server, or no longer to be kept.
	Removed int
	// Rejected are those that could not be read or stored. They are tried again within a day, or when they change; those that
	// the server failed to give out within minutes.
	Rejected int
	// Resumed says that an earlier import was continued.
	Resumed bool
	// Limited says that the import ended at Options.Limit, and not at the end of the list.
	Limited bool
	// Rejections tell the first MaxRejections of the rejected.
	Rejections []Rejection
}

// MaxRejections is how many of the rejected records a Summary names.
const MaxRejections = 100

// Rejection is a record that could not be mirrored, and why.
type Rejection struct{ ID, Reason string }
