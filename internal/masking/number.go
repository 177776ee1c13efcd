package masking

import (
	"regexp"
	"strings"

	"github.com/ai-agents/ai-agents/internal/sensitive"
)

// digits gives the digits of s.
func digits(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if isDigit(s[i]) {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80 }

func isASCIILetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// number is a sequence of digits with single separators between them.
type number struct{ start, end int }

// numbers finds the sequences in which the digits are apart by at most one of separators, and a line end.
func numbers(text, separators string) []number {
	var found []number
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) {
			continue
		}
		end := i + 1
		for end < len(text) {
			next := end
			for next < len(text) && next-end < 2 && strings.IndexByte(separators, text[next]) >= 0 {
				next++
			}
			if next >= len(text) || !isDigit(text[next]) {
				break
			}
			end = next + 1
		}
		found = append(found, number{start: i, end: end})
		i = end - 1
	}
	return found
}

// cards finds the numbers of payment cards: by the issuer's first digits, the length and the check digit (Luhn, ISO/IEC 7812-1).
func cards(text string) []finding {
	var found []finding
	for _, n := range numbers(text, " -.\n\t") {
		found = append(found, cardIn(text, n)...)
	}
	return found
}

// cardIn looks for cards in a sequence, whose groups may be of more than the card: "1 4111 1111 1111 1111 12/30".
func cardIn(text string, n number) []finding {
	const shortest, longest = 13, 19
	var found []finding
	groups := groupsIn(text, n)
	for i := 0; i < len(groups); i++ {
		if i == 0 && n.start > 0 && isLetter(text[n.start-1]) {
			continue
		}
		all := ""
		for j := i; j < len(groups) && len(all) <= longest; j++ {
			all += text[groups[j].start:groups[j].end]
			if len(all) < shortest || len(all) > longest || !sensitive.IsCard(all, j > i) {
				continue
			}
			found = append(found, finding{start: groups[i].start, end: groups[j].end, kind: KindCard, key: all})
			i = j
			break
		}
	}
	return found
}

func groupsIn(text string, n number) []number {
	var groups []number
	for i := n.start; i < n.end; i++ {
		if !isDigit(text[i]) {
			continue
		}
		start := i
		for i < n.end && isDigit(text[i]) {
			i++
		}
		groups = append(groups, number{start: start, end: i})
	}
	return groups
}

// labelled is an account's number behind a word for it.
var labelled = regexp.MustCompile(`(?i)\b(?:(?:bank[ -]?)?(?:account|acct|a/c)[ \t]*(?:number|num|no|nr|#)?|routing(?:[ \t/-]*transit)?[ \t]*(?:number|num|no|#)?|aba(?:[ \t]*(?:number|no|#))?|sort[ -]?code` +
	`|konto(?:nummer|nr)?|blz|bankleitzahl|num(?:éro|ero) de compte|n[úu]mero de cuenta)\b[.]?[ \t]*(?:[:=#]|is|ist|est|es)?[ \t]*([0-9](?:[ -]?[0-9]){5,16})\b`)

// banks finds IBANs, by the country's length and the check digits (ISO 13616, ISO/IEC 7064 MOD 97-10), and account numbers beside
// their label.
func banks(text string) []finding {
	var found []finding
	const country = 4 // with the check digits
	for i := 0; i+country < len(text); i++ {
		if !isASCIILetter(text[i]) || !isASCIILetter(text[i+1]) || !isDigit(text[i+2]) || !isDigit(text[i+3]) || i > 0 && (isDigit(text[i-1]) || isLetter(text[i-1])) {
			continue
		}
		if end := ibanEnd(text, i); end > 0 {
			found = append(found, finding{start: i, end: end, kind: KindBank, key: strings.ToUpper(alphanumeric(text[i:end]))})
			i = end - 1
		}
	}
	for _, at := range labelled.FindAllStringSubmatchIndex(text, -1) {
		found = append(found, finding{start: at[2], end: at[3], kind: KindBank, key: digits(text[at[2]:at[3]])})
	}
	return found
}

// ibanEnd gives where the IBAN ends that begins at start: its characters stand together, or with a blank or hyphen and a line end
// between them. 0 for none.
func ibanEnd(text string, start int) int {
	want := ibanLength(strings.ToUpper(text[start : start+2]))
	if want == 0 {
		return 0
	}
	number := make([]byte, 0, want)
	apart := 0
	for i := start; i < len(text) && apart <= 2; i++ {
		switch c := text[i]; {
		case isDigit(c) || isASCIILetter(c):
			number, apart = append(number, c), 0
		case strings.IndexByte(" \t-\n", c) >= 0:
			apart++
			continue
		default:
			return 0
		}
		if len(number) < want {
			continue
		}
		if i+1 < len(text) && (isDigit(text[i+1]) || isLetter(text[i+1])) || !mod97(strings.ToUpper(string(number))) {
			return 0
		}
		return i + 1
	}
	return 0
}

// mod97 moves the first four characters to the end, takes letters for 10 to 35, and divides by 97: 1 remains.
func mod97(number string) bool {
	const country, letters, modulus = 4, 10, 97
	rest := 0
	for _, c := range []byte(number[country:] + number[:country]) {
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % modulus
		} else {
			rest = (rest*100 + int(c-'A') + letters) % modulus
		}
	}
	return rest == 1
}

// alphanumeric leaves out what may stand between the characters of an IBAN.
func alphanumeric(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n-", r) {
			return -1
		}
		return r
	}, s)
}

// ibanLengths are the lengths by country of the IBAN registry.
const ibanLengths = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 " +
	"FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 " +
	"LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 " +
	"SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"

func ibanLength(country string) int {
	const ten = 10
	at := strings.Index(ibanLengths, country)
	if at < 0 || at%5 != 0 { // each takes five characters
		return 0
	}
	return int(ibanLengths[at+2]-'0')*ten + int(ibanLengths[at+3]-'0')
}
