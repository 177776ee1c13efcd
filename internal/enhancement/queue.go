package enhancement

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
