// Package meter owns showing how far an import has got: a bar on a terminal, a line now and then elsewhere, both with rate
// and remaining time.
package meter

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Mode is how progress is shown.
type Mode int

// The modes.
const (
	// Bar draws a bar that is drawn over again, for a terminal.
	Bar Mode = iota
	// Lines writes a line every LineInterval, for a log.
	Lines
	// Quiet shows nothing.
	Quiet
)

// LineInterval is the time between two lines.
const LineInterval = 10 * time.Second

// Reading is how far an import has got.
type Reading struct {
	// Rows are done.
	Rows int
	// Done and Total are the work, in any unit; Total is 0 when it is not known.
	Done, Total int64
	// Waiting is for how long nothing will happen, and Reason why; 0 when something does.
	Waiting time.Duration
	Reason  string
}

// Options say how to show progress.
type Options struct {
	Mode Mode
	// Out is where to.
	Out io.Writer
	// What is imported: "tickets".
	What string
	// Now is the clock; nil for the system's.
	Now func() time.Time
}

// Meter shows the progress of one import. It is not safe for concurrent use.
type Meter struct {
	opts   Options
	began  time.Time
	latest time.Time
	// waiting: the latest reading was of a wait.
	waiting bool
	bar     *progressbar.ProgressBar
}

// New makes a Meter whose clock begins to run.
func New(opts Options) *Meter {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	now := opts.Now()
	return &Meter{opts: opts, began: now, latest: now}
}

// Show shows r.
func (m *Meter) Show(r Reading) {
	switch m.opts.Mode {
	case Bar:
		m.draw(r)
	case Lines:
		begins := r.Waiting > 0 && !m.waiting // else a log would be silent for as long as the wait
		m.waiting = r.Waiting > 0
		if now := m.opts.Now(); begins || now.Sub(m.latest) >= LineInterval {
			m.latest = now
			_, _ = fmt.Fprintln(m.opts.Out, m.text(r)+share(r)) // a log that cannot be written to is no reason to stop
		}
	case Quiet:
	}
}

// Close ends the bar, so that what is printed next stands on a line of its own.
func (m *Meter) Close() {
	if m.bar != nil {
		_ = m.bar.Exit() // it is decoration
		_, _ = io.WriteString(m.opts.Out, "\n")
	}
}

// draw draws the bar. Its own rate and time are off: it would count bytes, and people count rows.
func (m *Meter) draw(r Reading) {
	if m.bar == nil {
		total := r.Total
		if total <= 0 {
			total = -1
		}
		m.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(m.opts.Out), progressbar.OptionSetWidth(barWidth), progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSpinnerType(spinner),
			progressbar.OptionSetSpinnerChangeInterval(0)) // else it draws from a goroutine of its own
	}
	m.bar.Describe(m.text(r))
	_ = m.bar.Set64(r.Done) // it is decoration
}

const (
	barWidth = 30
	spinner  = 14
)

// text is "tickets: 41,000 rows, 6,210/s, about 12s left".
func (m *Meter) text(r Reading) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s rows", m.opts.What, Thousands(r.Rows))
	elapsed := m.opts.Now().Sub(m.began)
	if elapsed > 0 && r.Rows > 0 {
		fmt.Fprintf(&text, ", %s", Rate(r.Rows, elapsed))
	}
	if r.Total > 0 && r.Done > 0 && r.Done < r.Total {
		left := time.Duration(float64(elapsed) * float64(r.Total-r.Done) / float64(r.Done))
		fmt.Fprintf(&text, ", about %s left", left.Round(time.Second))
	}
	if r.Waiting > 0 {
		fmt.Fprintf(&text, ", waiting %s: %s", r.Waiting.Round(time.Second), r.Reason)
	}
	return text.String()
}

func share(r Reading) string {
	if r.Total <= 0 {
		return ""
	}
	return fmt.Sprintf(" (%d%%)", min(100, 100*r.Done/r.Total))
}

// Rate is how many of n there were in a second, "6,210/s", or in a minute, "28/min", where that is the number to know:
// a server that is called 30 times a minute gives less than one a second.
func Rate(n int, took time.Duration) string {
	if perSecond := float64(n) / took.Seconds(); perSecond >= 2 {
		return Thousands(int(perSecond)) + "/s"
	}
	return Thousands(int(float64(n)/took.Minutes())) + "/min"
}

// Thousands is n with a comma between its thousands.
func Thousands(n int) string {
	const group = 3
	digits := strconv.Itoa(n)
	for i := len(digits) - group; i > 0 && digits[i-1] != '-'; i -= group {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
