package synthesis

import (
	"regexp"
	"slices"
	"strings"
)

// What a note must not tell a technician to do, whoever said so: a past ticket or an article that was poisoned supports its own words. The
// words are those of English, German, French and Spanish; what is put into other words or languages is not recognised.
//
//nolint:gosec // words about secrets, and none
const (
	secretWords = `(?:pass ?words?|pass ?phrases?|passwd|credentials?|log-?in (?:data|details)|pins?|(?:mfa|2fa|otp|sms|verification|security|one-time|authenticator|recovery)[ -]?codes?|` +
		`otps?|(?:api|private|ssh|recovery|encryption|bitlocker) ?keys?|access tokens?|secrets?|pass ?w[oö]rte?r?n?|kenn ?w[oö]rte?r?n?|zugangsdaten|anmeldedaten|` +
		`mots? de passe|identifiants|contraseñas?|credenciales)`
	giveWords = `(?:send|share|forward|e-?mail|text|tell|disclose|reveal|submit|report|post|hand over|read out|reply with|respond with|give|provide|supply|` +
		`sende[nt]?|schick(?:e|en|t|st)?|teile[n]?|nenne[n]?|verrate[n]?|gib|geben|envoyer|envoyez|communiquez?|donnez|envía[r]?|enviar|envíe|comparta|proporcione)`
	askWords   = `(?:ask|request|demand|obtain|collect|get|frage[n]?|demandez|pida|solicite)`
	ownerWords = `(?:your|you|their|his|her|(?:user|customer|client|caller|technician|admin|administrator)(?:'s|s'|’s|s’)|` +
		`ihre?[nm]?|deine?[nm]?|dein|votre|vos|su|sus|tu|ton|tes)`
	// secretOwners stand right before the secret.
	secretOwners = `(?:(?:domain|local|global|enterprise) )?(?:admin|administrator|root|current|existing|old|user|customer|domain|service account)[ -]`
	// newSecret is one that is handed out.
	newSecret = `(?i)\b(?:new|temporary|initial|neue[sn]?|temporäre?s?)\s+` + secretWords
	// notSecret stands behind a word that then is about a password and not one.
	notSecret = `(?:[ -]?(?:reset|change|policy|policies|expir\w+|manager|vault|prompt|rotation|length|field|hash|link|portal|settings|sync\w*|writeback|protection|rules?)\b)`

	protection = `(?:anti-?virus|virus (?:scanner|protection)|virenscanner|virenschutz|defender|edr|xdr|fire ?walls?|mfa|2fa|multi-?factor|two-factor|second factor|` +
		`endpoint (?:protection|security)|security (?:software|tools?|agent|checks?|controls?|features?)|uac|user account control|smart ?screen|app ?locker|selinux|apparmor|` +
		`(?:certificate|signature|tls|ssl) (?:checks?|checking|validation|verification|inspection)|bitlocker|disk encryption|tamper protection|` +
		`real-?time (?:protection|scanning)|audit (?:log|logging)|conditional access|spam filter(?:ing)?|sicherheitssoftware|pare-?feu|antivirus|cortafuegos)`
	// notProtection stands behind a word that then is about a protection and not one.
	notProtection = `(?:['’]s)?[ -](?:rules?|exclusions?|exceptions?|blocks?|quarantine|entr(?:y|ies)|alerts?|notifications?|warnings?|icons?|reports?|registrations?|tokens?|devices?|methods?|logs?|regel\w*)`
)

