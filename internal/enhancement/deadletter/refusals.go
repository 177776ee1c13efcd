package deadletter

import lru "github.com/hashicorp/golang-lru/v2"

// remembered bounds the memory: a few hundred bytes each.
const remembered = 10_000

// unexplained is what is said of a message that no replica refused as far as this one knows.
const unexplained = "its message was not taken in all attempts to deliver it: the enhancer did not answer, or another replica refused it"

// Refusals remembers why this replica refused the messages of jobs: a dead letter does not tell. A nil one remembers nothing.
type Refusals struct{ reasons *lru.Cache[string, string] }

// NewRefusals remembers nothing yet.
func NewRefusals() *Refusals {
	reasons, _ := lru.New[string, string](remembered) // fails only for a size below 1
	return &Refusals{reasons: reasons}
}

// Note remembers why the job's message was refused.
func (r *Refusals) Note(jobID string, why error) {
	if r != nil {
		r.reasons.Add(jobID, told(why.Error()))
	}
}

func (r *Refusals) of(jobID string) string {
	if r == nil {
		return unexplained
	}
	why, known := r.reasons.Get(jobID)
	if !known {
		return unexplained
	}
	return "its message could not be delivered: " + why
}
