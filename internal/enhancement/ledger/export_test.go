package ledger

// ListSQL is how a page is asked for.
func ListSQL(p List, tenantID string) (query string, args []any) { return p.sql(tenantID) }

// The statements by which jobs are taken, for their plans.
const (
	TakeDueSQL   = takeDueQuery
	TakeEndedSQL = takeEndedQuery
	TakeHeldSQL  = takeHeldQuery
	AdmitSQL     = admitQuery
	RoomSQL      = roomQuery
	AdmitLockSQL = admitLock
)
