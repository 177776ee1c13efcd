package postgres

import "time"

// TimeOrNull is t as an argument of a statement: NULL for the zero time.
func TimeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
