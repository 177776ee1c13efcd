package web

import (
	"fmt"
	"strconv"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// The size of a chart, in its own units.
const (
	chartWidth, chartHeight = 720, 120
	barGap                  = 4
)

// chart is the jobs of some hours as bars, each hour one, of what became of them.
type chart struct {
	Hours         []adminapi.ActiveHour
	Bars          []bar
	Width, Height int
	// Most is the number that the highest bar stands for.
	Most int
	// Says is all of it in a sentence, for who cannot see it.
	Says string
}

// bar is one rectangle of a chart: Class is what became of the jobs.
type bar struct {
	X, Y, Width, Height float64
	Class, Says         string
}

// newChart stacks completed, unfinished and failed jobs of each hour upon each other.
func newChart(hours []adminapi.ActiveHour) *chart {
	if len(hours) == 0 {
		return nil
	}
	c := &chart{Hours: hours, Width: chartWidth, Height: chartHeight}
	completed, failed := 0, 0
	for _, h := range hours {
		c.Most = max(c.Most, h.Completed+h.Failed+h.Unfinished)
		completed += h.Completed
		failed += h.Failed
	}
	slot := float64(chartWidth) / float64(len(hours))
	for i, h := range hours {
		bottom := float64(chartHeight)
		for _, part := range []struct {
			class string
			n     int
		}{{"completed", h.Completed}, {"unfinished", h.Unfinished}, {"failed", h.Failed}} {
			if part.n == 0 {
				continue
			}
			height := chartHeight * float64(part.n) / float64(c.Most)
			bottom -= height
			c.Bars = append(c.Bars, bar{
				X: float64(i)*slot + barGap/2, Y: bottom, Width: slot - barGap, Height: height, Class: part.class,
				Says: fmt.Sprintf("%s: %d %s", h.Hour.Format("02 Jan 15:04"), part.n, part.class),
			})
		}
	}
	c.Says = strconv.Itoa(completed) + " completed and " + strconv.Itoa(failed) + " failed in the last " + strconv.Itoa(len(hours)-1) + " hours"
	return c
}
