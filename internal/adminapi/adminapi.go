// Package adminapi owns the contract of the admin API between the console, which serves it, and its clients: paths,
// payloads, headers. The console's OpenAPI document is made from these types; docs/openapi.yaml is a copy of it.
package adminapi

// Prefix is what the paths of this version begin with.
const Prefix = "/api/v1"

// Headers that matter besides the standard ones.
const (
	// HeaderCorrelation carries the id by which a request is found in logs and audit log.
	HeaderCorrelation = "X-Correlation-ID"
)

// Limits of requests.
const (
	// MaxPage is how many items a page of a list has at most, and DefaultPage how many when none is asked for.
	MaxPage     = 500
	DefaultPage = 50
	// MaxBatch is how many rows an upload may have, and MaxBatchBytes how large it may be.
	MaxBatch      = 1000
	MaxBatchBytes = 16 << 20
)

// Page is one page of a list. Next is the cursor for the following one; empty at the end.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Give it as the query parameter cursor to get the following page; absent on the last one."`
}
