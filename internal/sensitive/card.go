package sensitive

// ShortestCard and longestCard are how many digits a card's number has.
const ShortestCard, longestCard = 14, 19

// cardForms are how card numbers are written: in one, or in these groups with blanks or hyphens between them.
//
//nolint:gochecknoglobals // a table
var cardForms = [][]int{{4, 4, 4, 4}, {4, 4, 4, 4, 3}, {4, 6, 5}, {4, 6, 4}, {19}, {16}, {15}, {14}}

// Cards finds payment card numbers. The check digit alone would take each tenth id of ServiceDesk Plus for
// one; so the issuer's digits and the length have to fit as well. Not among them are Visa numbers of 13 and 19 digits in
// one piece: hardly any were issued, and Zoho's ids begin and count like them.
func Cards(text string) []Span {
	var found []Span
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) || i > 0 && isDigit(text[i-1]) {
			continue
		}
		if end := cardAt(text, i); end > 0 {
			found = append(found, Span{Start: i, End: end})
			i = end - 1
		}
	}
	return found
}

// cardAt gives where the card number ends that begins at start, 0 for none.
func cardAt(text string, start int) int {
	before := byte(' ')
	if start > 0 {
		before = text[start-1]
	}
	if isWord(before) || before == '.' || text[start] < '2' || text[start] > '6' { // no network issues others
		return 0
	}
	for _, form := range cardForms {
		// Groups behind a hyphen are a part of something longer, such as a UUID.
		if len(form) > 1 && before == '-' {
			continue
		}
		var buf [longestCard]byte
		digits, end := inForm(buf[:0], text, start, form)
		if end > 0 && issued(string(digits), len(form) > 1) && luhn(digits) {
			return end
		}
	}
	return 0
}

// inForm appends to digits those of a number in groups of the given sizes, with one kind of separator; end is 0 when
// text is not of that form.
func inForm(digits []byte, text string, start int, form []int) (all []byte, end int) {
	separator := byte(0)
	i := start
	for n, size := range form {
		if n > 0 {
			if i >= len(text) || text[i] != ' ' && text[i] != '-' || separator != 0 && text[i] != separator {
				return nil, 0
			}
			separator = text[i]
			i++
		}
		for range size {
			if i >= len(text) || !isDigit(text[i]) {
				return nil, 0
			}
			digits = append(digits, text[i])
			i++
		}
	}
	if i < len(text) && (isWord(text[i]) || text[i] == '.' && i+1 < len(text) && isDigit(text[i+1])) {
		return nil, 0
	}
	return digits, i
}

// issued says whether a network issues such numbers: by the first digits, and the length.
func issued(digits string, grouped bool) bool {
	n := len(digits)
	in := func(from, to string) bool {
		prefix := digits[:len(from)]
		return from <= prefix && prefix <= to
	}
	const amex, diners, usual, long = 15, 14, 16, 19
	switch {
	case in("4", "4"): // Visa
		return n == usual || n == long && grouped
	case in("51", "55"), in("2221", "2720"): // Mastercard
		return n == usual
	case in("34", "34"), in("37", "37"): // American Express
		return n == amex
	case in("300", "305"), in("36", "36"), in("38", "39"): // Diners Club
		return n == diners
	case in("6011", "6011"), in("644", "659"), in("3528", "3589"): // Discover, JCB
		return n == usual
	case in("62", "62"): // UnionPay
		return n == usual || n == long
	}
	return false
}

// IsCard says whether a network issues such a number, digits alone, and whether its check digit is right. Numbers that are written
// in groups are believed in more lengths than those in one piece. Visa's old numbers of 13 digits are believed, as Cards does not.
func IsCard(digits string, grouped bool) bool {
	const shortest = 13
	if len(digits) < shortest || len(digits) > longestCard || !luhn([]byte(digits)) {
		return false
	}
	return issued(digits, grouped) || digits[0] == '4' && len(digits) == shortest
}

// luhn checks the last digit.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 { //nolint:mnd // the sum of its two digits
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWord says whether c is part of a word or number. Bytes of other scripts are.
func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}
