package masking

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/sensitive"
)

// keyShapes are secrets that say by their own form what they are, besides those of package sensitive: of Azure, Stripe, Google,
// SendGrid, Slack's hooks, Hugging Face, npm, Vault, Telegram and others; hashes of passwords; keys of Windows and BitLocker.
var keyShapes = regexp.MustCompile(strings.Join([]string{
	`[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,40}`,
	`\b(?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}`,
	`\bya29\.[A-Za-z0-9_-]{20,}`, `\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`,
	`hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{10,}`, `[a-z0-9.-]+webhook\.office\.com/[^\s"'<>]{20,}`,
	`\b(?:hf|npm|dop_v1|doo_v1|shpat|shpss|glsa|PMAK|sq0atp|sq0csp|pat|ATATT3|hvs|hvb|pypi-AgEI|lin_api|ntn|xkeysib|rubygems|tskey)[_.-]?[A-Za-z0-9_-]{24,}`,
	`\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b`, `\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b`, `\bAccountKey=[A-Za-z0-9+/=]{20,}`, `\bSharedAccessSignature=?[ ]?s[a-z]=[^\s"'<>]+`,
	`\$(?:2[abxy]|1|5|6|y|7|apr1|argon2(?:id|i|d)|pbkdf2[a-z0-9-]*|scrypt)\$[A-Za-z0-9./$,=+_-]{16,}`, `\{(?:SSHA|SHA|SMD5|CRYPT)[0-9]{0,3}\}[A-Za-z0-9+/=$.]{12,}`,
	`\b[0-9a-fA-F]{32}:[0-9a-fA-F]{32}\b`,
	`\b(?:[A-Z0-9]{5}-){4}[A-Z0-9]{5}\b`,
	`\b[0-9]{6}(?:[- \n]{1,2}[0-9]{6}){7}\b`,
}, "|"))

// blocks are private keys in other wrappings than PEM's.
var blocks = regexp.MustCompile(`-----BEGIN [^\n]{0,40}(?i:private|secret|static)[^\n]{0,40}-----(?s:.*?)(?:-----END [^\n]{0,80}-----|\z)|(?m:^Private-Lines: [0-9]+\n(?:[A-Za-z0-9+/=]+\n?)+)`)

