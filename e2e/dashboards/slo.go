package dashboards

import "fmt"

// objective is the share of jobs that do not fail, over 30 days, as in deploy/prometheus/rules/slo.yaml.
const objective = 0.99

// latencyObjective is the share of notes that are there within 120 s.
const latencyObjective = 0.95

func slo() board {
	return board{
		file: "slo", uid: UIDSLO, title: "AI Agents: objectives",
		about: "Do we keep what we promise? 99 of 100 jobs do not fail, and 95 of 100 notes are there within 120 s, over 30 days.",
		rows:  []row{sloBudget(), sloBurn(), sloLatency()},
	}
}

func sloBudget() row {
	left := fmt.Sprintf("1 - (%s) / (1 - %g)", orZero("prometheus", "slo:enhancement_errors:ratio_rate30d"), objective)
	return row{"99 of 100 jobs do not fail", []panel{
		figure("Error budget left", "Of the failures that the objective allows in 30 days. Below 0 the objective is missed: changes wait, and what fails is mended first.",
			"percentunit", q("", left)).colored(upFrom(0, half/float64(full))...).linked(runbook("low-success-rate")),
		figure("Jobs in 30 days", "Jobs that ended, as the recording rules have counted them: since Prometheus has been there, at most.",
			"short", q("", "round(sum_over_time(slo:enhancement_jobs:increase5m[30d]) / 10)")),
		figure("Failed in 30 days", "Jobs that failed, of those.",
			"short", q("", "round(sum_over_time(slo:enhancement_errors:increase5m[30d]) / 10)")).linked(runbook("low-success-rate")),
		graph("Error budget left over time", "A step down is an outage; a slope is something that fails now and then.",
			"percentunit", q("left", left)).linked(runbook("low-success-rate")),
	}}
}

// window is a pair of burn rates of which the alerts say that both must be over a factor.
type window struct {
	long, short string
	factor      float64
	means       string
}

func sloBurn() row {
	var panels []panel
	for _, w := range []window{
		{"1h", "5m", 14.4, "2 % of the 30 days' budget are gone in the hour: critical"},
		{"6h", "30m", 6, "5 % in six hours: critical"},
		{"1d", "2h", 3, "10 % in a day: warning"},
		{"3d", "6h", 1, "10 % in three days: warning"},
	} {
		panels = append(panels, figure("Burn rate "+w.long,
			fmt.Sprintf("How many times too fast the budget is used, over %s and, to see whether it still goes on, %s. Alerts from %g on: %s.",
				w.long, w.short, w.factor, w.means), "suffix:x", q(w.long, burn(w.long)), q(w.short, burn(w.short))).
			colored(step{color: green}, step{w.factor, red}).wide(quarter).linked(runbook("low-success-rate")))
	}
	return row{"How fast is the budget used?", append(panels,
		graph("Burn rates", "1 uses up the budget in just 30 days. Short windows show that something has begun, long ones that it matters.", "suffix:x",
			q("5m", burn("5m")), q("1h", burn("1h")), q("6h", burn("6h")), q("1d", burn("1d")), q("3d", burn("3d"))).
			wide(full).linked(runbook("low-success-rate")))}
}

// burn is how many times faster than allowed the budget is used; 0 while no job ends.
func burn(window string) string {
	return fmt.Sprintf("(%s) / (1 - %g)", orZero("prometheus", "slo:enhancement_errors:ratio_rate"+window), objective)
}

func sloLatency() row {
	within := func(span string) string {
		return fmt.Sprintf(`sum(rate(enhancement_duration_seconds_bucket{le="120"}[%[1]s])) / (sum(rate(enhancement_duration_seconds_count[%[1]s])) > 0)`, span)
	}
	whole := ` or on() (max(up{job="enhancer"}) == 1)`
	return row{"95 of 100 notes are there within 120 s", []panel{
		dial("Within 120 s, time range", "Notes in the time range that were there within 120 s of the webhook; 100 % without any.",
			upFrom(latencyObjective, rateGood), q("", within("$__range")+whole)).linked(runbook("high-latency")),
		graph("Within 120 s", "The share over an hour. The line is the objective.", "percentunit", q("1h", within("1h")+whole)).
			ofOne().wide(full-sixth).colored(step{color: red}, step{latencyObjective, green}).linked(runbook("high-latency")),
		graph("How long notes take", "Notes a minute that took at most so many seconds. A line that leaves the one above it far behind is where time goes.", "cpm",
			q("{{le}} s", "60 * sum by (le) (rate(enhancement_duration_seconds_bucket[$__rate_interval]))")).wide(full).linked(runbook("high-latency")),
	}}
}