var (
	asksToGive = regexp.MustCompile(`(?i)(?:^|\P{L})` + giveWords + `\P{L}(?:[^.!?]{0,60}\P{L})?(?:` + ownerWords + `\P{L}(?:[^.!?]{0,30}\P{L})?|` + secretOwners + `)` +
		secretWords + `(` + notSecret + `)?(?:\P{L}|$)`)
	asksFor     = regexp.MustCompile(`(?i)(?:^|\P{L})` + askWords + `\P{L}[^.!?]{0,40}(?:\P{L})(?:for|about|um|nach|ses|sus|son|su)\P{L}(?:[^.!?]{0,30}\P{L})?` + secretWords + `(` + notSecret + `)?(?:\P{L}|$)`)
	sendsSecret = regexp.MustCompile(`(?i)(?:^|\P{L})(?:send|share|forward|e-?mail|submit|post|sende[n]?|schick(?:e|en)?|envoyez|envíe)\P{L}(?:[^.!?]{0,40}\P{L})?` + secretWords +
		`(` + notSecret + `)?\P{L}[^.!?]{0,20}(?:to|at|an|à|a)\P{L}+(?:[^.!?\s]*@|\(link removed\)|https?:|\+?\d|the (?:following|address|sender)|this|us|me)`)
	entersAt = regexp.MustCompile(`(?i)(?:^|\P{L})(?:enter|type|confirm|verify|validate|bestätige[n]?|gib|geben)\P{L}(?:[^.!?]{0,20}\P{L})?(?:your|ihre?|deine?)\P{L}(?:[^.!?]{0,20}\P{L})?` +
		secretWords + `(` + notSecret + `)?(?:\P{L}|$)`)

	weakens = regexp.MustCompile(`(?i)(^|[^.!?]*?\P{L})(disable|disabling|turn(?:ing)? off|switch(?:ing)? off|deactivate|deactivating|uninstall|uninstalling|bypass|bypassing|stop|remove|removing|kill|` +
		`deaktivier(?:e|en|t)|schalte[n]?|désactivez|désactiver|desactive|desactivar)\P{L}(?:[^.!?]{0,40}?\P{L})?` + protection + `(` + notProtection + `)?(?:\P{L}|$)`)
	// replaces says that a protection is taken away for another one, which is no weakening.
	replaces = regexp.MustCompile(`(?i)(?:^|\P{L})(?:install\w*|deploy\w*|roll\w* out|set\w* up|enroll\w*|onboard\w*|switch\w* to|migrat\w* to)\s(?:the |its |our |a )?` +
		`(?:new|replacement|successor|current|latest)\s(?:one|version|agent|product|client|release|` + protection + `)(?:[\s.,;!]|$)`)
	oldOne          = regexp.MustCompile(`(?i)\s(?:old|previous|former|legacy|expired|outdated|second|duplicate)\s`)
	weakenedAtStart = regexp.MustCompile(`(?i)(?:^|[.!?:]\s+|["“])(?:disabled|turned off|switched off|deactivated|uninstalled|bypassed)\s(?:[^.!?]{0,40}\P{L})?` + protection + `(?:\P{L}|$)`)
	setOff          = regexp.MustCompile(`(?i)set-mppreference|disablerealtimemonitoring|netsh advfirewall set \w+ state off|setenforce 0|ufw disable|add-mppreference -exclusion`)
	notDoing        = regexp.MustCompile(`(?i)(?:\bnot|\bnever|n't|n’t|\bwithout|\bavoid|\bthan|\binstead of|\bno need to|\bnicht|\bohne|\bpas|\bno)\s+$`)
	isNoun          = regexp.MustCompile(`(?i)\b(?:an?|the|this|that|phishing|by|via|per|of)\s+$`)
	handsOut        = regexp.MustCompile(newSecret)
	runsDownload    = regexp.MustCompile(`(?i)(?:\biex\b|invoke-expression|downloadstring|-enc(?:odedcommand)?\s+[A-Za-z0-9+/=]{12,}|(?:curl|wget)[^|]{0,80}\|\s*(?:sudo\s+)?(?:ba|z)?sh\b|` +
		`base64 -d|rm -rf /(?:\s|$|\*)|format c:|vssadmin delete|mkfs\b|del /[sfq] [^.]*c:\\|cipher /w)`)
	paysSomebody = regexp.MustCompile(`(?i)\b(?:gift ?cards?|bitcoins?|crypto ?(?:currency|wallet)|western union|wire (?:the )?(?:money|payment|transfer)|ransom payment|geschenkkarten?)\b`)
	contacts     = regexp.MustCompile(`(?i)(?:^|\P{L})(?:call|phone|ring|dial|contact|e-?mail|text|message|write to|reach|reply to|whats ?app|rufen?|anrufen|` +
		`kontaktier\w*|mailen?|schreib\w*|appelez|contactez|llame|contacte)(?:\P{L}|$)`)
	visits = regexp.MustCompile(`(?i)(?:^|\P{L})(?:visit|browse to|go to|navigate to|download|log ?in (?:at|to|on)|sign ?in (?:at|to|on)|besuche[n]?|visite[z]?)(?:\P{L}|$)`)
)

