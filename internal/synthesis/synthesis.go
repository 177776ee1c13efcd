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

// leastSurvivors: of so many statements one must pass the checks, or none is believed.
const leastSurvivors = 4

// Options of a Synthesizer. The zero value stands for the defaults.
type Options struct {
	Timeout  time.Duration // DefaultTimeout
	MaxWords int           // DefaultMaxWords; not less than 120
	// PromptTokens bounds a prompt, as its tokens are estimated; DefaultPromptTokens, and not less than LeastPromptTokens.
	PromptTokens int
	Logger       *slog.Logger     // none
	Clock        func() time.Time // time.Now
}

// Synthesizer writes notes. It may be used concurrently.
type Synthesizer struct {
	llm      LLM
	timeout  time.Duration
	maxWords int
	tokens   int
	log      *slog.Logger
	now      func() time.Time
}

// New gives a Synthesizer that asks llm; nil for notes from the gathered context alone.
func New(llm LLM, o Options) *Synthesizer {
	s := &Synthesizer{
		llm:      llm,
		timeout:  cmp.Or(o.Timeout, DefaultTimeout),
		maxWords: max(minMaxWords, cmp.Or(o.MaxWords, DefaultMaxWords)),
		tokens:   max(LeastPromptTokens, cmp.Or(o.PromptTokens, DefaultPromptTokens)),
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
	// Abstained says that the note tells that nothing relevant was found, and recommends nothing: there were no sources, or the model
	// judged that none helps.
	Abstained bool `json:"abstained,omitempty"`
	// Repaired says that the model's answer was not well-formed.
	Repaired bool `json:"repaired,omitempty"`
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
		out.Abstained = src.empty()
	}
	var omitted int
	out.Note, omitted = fit(withoutReference(out.Note), s.maxWords)
	if omitted > 0 {
		out.Dropped[DropWordLimit] += omitted
	}
	s.log.InfoContext(ctx, "note written",
		"ticket_id", in.Ticket.ID, "generated", out.Note.Generated, "fallback_reason", string(out.FallbackReason),
		"abstained", out.Abstained, "dropped", out.Dropped, "llm_calls", len(out.Calls), "words", longest(out.Note),
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
	if !src.citable(in.Voice) {
		return Note{}, ReasonNoSources
	}
	budget := s.budget(ctx)
	if budget <= 0 || ctx.Err() != nil {
		return Note{}, ReasonTimeout
	}
	p, left, err := newPrompt(in, src, s.tokens)
	if err != nil {
		s.log.ErrorContext(ctx, "prompt not made", "ticket_id", in.Ticket.ID, "error", err)
		return Note{}, ReasonFailed
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	until := s.now().Add(budget)
	a, reason := s.answer(ctx, in, p, until, out)
	if reason == reasonTooLong {
		a, left, reason = s.answerHalf(ctx, in, src, p, until, out)
	}
	if reason != "" {
		return Note{}, reason
	}
	out.Repaired = a.repaired
	c := newChecker(in, src, left)
	c.drop(DropPromptBudget, len(left))
	out.Dropped = c.dropped
	if a.truncated {
		c.drop(DropTruncated, 1)
	}
	if a.abstains(in.Voice) {
		c.drop(DropAbstained, a.items())
		out.Abstained = true
		return abstention(in, src, c.summary(a)), ""
	}
	items := c.items(a)
	summary := c.summary(a)
	if kept := len(items[0]) + len(items[1]) + len(items[2]) + len(items[3]); kept*leastSurvivors < kept+c.refused() || kept == 0 {
		return Note{}, ReasonUnsupported
	}
	confidence := c.confidence(a, items)
	n := newNote(in, fill(a, src, items))
	if last := len(n.Sections) - 1; last >= 0 && len(a.sections[adviceSection]) > 0 && len(items[adviceSection]) == 0 && in.Voice.has(keyRecommendations) {
		n.Sections[last].Empty = noneChecked
	}
	n.Generated = true
	n.Summary = summary
	n.Notices = in.notices()
	n.Confidence = confidence
	return n, ""
}

// answer gets the model's answer and reads it. One that cannot be read it has the model repair, once, where time is left.
func (s *Synthesizer) answer(ctx context.Context, in Input, p Prompt, until time.Time, out *Output) (answer, Reason) {
	text, reason := s.ask(ctx, in, p, out)
	if reason != "" {
		return answer{}, reason
	}
	a, err := parse(text)
	if err == nil {
		return a, ""
	}
	s.log.WarnContext(ctx, "answer not readable", "ticket_id", in.Ticket.ID, "error", err, "bytes", len(text))
	if !repairable(text) || until.Sub(s.now()) < repairTime {
		return answer{}, ReasonUnreadable
	}
	if p, err = newRepairPrompt(p, text, in.Voice, veiled{in.Veil}); err != nil {
		return answer{}, ReasonUnreadable
	}
	if text, reason = s.ask(ctx, in, p, out); reason != "" {
		return answer{}, ReasonUnreadable
	}
	if a, err = parse(text); err != nil {
		return answer{}, ReasonUnreadable
	}
	a.repaired = true
	return a, ""
}

// answerHalf gets the answer to half of a prompt that was too long: once, for a model that takes less than half is not one for notes.
func (s *Synthesizer) answerHalf(
	ctx context.Context, in Input, src sources, long Prompt, until time.Time, out *Output,
) (answer, map[string]bool, Reason) {
	const half = 2
	p, left, err := newPrompt(in, src, estimateTokens(long.System+long.User)/half)
	if err != nil || p.User == long.User {
		return answer{}, left, ReasonFailed
	}
	a, reason := s.answer(ctx, in, p, until, out)
	if reason == reasonTooLong {
		reason = ReasonFailed
	}
	return a, left, reason
}

// reasonTooLong says that less may be asked. It is no note's reason.
const reasonTooLong Reason = "too_long"

// ask gets the model's text, and accounts for what it took.
func (s *Synthesizer) ask(ctx context.Context, in Input, p Prompt, out *Output) (string, Reason) {
	p.Usable = func(text string) bool { _, err := parse(text); return err == nil }
	completion, err := s.llm.Complete(ctx, p)
	out.Calls = append(out.Calls, completion.Calls...)
	out.Cached, out.Model = completion.Cached, completion.Model
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
	case errors.Is(err, ErrTooLong) && ctx.Err() == nil:
		return "", reasonTooLong
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
