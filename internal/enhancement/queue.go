package enhancement

// PauseScope is what operators can pause. The names are durable.
type PauseScope string

// The scopes.
const (
	// PauseIntake is of what becomes a job: webhooks, and the poll for those that were missed.
	PauseIntake PauseScope = "intake"
	// PauseProcessing is of the beginning of jobs that are in the ledger.
	PauseProcessing PauseScope = "processing"
)

// QueueState is where a job stands as operators see the queue. It is made of the job's status and of what holds it.
type QueueState string

// The states that operators look for.
const (
	QueueWaiting QueueState = "waiting" // pending: for its message, or for its turn
	QueueHeld    QueueState = "held"    // pending until what its tenant depends on is back
	QueueRunning QueueState = "running"
	QueueFailed  QueueState = "failed"
)

// QueueState says where the job stands; empty for one that was completed.
func (j Job) QueueState() QueueState {
	switch {
	case j.Status == StatusPending && j.HeldFor != "":
		return QueueHeld
	case j.Status == StatusPending:
		return QueueWaiting
	case j.Status == StatusRunning:
		return QueueRunning
	case j.Status == StatusFailed:
		return QueueFailed
	}
	return ""
}
