package dashboards

import (
	"fmt"
	"strings"
)

// The Prometheus jobs of our apps, as in deploy/prometheus.
const (
	jobGateway  = "gateway"
	jobEnhancer = "enhancer"
	jobConsole  = "console"
)

// perMinute is how often something happens, for each value of the labels.
func perMinute(counter string, by ...string) string {
	return "60 * " + perSecond(counter, by...)
}

func perSecond(counter string, by ...string) string {
	return fmt.Sprintf("sum%s (rate(%s[$__rate_interval]))", grouped(by), counter)
}

// quantile of a histogram over 5 minutes, as in the alerts: over less, jobs are too few. The selector is the part in braces.
func quantile(q, histogram, selector string, by ...string) string {
	return fmt.Sprintf("histogram_quantile(%s, sum%s (rate(%s_bucket%s[5m])))", q, grouped(append([]string{"le"}, by...)), histogram, selector)
}

// counted is how often something happened in the time range. `increase` does not see a series begin, and of failures the first
// is the one that counts: what a series has that was not there before the range counts in full. It was truly not there if its
// target was scraped then, or has started since; the recording rules count in the same way.
func counted(counter string, by ...string) string {
	return fmt.Sprintf("round(sum%[1]s (((%[2]s unless %[2]s offset $__range) and on (job, instance) "+
		"(up offset $__range == 1 or process_start_time_seconds > time() - $__range_s)) or increase(%[2]s[$__range])))", grouped(by), counter)
}

// orZero has nothing be 0, as long as an app is scraped that would tell: otherwise nothing is known, and shown.
func orZero(job, expr string) string {
	return fmt.Sprintf("%s or on() (0 * max(up{job=%q} == 1))", expr, job)
}

// busiest keeps a graph by tenant to the ten with the highest values in the time range; topk alone would choose anew at each
// point, and draw many more.
func busiest(expr string) string {
	return fmt.Sprintf("(%s) and on (tenant_id) topk(10, max_over_time((%s)[$__range:$__rate_interval] @ end()))", expr, expr)
}

func grouped(by []string) string {
	if len(by) == 0 {
		return ""
	}
	return " by (" + strings.Join(by, ", ") + ")"
}
