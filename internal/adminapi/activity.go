package adminapi

import (
	"context"
	"strconv"
	"time"
)

// ActiveHour counts the jobs that were received in an hour, by what became of them.
type ActiveHour struct {
	Hour       time.Time `json:"hour"       doc:"When it begins, in UTC."`
	Completed  int       `json:"completed"`
	Failed     int       `json:"failed"`
	Unfinished int       `json:"unfinished" doc:"Those that wait, are held or run."`
	P50MS      int64     `json:"p50_ms"     doc:"Half of the completed ones took no longer, in milliseconds; 0 when there is none."`
	P95MS      int64     `json:"p95_ms"     doc:"19 of 20 of the completed ones took no longer, in milliseconds; 0 when there is none."`
}

// Activity counts the jobs of the last hours, by the hour: of all tenants, or of the one that is named.
func (c *Client) Activity(ctx context.Context, tenantID string, hours int) ([]ActiveHour, error) {
	var out Page[ActiveHour]
	err := c.do(ctx, get("/activity", filter("tenant_id", tenantID, "hours", strconv.Itoa(hours))), &out)
	return out.Items, err
}