// lineSecrets are secrets on command lines and in configurations, in the last group that matched.
//
//nolint:gochecknoglobals // compiled once
var lineSecrets = []struct {
	sign    string // what a text holds that has one, in lower case
	pattern *regexp.Regexp
}{
	{"authorization", regexp.MustCompile(`(?i)\bauthorization["']?[ \t]*[:=][ \t]*["']?([^\n"']+)`)},
	{"net", regexp.MustCompile(`(?i)\bnet1?(?:\.exe)?[ \t]+user[ \t]+(?:"[^"\n]+"|[^\s/"]\S*)[ \t]+("[^"\n]+"|[^\s/*"]\S*)`)},
	{"net", regexp.MustCompile(`(?i)\bnet1?(?:\.exe)?[ \t]+use[ \t]+(?:[a-z*]:?[ \t]+)?\\\\\S+[ \t]+(?:/user:\S+[ \t]+)?("[^"\n]+"|[^\s/*"]\S*)`)},
	{"curl", regexp.MustCompile(`(?i)\bcurl\b[^\n]*?[ \t](?:-u|--user|--proxy-user)[ \t=]*("[^"\n]+"|'[^'\n]+'|[^\s"']+)`)},
	{"-p", regexp.MustCompile(`(?i)\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mongo|mongosh|mongodump|sshpass|psexec(?:64)?|winexe|(?:docker|podman|az|oc|helm|nerdctl)\b[^\n]*?\blogin|bcp|sqlcmd|isql|rabbitmqadmin|smbmap|crackmapexec|evil-winrm|ldapmodify)(?:\.exe)?\b[^\n]*?[ \t]-p[ \t]*("[^"\n]+"|'[^'\n]+'|[^\s"'-][^\s]*)`)},
	{"-p", regexp.MustCompile(`(?i)\b(?:sqlcmd|osql|bcp)(?:\.exe)?\b[^\n]*?[ \t]-P[ \t]*("[^"\n]+"|[^\s"-]\S*)`)},
	{"-w", regexp.MustCompile(`(?i)\b(?:ldapsearch|ldapmodify|ldapadd|ldapdelete|ldapwhoami|ldappasswd)\b[^\n]*?[ \t]-w[ \t]*("[^"\n]+"|'[^'\n]+'|[^\s"'-]\S*)`)},
	{"-a", regexp.MustCompile(`(?i)\bredis-cli\b[^\n]*?[ \t]-a[ \t]*("[^"\n]+"|'[^'\n]+'|[^\s"'-]\S*)`)},
	{"%", regexp.MustCompile(`(?i)[ \t](?:-U|--user)[ \t=]*["']?[^\s%"']+%([^\s"']+)`)},
	{"htpasswd", regexp.MustCompile(`(?i)\bhtpasswd\b[^\n]*?[ \t]-[a-z]*b[a-z]*[ \t]+\S+[ \t]+\S+[ \t]+(\S+)`)},
	{"sudo", regexp.MustCompile(`(?i)\becho[ \t]+(?:-[en]+[ \t]+)?("[^"\n]+"|'[^'\n]+'|\S+)[ \t]*\|[ \t]*sudo[ \t]+-S`)},
	{"passwd", regexp.MustCompile(`(?i)\becho[ \t]+(?:-[en]+[ \t]+)?("[^"\n]+"|'[^'\n]+'|\S+)[ \t]*\|[ \t]*(?:sudo[ \t]+)?(?:ch)?passwd`)},
	{"securestring", regexp.MustCompile(`(?i)\bConvertTo-SecureString[ \t]+(?:-String[ \t]+)?("[^"\n]+"|'[^'\n]+'|[^\s"'-]\S*)`)},
	{"identified", regexp.MustCompile(`(?i)\bidentified[ \t]+(?:with[ \t]+\S+[ \t]+)?by[ \t]+("[^"\n]+"|'[^'\n]+'|[^\s"';]+)`)},
	{"passin", regexp.MustCompile(`(?i)-pass(?:in|out)?[ \t]+pass:(\S+)`)},
	{"sqlplus", regexp.MustCompile(`(?i)\bsqlplus[ \t]+(?:-\S+[ \t]+)*[^\s/]+/([^\s@]+)`)},
	{"oracle", regexp.MustCompile(`(?i)jdbc:oracle:\w+:[^/\s]+/([^@\s]+)@`)},
	{"snmp", regexp.MustCompile(`(?i)\bsnmp(?:walk|get|getnext|bulkwalk|bulkget|set|table|trap|status)\b[^\n]*?[ \t]-[cAX][ \t]*("[^"\n]+"|[^\s"-]\S*)`)},
	{"snmp-server", regexp.MustCompile(`(?i)\bsnmp-server[ \t]+(?:community|user[ \t]+\S+[ \t]+\S+[ \t]+v3[ \t]+auth[ \t]+\S+)[ \t]+(\S+)`)},
	{"snmp-server", regexp.MustCompile(`(?i)\bsnmp-server[ \t]+host[ \t]+\S+[ \t]+(?:traps[ \t]+|informs[ \t]+)?(?:version[ \t]+(?:1|2c)[ \t]+)?([^\s]+)`)},
	{"community", regexp.MustCompile(`(?i)\b(?:ro|rw|read|write|read-only|read-write|snmp(?:v?[123]c?)?)[ \t_-]*community(?:[ \t_-]*(?:string|name))?[ \t]*(?:[:=]|\bis\b)?[ \t]*("[^"\n]+"|[^\s"]+)`)},
	{"community", regexp.MustCompile(`(?i)\bcommunity[ \t_-]*(?:string|name)[ \t]*(?:[:=]|\bis\b)?[ \t]*("[^"\n]+"|[^\s"]+)`)},
	{"enable", regexp.MustCompile(`(?i)\benable[ \t]+(?:secret|password)[ \t]+(?:level[ \t]+[0-9]+[ \t]+)?(?:[0-9][ \t]+)?(\S+)`)},
	{"username", regexp.MustCompile(`(?i)\busername[ \t]+\S+[ \t]+(?:privilege[ \t]+[0-9]+[ \t]+)?(?:password|secret)[ \t]+(?:[0-9][ \t]+)?(\S+)`)},
	{"key", regexp.MustCompile(`(?i)\b(?:password|secret|key|key-string|server-key)[ \t]+[05-9][ \t]+(\S+)`)},
	{"key", regexp.MustCompile(`(?i)\b(?:crypto[ \t]+isakmp[ \t]+key|pre-shared-key(?:[ \t]+(?:local|remote|ascii-text|hexadecimal|address[ \t]+\S+[ \t]+key))?|wpa-psk[ \t]+(?:ascii|hex)(?:[ \t]+[0-9])?|tacacs-server[ \t]+key|radius-server[ \t]+key)[ \t]+(?:[0-9][ \t]+)?("[^"\n]+"|\S+)`)},
	{"pass", regexp.MustCompile(`(?i)(?:^|[\s"'])(?:--?|/)(?:[a-z]+[-_]){0,2}(?:password|passwd|passphrase|pwd|pass|pw)(?:[ \t]*[=:][ \t]*|[ \t]+)("[^"\n]*"|'[^'\n]*'|[^\s"'/-]\S*)`)},
	{"pw", regexp.MustCompile(`(?i)(?:^|[\s"'])(?:--?|/)(?:[a-z]+[-_]){0,2}(?:pwd|pw)(?:[ \t]*[=:][ \t]*|[ \t]+)("[^"\n]*"|'[^'\n]*'|[^\s"'/-]\S*)`)},
	{"/p:", regexp.MustCompile(`(?i)(?:^|[ \t])/p:("[^"\n]*"|[^\s"]+)`)},
	{"-", regexp.MustCompile(`(?i)(?:^|[\s"'])--?(?:[a-z]+[-_]){0,2}(?:token|secret|api-?key|access-?key|secret-?key|private-?key|auth-?key)(?:[ \t]*=[ \t]*|[ \t]+)("[^"\n]*"|'[^'\n]*'|[^\s"'-]\S*)`)},
	{"sig=", regexp.MustCompile(`(?i)[?&;](?:sig|signature|sas|code|key|auth|access_token|id_token|session|sid)=([^\s&"'<>;]{8,})`)},
	{"=n'", regexp.MustCompile(`(?i)\b(?:password|pwd|secret)[ \t]*=[ \t]*N'([^'\n]*)'`)},
}