// The stems of which a text must have one for the forms to match it.
func secretStems() []string {
	return []string{
		"pass", "credential", "login", "log-in", "pin", "code", "otp", "key", "token", "secret", "kennw", "kenn w", "zugang", "anmelde", "mot", "identifiant", "contrase", "credencial",
	}
}

func protectionStems() []string {
	return []string{
		"virus", "viren", "defender", "edr", "xdr", "fire", "mfa", "2fa", "factor", "endpoint", "security", "uac", "account control", "smart", "locker", "selinux", "apparmor",
		"certificate", "signature", "tls", "ssl", "encryption", "tamper", "real", "audit", "access", "spam", "sicherheit", "pare", "cortafuegos",
	}
}

func commandStems() []string {
	return []string{
		"mppreference", "disablereal", "advfirewall", "setenforce", "ufw", "iex", "invoke", "downloadstring", "-enc", "curl", "wget", "base64", "rm -rf", "format", "vssadmin",
		"mkfs", "del /", "cipher", "gift", "coin", "crypto", "western", "wire", "ransom", "geschenk",
	}
}

func hasAny(text string, stems []string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(stems, func(stem string) bool { return strings.Contains(text, stem) })
}

// asksSecrets says whether text has the reader ask for or hand over a secret.
func asksSecrets(text string) bool {
	if !hasAny(text, secretStems()) { // most texts, and the forms are slow
		return false
	}
	for _, form := range []*regexp.Regexp{asksToGive, asksFor, sendsSecret, entersAt} {
		for _, at := range form.FindAllStringSubmatchIndex(text, -1) {
			before := text[:firstWord(text, at[0])]
			if at[2] < 0 && !notDoing.MatchString(before) && !isNoun.MatchString(before) && !handsOut.MatchString(text[at[0]:at[1]]) {
				return true
			}
		}
	}
	return false
}

// firstWord is where the match that begins at or right before a word begins.
func firstWord(text string, at int) int {
	for i, r := range text[at:] {
		if r != ' ' && r != ',' && r != '(' && r != '"' {
			return at + i
		}
	}
	return at
}

// unsafeAdvice says whether text has the reader weaken a protection, run what was downloaded, destroy data or pay somebody. As a report, it
// may tell that a protection was weakened in the past.
func unsafeAdvice(text string, report bool) bool {
	if hasAny(text, commandStems()) && (setOff.MatchString(text) || runsDownload.MatchString(text) || paysSomebody.MatchString(text)) {
		return true
	}
	if !hasAny(text, protectionStems()) {
		return false
	}
	if !report && weakenedAtStart.MatchString(text) {
		return true
	}
	for rest := text; ; {
		at := weakens.FindStringSubmatchIndex(rest)
		if at == nil {
			return false
		}
		verb := strings.ToLower(rest[at[4]:at[5]])
		replaced := (strings.HasPrefix(verb, "uninstall") || strings.HasPrefix(verb, "remov")) && oldOne.MatchString(rest[at[5]:at[1]]) && replaces.MatchString(text)
		told := report && (strings.HasSuffix(verb, "ing") || strings.HasPrefix(verb, "turning") || strings.HasPrefix(verb, "switching"))
		if at[6] < 0 && !told && !replaced && !notDoing.MatchString(rest[:at[4]]) {
			return true
		}
		rest = rest[at[5]:]
	}
}

// unsafe says why a text must not be told to a technician, whatever supports it; empty when it may. A report tells what was done, and
// does not advise it.
func unsafe(text string, report bool) string {
	switch {
	case asksSecrets(text):
		return DropAsksSecrets
	case unsafeAdvice(text, report):
		return DropUnsafe
	}
	return ""
}

const leftOut = "(left out: a step that asks for secrets or weakens protection)"

// safe is text without the sentences that must not be told; that they are missing is said once.
func safe(text string, report bool) string {
	if unsafe(text, report) == "" {
		return text
	}
	var kept []string
	said := false
	for _, s := range sentences(text) {
		if unsafe(s, report) == "" {
			kept = append(kept, s)
		} else if !said {
			kept, said = append(kept, leftOut+"."), true
		}
	}
	if !said { // no sentence alone is harmful, but what they say together
		return leftOut + "."
	}
	return strings.Join(kept, " ")
}
