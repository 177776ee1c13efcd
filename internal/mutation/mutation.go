// Package mutation owns the switches that turn a guard off, so that tests can show that they notice. They exist in the test
// build alone (build tag mutation): in the ordinary one On is false, the compiler leaves out what depends on it, and nothing
// of the switches is in the binaries.
package mutation

// Switch turns a guard off.
type Switch string

// The switches, by the guard.
const (
	// SweeperOff: nobody looks after jobs whose message or workflow was lost.
	SweeperOff Switch = "sweeper-off"
	// NoteLookupOff: a note is written without looking whether it is there.
	NoteLookupOff Switch = "note-lookup-off"
	// RandomJobID: the id of a job is not that of its event.
	RandomJobID Switch = "random-job-id"
)