// credentials finds passwords, keys and the like: by their form, by what is said in front of them, by the command that they stand in.
func credentials(text string) []finding {
	var spans []sensitive.Span
	add := func(pattern *regexp.Regexp, group int) {
		for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
			start := at[0]
			if group > 0 {
				start = at[2*group+1] // behind the group
			}
			spans = append(spans, sensitive.Span{Start: start, End: at[1]})
		}
	}
	if strings.Contains(text, "-----BEGIN") || strings.Contains(text, "Private-Lines") {
		add(sensitive.PrivateKey, 0)
		add(blocks, 0)
	}
	if strings.Contains(text, "://") {
		spans = append(spans, userInfo(text)...)
	}
	signs := shapeOf(text)
	if signs.knownToken() {
		add(sensitive.KnownToken, 0)
	}
	if signs.modelKey() {
		add(sensitive.ModelKey, 1)
	}
	add(sensitive.KeyMaterial, 1)
	if signs.keyShape() {
		add(keyShapes, 0)
	}
	spans = append(spans, sensitive.Named(text)...)
	spans = append(spans, lineCredentials(text)...)
	spans = append(spans, saidCredentials(text)...)
	if signs.random() {
		spans = append(spans, blobs(text)...)
	}
	return joined(text, spans)
}

// userInfo finds the password in URLs, without the @ that ends it.
func userInfo(text string) []sensitive.Span {
	var spans []sensitive.Span
	for _, at := range sensitive.URLPassword.FindAllStringSubmatchIndex(text, -1) {
		spans = append(spans, sensitive.Span{Start: at[3], End: at[1] - 1})
	}
	return spans
}

