package adminapi

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/mirror"
)

// Batch is an upload of rows, which are inserted, or replace those that differ: it can be sent again.
type Batch[T any] struct {
	Rows []T `json:"rows" maxItems:"1000" minItems:"1"`
}

// What can be uploaded.
type (
	// TicketBatch are past tickets.
	TicketBatch = Batch[history.PastTicket]
	// ArticleBatch are articles of the knowledge base.
	ArticleBatch = Batch[knowledge.Article]
	// SystemBatch are systems of the inventory.
	SystemBatch = Batch[inventory.System]
	// SubnetBatch are networks of the inventory.
	SubnetBatch = Batch[inventory.Subnet]
)

// Change is what an upload did to the rows that were there.
type Change struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

// StartImport imports from the tenant's ServiceDesk Plus for as long as the request lasts. It goes on where the last
// one stopped. The answer is a stream of ImportEvent, one JSON object a line.
type StartImport struct {
	Feed    mirror.Feed `json:"feed"              enum:"tickets,kb,assets"`
	Since   *time.Time  `json:"since,omitempty"   doc:"Only what was changed, or created, from then on."`
	Limit   int         `json:"limit,omitempty"   doc:"End after so many records were stored; 0 for no limit." minimum:"0"`
	DryRun  bool        `json:"dry_run,omitempty" doc:"Count what would be done; write nothing."`
	Restart bool        `json:"restart,omitempty" doc:"Begin anew instead of going on where an earlier import stopped."`
}

// ImportEvent is one line of the stream. The last one has a Summary, or an Error, or both; a stream that ends without
// was cut off.
type ImportEvent struct {
	Progress *ImportProgress `json:"progress,omitempty"`
	Summary  *ImportSummary  `json:"summary,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// ImportProgress is how far an import has come. Without change it is repeated every few seconds.
type ImportProgress struct {
	Done      int    `json:"done"`
	Total     int    `json:"total"                doc:"0 when it is not known."`
	WaitingMS int64  `json:"waiting_ms,omitempty" doc:"For how long the import is held up now."`
	Reason    string `json:"reason,omitempty"`
}

// ImportSummary is what an import did.
type ImportSummary struct {
	Change

	Read       int         `json:"read"`
	Skipped    int         `json:"skipped"`
	Removed    int         `json:"removed"`
	Rejected   int         `json:"rejected"`
	Resumed    bool        `json:"resumed"`
	Limited    bool        `json:"limited"              doc:"It ended at the limit that was asked for, and not at the end of the list."`
	Rejections []Rejection `json:"rejections,omitempty" doc:"The first of the rejected."`
}

// Rejection is a record that could not be read or stored.
type Rejection struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Reindex brings a tenant's search index up to date. The answer is a stream of ReindexEvent, one JSON object a line.
type Reindex struct {
	Rebuild bool `json:"rebuild,omitempty" doc:"Drop the index and make it anew; meanwhile searches find what is indexed already."`
}

// ReindexEvent is one line of the stream. One with neither Done nor Error says only that the work goes on.
type ReindexEvent struct {
	Done  *Reindexed `json:"done,omitempty"`
	Error string     `json:"error,omitempty"`
}

// Reindexed counts what was indexed.
type Reindexed struct {
	Tickets  int `json:"tickets"`
	Articles int `json:"articles"`
}
