package mirror

import "time"

// cursor is where a feed stands, as it is stored. Times are the server's own, but for those said to be ours.
type cursor struct {
	// Import is one that has not ended, of any feed.
	Import *walk `json:"import,omitempty"`
	// Refresh is how far the schedule has followed the changes of tickets.
	Refresh *walk `json:"refresh,omitempty"`
	// Rolling does the same on a server that cannot sort tickets by their change: it goes over the recent ones again and again.
	Rolling *walk `json:"rolling,omitempty"`
	// Sweep is the schedule's complete pass.
	Sweep *walk `json:"sweep,omitempty"`
	// SweptAt is when the last complete pass ended; ours.
	SweptAt time.Time `json:"swept_at,omitzero"`
	// Horizon is from when on the schedule brings in tickets that we do not have; zero after a complete import.
	Horizon time.Time `json:"horizon,omitzero"`
	// UnsortedUntil: the server cannot sort by change; asked again from then on; ours.
	UnsortedUntil time.Time `json:"unsorted_until,omitzero"`
	// Catalog is how far the schedule has compared articles or assets, whose lists are read as a whole each time.
	Catalog *check `json:"catalog,omitempty"`
	// Tally is what the schedule has removed since a comparison ended cleanly: the steps of one, and comparisons that were
	// given up, add up.
	Tally *tally `json:"tally,omitempty"`
	// Halted is why nothing is removed any more until a complete import.
	Halted string `json:"halted,omitempty"`
}

// tally bounds what the schedule removes.
type tally struct {
	// Ours is how many there were in the beginning.
	Ours    int       `json:"ours,omitempty"`
	Removed int       `json:"removed,omitempty"`
	Started time.Time `json:"started,omitzero"`
}

// walk is a way through a list that is sorted by time.
type walk struct {
	// ByUpdate: sorted by the last change, otherwise by creation.
	ByUpdate bool `json:"by_update,omitempty"`
	// Since is what the Import was asked for.
	Since time.Time `json:"since,omitzero"`
	// At is the time where the next page begins, Skip how many records at or behind it are left out.
	At   time.Time `json:"at,omitzero"`
	Skip int       `json:"skip,omitempty"`
	// Visited are the records near At that were visited, with their times in milliseconds: pages overlap.
	Visited map[string]int64 `json:"visited,omitempty"`
	// Done and Total are for the progress.
	Done  int `json:"done,omitempty"`
	Total int `json:"total,omitempty"`
	// Started is when it began; ours.
	Started time.Time `json:"started,omitzero"`
	// Ended: a Refresh has reached the end of the list, and the next one begins anew.
	Ended bool `json:"ended,omitempty"`
	// From is where a Refresh stood when it began, Reached when it came to At; ours.
	From    time.Time `json:"from,omitzero"`
	Reached time.Time `json:"reached,omitzero"`
	// Check is set once the list has been read and ours are compared with it.
	Check *check `json:"check,omitempty"`
}

// check is how far ours were compared with what was seen.
type check struct {
	// After is the last id of ours that was compared.
	After string `json:"after,omitempty"`
	// Alive counts those that the list lacked and that are there all the same; Removed those that are gone.
	Alive   int `json:"alive,omitempty"`
	Removed int `json:"removed,omitempty"`
}

// overlap is how far a refresh looks back behind what it has seen: a change may become visible a little after the time that
// the server gives it.
const overlap = 2 * time.Minute

// begin has a refresh look at the last moments again; what was visited there is not visited twice. One that was cut off
// goes on where it was: if it looked back first, it would never get past moments that hold more than a step can read.
// And once At has stood for longer than the overlap, whatever was late has been seen.
func (w *walk) begin(now time.Time) {
	if !w.Ended && !w.Started.IsZero() {
		return
	}
	w.From = w.At
	if w.Ended && w.Started.Sub(w.Reached) < overlap {
		w.At, w.Skip = w.At.Add(-overlap), 0
	}
	w.Started, w.Ended = now, false
}

// end notes that a refresh has reached the end of the list.
func (w *walk) end(now time.Time) {
	if w.Ended = true; w.At.After(w.From) {
		w.Reached = now
	}
}

// pullBack mends a walk that stands in the future, where it would see nothing until then. Walks do not go there;
// but clocks are set.
func (w *walk) pullBack(now time.Time) bool {
	if !w.At.After(now.Add(overlap)) {
		return false
	}
	w.At, w.Skip = now.Add(-overlap), 0
	return true
}
