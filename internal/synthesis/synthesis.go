// Package synthesis owns the work note: what a language model is asked, what of its answer is believed,
// what the note says without it, how long it may be and how it is written as HTML or Markdown.
//
// Neither the ticket, nor a source, nor the model is trusted. Texts enter the prompt as encoded data;
// each statement of the answer must cite a source that was gathered; links are made here and nowhere
// else; the word limit is counted.
package synthesis

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"
)

// DefaultTimeout is the longest time that asking the model may take, retries included.
const DefaultTimeout = 60 * time.Second

// maxReserve is the time kept back from ctx's deadline to write the note without a model and to hand
// it on; a quarter of the time there is, when that is less.
const (
	maxReserve   = 2 * time.Second
	reserveShare = 4
)

// Options of a Synthesizer. The zero value stands for the defaults.
type Options struct {
	Timeout  time.Duration    // DefaultTimeout
	MaxWords int              // DefaultMaxWords; not less than 120
	Logger   *slog.Logger     // none
	Clock    func() time.Time // time.Now
}

// Synthesizer writes notes. It may be used concurrently.
type Synthesizer struct {
	llm      LLM
	timeout  time.Duration
	maxWords int
	log      *slog.Logger
	now      func() time.Time
}

// New gives a Synthesizer that asks llm; nil for notes from the gathered context alone.
func New(llm LLM, o Options) *Synthesizer {
	s := &Synthesizer{
		llm:      llm,
		timeout:  cmp.Or(o.Timeout, DefaultTimeout),
		maxWords: max(minMaxWords, cmp.Or(o.MaxWords, DefaultMaxWords)),
		log:      o.Logger,
		now:      o.Clock,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Output is a note and the account of how it came about.
type Output struct {
	Note Note `json:"note"`
	// Calls are all requests to the model, failed ones included.
	Calls []Call `json:"calls,omitempty"`
	// FallbackReason is empty when the model wrote the note.
	FallbackReason Reason `json:"fallback_reason,omitempty"`
	// Dropped counts what of the answer is not in the note, by the Drop constants.
	Dropped map[string]int `json:"dropped,omitempty"`
	// Cached says that the model's answer was an earlier one.
	Cached bool `json:"cached,omitempty"`
	// Model is the one that was asked last; empty when none was.
	Model string `json:"model,omitempty"`
}

// Synthesize writes the note on in. It always gives one: when the model is of no help, from the gathered
// context, in time before ctx's deadline.
func (s *Synthesizer) Synthesize(ctx context.Context, in Input) Output {
	started := s.now()
	src := newSources(in)
	out := Output{Dropped: map[string]int{}}
	out.Note, out.FallbackReason = s.write(ctx, in, src, &out)
	if out.FallbackReason != "" {
		out.Note = contextNote(in, src, out.FallbackReason, s.maxWords)
	}
	var omitted int
	out.Note, omitted = fit(withoutReference(out.Note), s.maxWords)
	if omitted > 0 {
		out.Dropped[DropWordLimit] = omitted
	}
	s.log.InfoContext(ctx, "note written",
		"ticket_id", in.Ticket.ID, "generated", out.Note.Generated, "fallback_reason", string(out.FallbackReason),
		"dropped", out.Dropped, "llm_calls", len(out.Calls), "words", longest(out.Note),
		"sources", len(src.byLabel), "unavailable", in.unavailable(), "duration", s.now().Sub(started))
	return out
}

// write has the model write the note, or says why it could not.
func (s *Synthesizer) write(ctx context.Context, in Input, src sources, out *Output) (Note, Reason) {
	if in.Without != "" {
		return Note{}, in.Without
	}
	if s.llm == nil {
		return Note{}, ReasonNoLLM
	}
	if src.empty() {
		return Note{}, ReasonNoSources
	}
	text, reason := s.ask(ctx, in, src, out)
	if reason != "" {
		return Note{}, reason
	}
	a, err := parse(text)
	if err != nil {
		s.log.WarnContext(ctx, "answer not readable", "ticket_id", in.Ticket.ID, "error", err, "bytes", len(text))
		return Note{}, ReasonUnreadable
	}
	c := newChecker(in, src)
	items := c.items(a)
	summary := c.summary(a)
	out.Dropped = c.dropped
	if len(items[0])+len(items[1])+len(items[2])+len(items[3]) == 0 {
		return Note{}, ReasonUnsupported
	}
	n := newNote(in, items)
	n.Generated = true
	n.Summary = summary
	n.Notices = in.notices()
	return n, ""
}

// ask gets the model's text within the time there is.
func (s *Synthesizer) ask(ctx context.Context, in Input, src sources, out *Output) (string, Reason) {
	budget := s.budget(ctx)
	if budget <= 0 || ctx.Err() != nil {
		return "", ReasonTimeout
	}
	p, err := newPrompt(in, src)
	if err != nil {
		s.log.ErrorContext(ctx, "prompt not made", "ticket_id", in.Ticket.ID, "error", err)
		return "", ReasonFailed
	}
	p.TenantID, p.Model, p.Temperature = in.TenantID, in.Model, in.Temperature
	p.Usable = func(text string) bool { _, err := parse(text); return err == nil }
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	completion, err := s.llm.Complete(ctx, p)
	out.Calls, out.Cached, out.Model = completion.Calls, completion.Cached, completion.Model
	if err == nil {
		return completion.Text, ""
	}
	s.log.WarnContext(ctx, "language model did not help", "ticket_id", in.Ticket.ID, "error", err)
	switch {
	case errors.Is(err, ErrRefused):
		return "", ReasonRefused
	case errors.Is(err, ErrNotNow):
		return "", ReasonNotNow
	case errors.Is(err, ErrNoAnswer):
		return "", ReasonUnreadable
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return "", ReasonTimeout
	default:
		return "", ReasonFailed
	}
}

// budget is the time for the model: the timeout, or what ctx leaves after the reserve.
func (s *Synthesizer) budget(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return s.timeout
	}
	left := deadline.Sub(s.now())
	return min(s.timeout, left-min(maxReserve, left/reserveShare))
}
