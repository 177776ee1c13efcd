package synthesis

import (
	"regexp"
	"strconv"
	"strings"
)

// claimChecker looks up what a text claims in the sources that it cites and in the ticket.
type claimChecker struct {
	src sources
	// given is what any text may rely on: the ticket, and what the tenant has pinned.
	given evidence
	// pinned is the part of it that the tenant vouches for.
	pinned evidence
	cited  map[string]*evidence // by label, made when first asked for
	sent   []string             // the labels of what the prompt had
	show   func(string) string
	most   int // the number of sources and of past tickets that are like one of them
}

// newClaimChecker looks up in what the model was sent: left are the labels of what the prompt had no room for.
func newClaimChecker(in Input, src sources, left map[string]bool) *claimChecker {
	v := veiled{in.Veil}
	pinned := in.Voice.facts(v.hide)
	for i := range pinned {
		pinned[i] = v.show(pinned[i])
	}
	texts := append([]string{idPrefix + in.Ticket.ID, in.Ticket.Priority}, pinned...)
	for _, text := range []string{in.Ticket.Subject, in.Ticket.Description} {
		texts = append(texts, strings.Join(strings.Fields(v.show(clipWord(v.hide(text), maxPromptTicket))), " "))
	}
	c := &claimChecker{src: src, given: newEvidence(texts...), pinned: newEvidence(pinned...), cited: map[string]*evidence{}, show: v.show}
	for label, s := range src.byLabel {
		c.most += 1 + max(0, s.item.Similar)
		if !left[label] && in.Voice.asksFor(keyOf(s.item.Kind)) {
			c.sent = append(c.sent, label)
		}
	}
	return c
}

// idPrefix makes the digits of an id those of a name, which tell no amount.
const idPrefix = "Number "

// of is the evidence of a source: all that the prompt told of it, and no more, in the words that a reader may see.
func (c *claimChecker) of(label string) *evidence {
	if e, ok := c.cited[label]; ok {
		return e
	}
	s := c.src.byLabel[label]
	texts := s.told()
	for i, text := range texts {
		texts[i] = safe(plain(flow(c.show(text))), true)
	}
	texts = append(texts, idPrefix+s.shown.ID)
	if n := s.item.Similar; n > 0 {
		texts = append(texts, strconv.Itoa(n), strconv.Itoa(n+1))
	}
	e := newEvidence(texts...)
	c.cited[label] = &e
	return &e
}

// unsupported says why text, which a model wrote as raw, claims more than the sources that it cites; empty when it does not.
func (c *claimChecker) unsupported(text, raw string, refs []Ref) string {
	var from []*evidence
	labels := map[string]bool{}
	for _, ref := range refs {
		from = append(from, c.of(ref.Label))
		labels[ref.Label] = true
	}
	return c.check(text, raw, from, labels)
}

// unsupportedByAll is unsupported for a text that rests on all sources that were sent.
func (c *claimChecker) unsupportedByAll(text, raw string) string {
	var from []*evidence
	labels := map[string]bool{}
	for _, label := range c.sent {
		from = append(from, c.of(label))
		labels[label] = true
	}
	return c.check(text, raw, from, labels)
}

var spans = regexp.MustCompile("`([^`]{1,300})`")

func (c *claimChecker) check(text, raw string, from []*evidence, labels map[string]bool) string {
	facts := scan(text)
	for _, span := range spans.FindAllStringSubmatch(raw, -1) {
		// What a model writes as code stands in the text without the marks; elsewhere in the answer it is none of this text's.
		if code := modelText(span[1]); code != "" && strings.Contains(text, code) {
			facts = append(facts, fact{kind: factCommand, text: code})
		}
	}
	listed := listNumbers(text)
	for _, f := range facts {
		if f.kind == factNumber && (listed[f.start] || c.counts(f, text)) || labels[f.text] || f.kind == factCode && known(f.text) {
			continue
		}
		if f.kind == factNumber && !hasDigit.MatchString(f.text) && bigWord(f.text) == "" {
			continue // "two steps"
		}
		if reason := c.missing(f, sentenceAt(text, f.start), from); reason != "" {
			return reason
		}
	}
	return ""
}

// missing says what f is when nobody tells it; empty when somebody does. Whom to turn to has to be told by a source: the ticket may be
// written by whom it leads to.
func (c *claimChecker) missing(f fact, sentence string, from []*evidence) string {
	given := &c.given
	if (f.kind == factPhone || f.kind == factMail) && contacts.MatchString(sentence) || f.isHost() && visits.MatchString(sentence) {
		given = &c.pinned
	}
	if given.tells(f) {
		return ""
	}
	for _, e := range from {
		if e.tells(f) {
			return ""
		}
	}
	if given == &c.pinned {
		return DropUnsupportedContact
	}
	return f.unsupported()
}

func (f fact) isHost() bool { return f.kind == factAddress && f.value == "" }

// unsupported is what an answer is charged with that makes up f.
func (f fact) unsupported() string {
	switch f.kind {
	case factCode:
		return DropUnsupportedCode
	case factAddress:
		return DropUnsupportedAddress
	case factMail, factPhone:
		return DropUnsupportedContact
	case factDate, factTime:
		return DropUnsupportedDate
	case factQuote:
		return DropUnsupportedQuote
	case factCommand:
		return DropUnsupportedCommand
	case factNumber:
	}
	if f.code {
		return DropUnsupportedCode
	}
	return DropUnsupportedNumber
}

var (
	listNumber = regexp.MustCompile(`(?:^|\s)(\d{1,2})[.)]\s`)
	counted1   = regexp.MustCompile(`(?i)^\s+(?:(?:more|other|further|past|previous|earlier|similar|nearly|identical|such|recent|resolved|closed|related|of|these|the|weitere|frühere|ähnliche)\s+){0,3}` +
		`(?:tickets?|articles?|systems?|sources?|cases?|incidents?|hosts?|servers?|requests?|vorfälle|artikel|systeme)\b`)
	stepNumber = regexp.MustCompile(`(?i)(?:steps?|schritt|part|teil|level|tier)\s+$`)
)

// listNumbers are the places of numbers that count the points of a list, from one on.
func listNumbers(text string) map[int]bool {
	places := map[int]bool{}
	for next, at := range listNumber.FindAllStringSubmatchIndex(text, -1) {
		if text[at[2]:at[3]] != strconv.Itoa(next+1) {
			break
		}
		places[at[2]] = true
	}
	return places
}

const mostSteps = 3

// counts says whether f counts the sources or steps, which no source tells: "3 similar tickets", "step 2".
func (c *claimChecker) counts(f fact, text string) bool {
	n, err := strconv.Atoi(f.value)
	if err != nil || f.code || f.start+len(f.text) > len(text) {
		return false
	}
	return n <= c.most && counted1.MatchString(text[f.start+len(f.text):]) || n <= mostSteps && stepNumber.MatchString(text[:f.start])
}

// sentenceAt is the sentence of text in which the byte at start stands.
func sentenceAt(text string, start int) string {
	seen := 0
	for _, s := range sentences(text) {
		if seen += len(s) + 1; start < seen {
			return s
		}
	}
	return text
}
