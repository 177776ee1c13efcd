// Package masking owns what of a text must not leave for a language model, and how it comes back: personal and secret data
// are replaced by tokens, the same for the same value, and the tokens in an answer by what they stand for. Secrets do not come back.
package masking

import (
	"slices"
	"strings"
)

// Kind is a kind of data that is masked. The names are durable: tenants choose by them, and accounts count by them.
type Kind string

// The kinds.
const (
	KindCredential Kind = "credential" // passwords, keys, tokens, one-time codes: always masked, and never restored
	KindEmail      Kind = "email"
	KindPhone      Kind = "phone"
	KindCard       Kind = "card" // numbers of payment cards
	KindBank       Kind = "bank" // IBANs, and account and routing numbers beside their label
	KindName       Kind = "name" // of the people that a ticket names as requester or technician
	KindAddress    Kind = "address"

	// kindText is text that looks like a token of ours. It is masked whatever was chosen, and is no kind that anybody sees.
	kindText Kind = "text"
)

// Defaults are the kinds that are masked for a tenant that did not choose. Addresses (IP addresses and networks) are not among
// them: without them a model cannot say which system is meant.
func Defaults() []Kind {
	return []Kind{KindCredential, KindEmail, KindPhone, KindCard, KindBank, KindName}
}

// Removed is what Show writes in place of a secret.
const Removed = "(credential removed)"

// Masker masks the texts of one prompt. It is not for concurrent use.
//
// A value has one number in all texts, however it is written; each way of writing it after the first has a token of its own
// (EMAIL_1, EMAIL_1_2), so that what comes back is exactly what was there. Numbers depend on nothing but the texts and their
// order.
type Masker struct {
	kinds  map[Kind]bool
	people *people

	values map[Kind][]*value
	known  map[Kind]map[string]*value // by key
	// secrets are those that are looked for wherever they stand.
	secrets map[string]bool
}

// value is something that is hidden.
type value struct {
	number int
	forms  []string // as it was written, in the order of appearance
}

// New makes a Masker for kinds, besides credentials, which are masked whatever was chosen. names are the people to hide.
func New(kinds []Kind, names []string) *Masker {
	m := &Masker{kinds: map[Kind]bool{KindCredential: true}, values: map[Kind][]*value{}, known: map[Kind]map[string]*value{}, secrets: map[string]bool{}}
	for _, kind := range kinds {
		m.kinds[kind] = true
	}
	if m.kinds[KindName] {
		m.people = newPeople(names)
	}
	return m
}

// Hide gives text with a token in place of each value. text is best in normal form (ticket.Normalize) and whole: of half an
// address, nobody can tell what it is. It takes time in proportion to the text's length.
func (m *Masker) Hide(text string) string {
	if text == "" {
		return ""
	}
	return m.replaced(text, m.hideTokens, func(run finding, value string) string { return m.token(run.kind, run.key, value) })
}

// token gives the token for a value that is written as form.
func (m *Masker) token(kind Kind, key, form string) string {
	v := m.known[kind][key]
	if v == nil {
		v = &value{number: len(m.values[kind]) + 1}
		m.values[kind] = append(m.values[kind], v)
		if m.known[kind] == nil {
			m.known[kind] = map[string]*value{}
		}
		m.known[kind][key] = v
	}
	if kind == KindCredential {
		return tokenOf(kind, v.number, 1) // never shown, so that it does not matter how it was written
	}
	at := slices.Index(v.forms, form)
	if at < 0 && len(v.forms) < maxForms {
		v.forms = append(v.forms, form)
		at = len(v.forms) - 1
	}
	if at < 0 {
		return m.token(kind, key+"\x00"+form, form)
	}
	return tokenOf(kind, v.number, at+1)
}

// maxForms bounds the search for the way in which a value is written; beyond it, it counts as another value.
const maxForms = 64

// Show gives text with each token of Hide's replaced by what it stands for, or by Removed where that was a secret. Tokens that
// were mangled a little are understood, too. Those that were never handed out are taken out.
func (m *Masker) Show(text string) string {
	var b strings.Builder
	done := 0
	for _, at := range exactToken.FindAllStringSubmatchIndex(text, -1) {
		shown, ok := m.shown(text, at)
		if !ok {
			continue
		}
		b.WriteString(m.showMangled(text[done:at[0]]))
		b.WriteString(shown)
		done = at[1]
	}
	b.WriteString(m.showMangled(text[done:]))
	return b.String()
}

// Blank gives text with its kind in place of each value of any kind ("[EMAIL]"): for what is compared by its meaning and never shown.
// The same text gives the same, whatever was blanked before.
func Blank(text string, names []string) string {
	m := New([]Kind{KindEmail, KindPhone, KindCard, KindBank, KindName, KindAddress}, names)
	return m.replaced(text, verbatim, func(run finding, _ string) string { return "[" + strings.ToUpper(string(run.kind)) + "]" })
}

// Before gives the place at or before text[end:] at which text can be cut so that no value of any kind is cut in two. names are those
// that are hidden.
func Before(text string, end int, names []string) int {
	m := New([]Kind{KindEmail, KindPhone, KindCard, KindBank, KindName, KindAddress}, names)
	f := fold(text)
	found := m.find(f.text)
	for moved := true; moved; {
		moved = false
		for _, one := range found {
			if from, to := f.original(one.start), f.original(one.end); from < end && end < to {
				end, moved = from, true
			}
		}
	}
	return end
}

// TellsSecret says whether text has a password, a key or the like in it.
func TellsSecret(text string) bool { return len(credentials(fold(text).text)) > 0 }

// Unbroken gives text in which no value stands on two lines, with Removed in place of secrets: for those who take lines out of it, where
// a secret may stand on another line than what says so.
func Unbroken(text string) string {
	m := New([]Kind{KindEmail, KindPhone, KindCard, KindBank, KindAddress}, nil)
	return m.replaced(text, verbatim, func(run finding, value string) string {
		if run.kind == KindCredential {
			return Removed
		}
		return strings.Join(strings.FieldsFunc(value, isLineEnd), " ")
	})
}

func isLineEnd(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// replaced gives text with something in place of each value; between writes what stands between values.
func (m *Masker) replaced(text string, between func(b *strings.Builder, text string), with func(run finding, value string) string) string {
	f := fold(text)
	var b strings.Builder
	done := 0
	for _, run := range m.runs(f) {
		from, to := f.original(run.start), f.original(run.end)
		if from < done || from >= to {
			continue
		}
		between(&b, text[done:from])
		b.WriteString(with(run, text[from:to]))
		done = to
	}
	between(&b, text[done:])
	return b.String()
}

func verbatim(b *strings.Builder, text string) { b.WriteString(text) }

// Counts is how many values of each kind were hidden, each value once.
func (m *Masker) Counts() map[Kind]int {
	counts := map[Kind]int{}
	for kind, values := range m.values {
		if kind != kindText && len(values) > 0 {
			counts[kind] = len(values)
		}
	}
	return counts
}
