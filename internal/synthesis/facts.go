package synthesis

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// factKind is what can be looked up. It decides how, and what is said when it is not found.
type factKind int

const (
	factNumber  factKind = iota
	factCode             // an error code, an event, an identifier of letters and digits
	factAddress          // an IP or MAC address, a host or file name
	factMail
	factPhone
	factDate
	factTime
	factQuote // something in quotation marks
	factCommand
)

// fact is something in a text that is either in another one or is not.
type fact struct {
	kind factKind
	// text is how it is written, and value its normal form where it has one.
	text, value string
	dates       []date
	unit        string // of a number
	grouped     bool   // a number that may be several, as "1 000" may
	code        bool   // a number that follows a word such as "error"
	version     bool   // a number that follows a word such as "version"
	before      string // the word right before a number
	start       int
}

// letters are those of scripts that put spaces between words. In others a name stands in the middle of a sentence without any.
const letters = `\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}\p{Hebrew}\p{Arabic}`

//nolint:gochecknoglobals // constants, which tables cannot be
var spaced = []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Hebrew, unicode.Arabic}

// The forms of facts, in the order in which they are taken out of a text.
var (
	factQuoted = regexp.MustCompile(`(?:^|[\s(\[:,;–—-])(?:["“„«]([^"“”„«»]{1,300})["”“»]|[‘‚]([^‘’]{1,300})’|'([^']{1,300})'(?:$|[\s)\],.;:!?])|「([^「」]{1,300})」)`)
	factMailed = regexp.MustCompile(`[\p{L}\d._%+-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+`)
	factMAC    = regexp.MustCompile(`\b(?:[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})\b`)
	factIPv6   = regexp.MustCompile(`[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/\d{1,3})?`)
	factIPv4   = regexp.MustCompile(`\b(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?\b`)
	factGUID   = regexp.MustCompile(`\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b`)
	factHex    = regexp.MustCompile(`\b0[xX][0-9A-Fa-f]+\b`)
	factPath   = regexp.MustCompile(`(?:\b[A-Za-z]:\\|\\\\|~/|%[A-Za-z_]+%|\bHK[A-Z_]+\\)\S*|[\p{L}\d._-]+\\[\p{L}\d\\._$-]+`)
	factSlash  = regexp.MustCompile(`(?:^|[\s(])(--?[A-Za-z][\w-]*|/[A-Za-z][\w.-]*(?:/\S*)?)`)
	// A cmdlet has an approved verb, and a noun that is no word of a language: the German "Update-Paket" is none.
	factCmdlet = regexp.MustCompile(`\b(?:(?:Add|Clear|Connect|Copy|Disable|Enable|Export|Get|Grant|Import|Install|Invoke|Move|New|Register|Remove|Rename|Repair|` +
		`Reset|Restart|Restore|Resume|Revoke|Set|Start|Stop|Suspend|Test|Uninstall|Unregister|Update)-(?:[A-Z]+[a-z]+[A-Z][A-Za-z]*|[A-Z]{2,}[a-z]{2,}[A-Za-z]*)|` +
		`(?:Add|Clear|Copy|Disable|Enable|Get|Install|Invoke|Move|New|Remove|Rename|Repair|Restart|Restore|Resume|Set|Stop|Suspend|Uninstall)-` +
		`(?:Acl|Command|Computer|Content|Disk|Expression|Item|Mailbox|Module|Package|Partition|Printer|Process|Service|Volume)|` +
		`Start-(?:Job|Process|Service|Transcript)|Test-(?:Connection|Path)|(?:Import|Update)-Module)\b`)
	factTool = regexp.MustCompile(`(?i)\b(?:sudo|curl|wget|pwsh|powershell|certutil|bitsadmin|mshta|regsvr32|rundll32|wmic|vssadmin|bcdedit|diskpart|netsh|` +
		`schtasks|taskkill|icacls|takeown|chmod|chown|mkfs|systemctl|iptables|gpupdate|ipconfig|nslookup|ntdsutil|dsregcmd|sfc|dism|chkdsk|rmdir)\b`)
	factHost   = regexp.MustCompile(`[` + letters + `\d_](?:[` + letters + `\d_-]*[` + letters + `\d_])?(?:\.[` + letters + `\d_-]+)*\.[` + letters + `]{2,}`)
	factPhoned = regexp.MustCompile(`(?:\+|\b00|\b0)\d[\d ()/.-]{4,}\d`)
	factIdent  = regexp.MustCompile(`[` + letters + `\d]+(?:[-_.+][` + letters + `\d]+)*`)
	hasLetter  = regexp.MustCompile(`\p{L}`)
	hasDigit   = regexp.MustCompile(`\d`)
)

// known are words of letters and digits that name a technology and claim nothing.
func known(word string) bool {
	switch strings.ToLower(word) {
	case "ipv4", "ipv6", "2fa", "x64", "x86", "64-bit", "32-bit", "64bit", "32bit", "m365", "o365", "wpa2", "wpa3", "http2", "sha256", "sha-256", "md5",
		"utf-8", "utf8", "base64", "4k", "5g", "4g", "3g", "3d", "1st", "2nd", "3rd", "l1", "l2", "l3", "layer-2", "layer-3", "p2p", "802.1x":
		return true
	}
	return false
}

