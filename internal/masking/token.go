package masking

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// labels are what tokens say of their kind: words that tell a model what stands there.
const labels = `CREDENTIAL|EMAIL|PHONE|CARD|BANK|NAME|ADDRESS|TEXT`

var (
	// exactToken is what Hide writes: [[EMAIL_1]], and [[EMAIL_1_2]] for another way of writing the same address.
	exactToken = regexp.MustCompile(`\[\[(` + labels + `)_([1-9][0-9]{0,8})(?:_([1-9][0-9]{0,8}))?\]\]`)
	// mangledToken is what a model may make of it: other case, blanks, one bracket, none, or escaped for Markdown. Without any bracket
	// it has to be written right, because "phone 1" and "Name 2" are what people write.
	mangledToken = regexp.MustCompile(`(?i:(?:\\?\[){1,2}\s{0,3}(` + labels + `)[\s_\\-]{0,3}([0-9]{1,9})(?:\s?\\?[_.]\s?([0-9]{1,9}))?\s{0,3}(?:\\?\]){1,2})` +
		`|(?:\\?\[){0,2}\b(` + labels + `)\\?_([0-9]{1,9})(?:\\?_([0-9]{1,9}))?\b(?:\\?\]){0,2}`)
)

func tokenOf(kind Kind, number, form int) string {
	token := "[[" + strings.ToUpper(string(kind)) + "_" + strconv.Itoa(number)
	if form > 1 {
		token += "_" + strconv.Itoa(form)
	}
	return token + "]]"
}

// hideTokens writes text, in which nothing was found, with a token for whatever Show could take for a token: nobody gets a value shown
// by writing its token into a ticket.
func (m *Masker) hideTokens(b *strings.Builder, text string) {
	for mayHaveToken(text) {
		at := mangledToken.FindStringIndex(text)
		if at == nil {
			break
		}
		b.WriteString(text[:at[0]])
		looksLikeOne := text[at[0]:at[1]]
		b.WriteString(m.token(kindText, looksLikeOne, looksLikeOne))
		text = text[at[1]:]
	}
	b.WriteString(text)
}

// showMangled shows the tokens in text, in which there is none as Hide writes them.
func (m *Masker) showMangled(text string) string {
	if !mayHaveToken(text) {
		return text
	}
	found := mangledToken.FindAllStringSubmatchIndex(text, -1)
	if found == nil {
		return text
	}
	var b strings.Builder
	done := 0
	for _, at := range found {
		b.WriteString(text[done:at[0]])
		groups := at
		if at[2] < 0 { // the other alternative
			const alternative = 6
			groups = slices.Concat(at[:2], at[2+alternative:])
		}
		shown, _ := m.shown(text, groups)
		b.WriteString(shown)
		done = at[1]
	}
	b.WriteString(text[done:])
	return b.String()
}

// shown gives what the token stands for whose label, number and perhaps form are the groups at.
func (m *Masker) shown(text string, at []int) (string, bool) {
	kind := Kind(strings.ToLower(text[at[2]:at[3]]))
	number, err := strconv.Atoi(text[at[4]:at[5]])
	values := m.values[kind]
	if err != nil || number < 1 || number > len(values) {
		return "", false
	}
	if kind == KindCredential {
		return Removed, true
	}
	forms := values[number-1].forms
	form := 1
	if at[6] >= 0 {
		form, err = strconv.Atoi(text[at[6]:at[7]])
	}
	if err != nil || form < 1 || form > len(forms) {
		// The value is right, and the way of writing it was made up.
		return forms[0], at[6] < 0
	}
	return forms[form-1], true
}