func lineCredentials(text string) []sensitive.Span {
	var spans []sensitive.Span
	lower := strings.ToLower(text)
	for _, one := range lineSecrets {
		if !strings.Contains(lower, one.sign) && one.sign != "sig=" && one.sign != "=n'" {
			continue
		}
		for _, at := range one.pattern.FindAllStringSubmatchIndex(text, -1) {
			if value := text[at[2]:at[3]]; !isPlain(value) {
				spans = append(spans, sensitive.Span{Start: at[2], End: at[3]})
			}
		}
	}
	return spans
}

// joined gives the spans in order, those that touch each other as one.
func joined(text string, spans []sensitive.Span) []finding {
	slices.SortFunc(spans, func(a, b sensitive.Span) int { return a.Start - b.Start })
	var found []finding
	for _, span := range spans {
		if span = trimmed(text, span); span.Start >= span.End || isRemoved(text, span) {
			continue
		}
		if n := len(found); n > 0 && span.Start <= found[n-1].end {
			found[n-1].end = max(found[n-1].end, span.End)
			continue
		}
		found = append(found, finding{start: span.Start, end: span.End, kind: KindCredential})
	}
	for i := range found {
		found[i].key = text[found[i].start:found[i].end]
	}
	return found
}

// isRemoved says that the span is in our own remark on a secret that was removed before.
func isRemoved(text string, span sensitive.Span) bool {
	start := span.Start
	if start > 0 && text[start-1] == Removed[0] {
		start--
	}
	return strings.HasPrefix(text[start:], Removed) && span.End <= start+len(Removed)
}

// trimmed takes quotes and blanks off.
func trimmed(text string, span sensitive.Span) sensitive.Span {
	const around = " \t\n\"'`"
	for span.Start < span.End && strings.IndexByte(around, text[span.Start]) >= 0 {
		span.Start++
	}
	for span.Start < span.End && strings.IndexByte(around, text[span.End-1]) >= 0 {
		span.End--
	}
	return span
}

// Learn looks for secrets in texts that are hidden later: Hide then finds them wherever they stand, and in whatever order the texts come.
// It hands out no tokens, and looks at so much of each text as is ever hidden.
func (m *Masker) Learn(texts ...string) {
	for _, text := range texts {
		m.learn(credentials(fold(beginning(text, MaxLearnt)).text))
	}
}

// MaxLearnt is how many characters of a text Learn looks at: as many as a prompt is made from.
const MaxLearnt = 12_000

// beginning is the first n characters of text.
func beginning(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// learn remembers the secrets among found that nobody would take for a word.
func (m *Masker) learn(found []finding) {
	const longest, most = 256, 1000
	for _, one := range found {
		if len(one.key) <= longest && len(m.secrets) < most && looksSecret(one.key) && !strings.ContainsAny(one.key, " \t\n") {
			m.secrets[one.key] = true
		}
	}
}

// again adds to found where secrets of this or an earlier text stand without anything that says so. Words that everybody uses are
// not looked for.
func (m *Masker) again(text string, found []finding) []finding {
	m.learn(found)
	if len(m.secrets) == 0 {
		return found
	}
	for start := 0; start < len(text); {
		if isBlank(text[start]) {
			start++
			continue
		}
		end := start
		for end < len(text) && !isBlank(text[end]) {
			end++
		}
		if at, ok := m.secretIn(text, start, end); ok {
			found = append(found, finding{start: at.Start, end: at.End, kind: KindCredential, key: text[at.Start:at.End]})
		}
		start = end
	}
	return found
}

// secretIn looks for a known secret in the word text[start:end], without what stands around it.
func (m *Masker) secretIn(text string, start, end int) (sensitive.Span, bool) {
	const opening, closing, most, longest = "\"'`([{<*", "\"'`)]}>*.,;:!?", 4, 300
	if end-start > longest {
		return sensitive.Span{}, false
	}
	for range most {
		for stop := end; stop > start; stop-- {
			if m.secrets[text[start:stop]] {
				return sensitive.Span{Start: start, End: stop}, true
			}
			if strings.IndexByte(closing, text[stop-1]) < 0 || end-stop > most {
				break
			}
		}
		if start >= end || strings.IndexByte(opening, text[start]) < 0 {
			break
		}
		start++
	}
	return sensitive.Span{}, false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }
