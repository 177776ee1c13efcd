package inventory

import (
	"slices"
	"strings"
	"unicode"
)

// hostlike tells that a word of letters alone is meant as the name of a host. Hosts are called mail, print
// or backup, and so are everyday things; one that is nothing but a word is looked up only
//
//   - where no other word could stand: behind \\ or // or user@, or behind a command (ping mail);
//   - behind a word such as "server" or "host" with a colon, an equals sign or a quote (host: mail);
//   - directly behind such a word, or behind "on", if the sentence goes on as behind a name: with a
//     punctuation mark, the end, or a word such as "is" (the server mail is down; down on backup). In
//     "server backup failed" and "on print jobs", the word belongs to the next one;
//   - in capitals (MAIL does not answer), unless the whole line is, or it is an abbreviation that tickets
//     are full of (VPN, DNS).
func (w word) hostlike() bool {
	if strings.HasSuffix(w.gap, `\\`) || strings.HasSuffix(w.gap, "//") || strings.HasSuffix(w.gap, "@") {
		return true
	}
	if w.inCapitals() {
		return true
	}
	previous := strings.ToLower(w.previous.text)
	if strings.Trim(w.gap, " \t:='\"`([“„") != "" || w.gap == "" {
		return false
	}
	isHost, plain := isHostWord(previous), strings.Trim(w.gap, " \t") == ""
	switch {
	case isCommand(previous) && plain:
		return true
	case isHost && !plain:
		return true
	default:
		return (isHost || previous == "on") && w.endsAsName()
	}
}

func (w word) inCapitals() bool {
	return !w.shouted && strings.ToUpper(w.part.text) == w.part.text && !isAbbreviation(w.part.text)
}

// endsAsName tells that what follows is not a word that this one could describe.
func (w word) endsAsName() bool {
	rest := w.text[w.end():]
	trimmed := strings.TrimLeft(rest, " \t")
	end := strings.IndexFunc(trimmed, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(trimmed)
	}
	return end == 0 || isFunctionWord(strings.ToLower(trimmed[:end]))
}

// tags are the asset tags that a number stands for: with the letters before it (LT 00423), and, behind a word
// that announces a tag, alone.
func (w word) tags() []name {
	if len(w.part.text) > longestTag {
		return nil
	}
	var found []name
	const longestPrefix, shortestNumber = 6, 3
	previous := w.previous.text
	if isWord(previous) && len(previous) <= longestPrefix && w.gap == " " && len(w.part.text) >= shortestNumber {
		joined := part{text: w.text[w.previous.at:w.end()], at: w.previous.at}
		found = append(found, name{part: joined, tag: tagKey(joined.text)})
	}
	if w.announcesTag() {
		found = append(found, name{part: w.part, tag: w.part.text})
	}
	return found
}

// announcesTag tells "asset 00417", "Asset tag: 00417" and "inventory no. 00417".
func (w word) announcesTag() bool {
	gap := strings.Trim(w.gap, " \t:=#'\"([")
	previous := strings.ToLower(w.previous.text)
	if isTagWord(previous) {
		return gap == "" && w.gap != ""
	}
	abbreviated := gap == "." && slices.Contains([]string{"no", "nr"}, previous)
	numbered := gap == "" && slices.Contains([]string{"no", "nr", "number", "id"}, previous)
	return (abbreviated || numbered) && isTagWord(strings.ToLower(w.nextToLast.text))
}

func isTagWord(s string) bool {
	return slices.Contains([]string{"asset", "tag", "inventory", "inv"}, s)
}

func isHostWord(s string) bool {
	return slices.Contains([]string{
		"server", "host", "hostname", "machine", "computer", "workstation", "laptop", "notebook", "desktop", "pc", "vm",
		"node", "printer", "switch", "router", "firewall", "gateway", "nas", "device", "appliance",
	}, s)
}

func isCommand(s string) bool {
	return slices.Contains([]string{
		"ping", "pinging", "ssh", "rdp", "mstsc", "telnet", "nslookup", "dig", "tracert", "traceroute", "pathping", "mtr",
	}, s)
}

// isFunctionWord tells words that follow a name and do not begin a compound with it.
func isFunctionWord(s string) bool {
	return slices.Contains([]string{
		"is", "was", "has", "had", "does", "did", "can", "cannot", "could", "will", "would", "and", "or", "but", "not",
		"since", "after", "before", "because", "while", "when", "again", "for", "from", "to", "at", "in", "with", "via",
		"no", "still", "keeps", "which", "that",
	}, s)
}

// isAbbreviation tells what tickets write in capitals without meaning a host of that name.
func isAbbreviation(s string) bool {
	return slices.Contains([]string{
		"AD", "API", "APP", "CPU", "CRM", "CT", "DB", "DC", "DHCP", "DMZ", "DNS", "ERP", "FAX", "FTP", "GPO", "HR", "HTTP",
		"HTTPS", "ID", "IP", "IT", "LAN", "LDAP", "MFA", "NAS", "NAT", "NTP", "OK", "OS", "PC", "PDF", "RAM", "RDP", "RDS",
		"SAN", "SAP", "SFTP", "SMB", "SMTP", "SNMP", "SQL", "SSH", "SSL", "SSO", "TCP", "TLS", "TV", "UDP", "UPS", "URL",
		"USB", "VLAN", "VM", "VPN", "WAN", "WEB", "WIFI", "WLAN", "WWW",
	}, s)
}