// scan takes the facts out of text, which is one line. Each stretch of text is of one fact only, but for what stands in quotes.
func scan(text string) []fact {
	s := &scanner{rest: asciiDigits(text)}
	if strings.ContainsAny(text, "\"'“„«‘‚「") {
		s.quotes()
	}
	if strings.Contains(text, "@") {
		s.all(factMailed, factMail, strings.ToLower)
	}
	if !hasDigit.MatchString(s.rest) {
		s.words()
		s.numberWords()
		return s.found
	}
	s.addresses()
	s.words()
	s.dates()
	s.years()
	s.clocks()
	s.phones()
	s.idents()
	s.numbers()
	s.numberWords()
	return s.found
}

// addresses finds the codes and addresses whose parts are not looked at by themselves. What has no match is spared the expressions, which
// are slow.
func (s *scanner) addresses() {
	hyphens, colons, dots := strings.Count(s.rest, "-"), strings.Count(s.rest, ":"), strings.Count(s.rest, ".")
	if hyphens >= 4 { //nolint:mnd // as many as a GUID has
		s.all(factGUID, factCode, strings.ToLower)
	}
	if hyphens+colons+dots > 1 {
		s.all(factMAC, factAddress, func(m string) string { return "mac:" + fold(m) })
	}
	if colons > 1 {
		s.all(factIPv6, factAddress, address)
	}
	if dots > 2 { // of an IPv4 address
		s.all(factIPv4, factAddress, address)
	}
	if strings.ContainsAny(s.rest, "xX") {
		s.all(factHex, factCode, func(m string) string { return "0x" + strings.TrimLeft(strings.ToLower(m[2:]), "0") })
	}
}

// words finds what needs no digit.
func (s *scanner) words() {
	if strings.ContainsAny(s.rest, `\/~%`) {
		s.all(factPath, factCommand, nil)
	}
	if strings.ContainsAny(s.rest, "-/") {
		s.slashes()
		s.all(factCmdlet, factCommand, nil)
	}
	s.all(factTool, factCommand, nil)
	if strings.Contains(s.rest, ".") {
		s.all(factHost, factAddress, nil)
	}
}

// scanner has what is found of a text, and the text with spaces in its place.
type scanner struct {
	rest  string
	found []fact
}

// take adds f, which stands at text[start:end].
func (s *scanner) take(f fact, start, end int) {
	f.start = start
	if f.text == "" {
		f.text = s.rest[start:end]
	}
	s.found = append(s.found, f)
	s.rest = s.rest[:start] + strings.Repeat(" ", end-start) + s.rest[end:]
}

// all takes what pattern matches and normal finds well-formed: where it gives nothing, the match is something else. Without normal it is
// looked up as it is written.
func (s *scanner) all(pattern *regexp.Regexp, kind factKind, normal func(string) string) {
	for _, at := range pattern.FindAllStringIndex(s.rest, -1) {
		if s.inside(at[0]) || s.inside(at[1]) {
			continue
		}
		f := fact{kind: kind}
		if normal != nil {
			if f.value = normal(s.rest[at[0]:at[1]]); f.value == "" {
				continue
			}
		}
		s.take(f, at[0], at[1])
	}
}

// inside says whether at is within a run of letters and digits: what begins or ends there is a part of something else.
func (s *scanner) inside(at int) bool {
	before, _ := utf8.DecodeLastRuneInString(s.rest[:at])
	after, _ := utf8.DecodeRuneInString(s.rest[at:])
	wordly := func(r rune) bool { return unicode.In(r, spaced...) || unicode.IsDigit(r) }
	return wordly(before) && wordly(after)
}

// quotes finds what stands in quotation marks, and leaves it where it is: numbers in it count too.
func (s *scanner) quotes() {
	for _, at := range factQuoted.FindAllStringSubmatchIndex(s.rest, -1) {
		for group := 2; group < len(at); group += 2 {
			if at[group] >= 0 {
				s.found = append(s.found, fact{kind: factQuote, text: s.rest[at[group]:at[group+1]], start: at[group]})
			}
		}
	}
}

func (s *scanner) slashes() {
	for _, at := range factSlash.FindAllStringSubmatchIndex(s.rest, -1) {
		s.take(fact{kind: factCommand, value: "flag:" + strings.ToLower(strings.TrimRight(s.rest[at[2]:at[3]], ".,;:"))}, at[2], at[3])
	}
}

const leastPhone, mostPhone = 7, 15 // digits (ITU-T E.164)

func (s *scanner) phones() {
	for _, at := range factPhoned.FindAllStringIndex(s.rest, -1) {
		digits := onlyDigits(s.rest[at[0]:at[1]])
		if len(digits) >= leastPhone && len(digits) <= mostPhone {
			s.take(fact{kind: factPhone, value: strings.TrimLeft(digits, "0")}, at[0], at[1])
		}
	}
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// address is the normal form of an IP address or network; empty for what is none.
func address(text string) string {
	text = strings.TrimRight(text, ".:")
	host, bits, network := strings.Cut(text, "/")
	if strings.Contains(host, ".") && !strings.Contains(host, ":") {
		octets := strings.Split(host, ".")
		for i, octet := range octets {
			if octets[i] = strings.TrimLeft(octet, "0"); octets[i] == "" {
				octets[i] = "0"
			}
		}
		host = strings.Join(octets, ".")
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	if network {
		return "net:" + ip.Unmap().String() + "/" + bits
	}
	return "ip:" + ip.Unmap().String()
}
