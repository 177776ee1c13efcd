package masking

import (
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/ai-agents/ai-agents/internal/sensitive"
)

// How people say that a secret follows, in some of the languages of tickets. Words are compared without accents, in lower case.
//
//nolint:gosec,misspell // words, and some are Spanish
const (
	// secretEndings end words for secrets: also "Administratorpasswort".
	secretEndings = "password passwords passwd passwort kennwort passphrase passcode passkey kennworter passworter pswd motdepasse mdp contrasena contrasenas " +
		"wachtwoord wachtwoorden losenord adgangskode passord salasana senha palavrapasse haslo heslo jelszo parola sifre lozinka пароль пароля парола 密码 密碼 口令 パスワード 비밀번호 " +
		"psk presharedkey apikey secretkey accesskey"
	// secretWords are such words when they stand alone.
	secretWords = "pw pwd pass pin pincode secret token clave contra psk puk otp totp tan mtan"
	// keyWords are secrets behind one of keyKinds: "recovery key", "WLAN-Schlüssel".
	keyWords = "key keys schlussel schluessel cle clef llave sleutel passcode code codes string"
	keyKinds = "api access secret private encryption product license licence activation recovery bitlocker wifi wi fi wlan wpa wpa2 wpa3 network security storage " +
		"account master shared signing service subscription function admin vpn router unlock backup installation cd serial volume netzwerk wiederherstellungs " +
		"produkt lizenz sicherheits zugriffs"
	// codeKinds are said before or behind a code that lets somebody in; other codes are errors and places.
	codeKinds = "verification verify security access login logon signin auth authentication authenticator authorization authorisation mfa 2fa sms confirmation time onetime " +
		"otp passcode your reset unlock door alarm gate pairing recovery backup activation safe garage entry keypad voicemail sicherheits bestatigungs einmal zugangs freischalt anmelde verificacion seguridad acceso securite acces connexion " +
		"verifizierungs pin puk tan"
	codeWords = "code codes codigo codice kode kod otp tan mtan totp pin passcode pincode puk bestatigungscode sicherheitscode einmalcode zugangscode freischaltcode verifizierungscode " +
		"einmalpasswort einmalkennwort tuercode turcode"
	// pairWords announce a name and a secret.
	pairWords = "credentials credential creds cred login logins logon signin zugangsdaten anmeldedaten logindaten identifiants credenciales acceso credenziali inloggegevens"
	// plainWords follow on all of these and are no secret.
	plainWords = "a all already also an and any are as ask asked at be been before being below blank by call cannot cant change changed changes check complexity compromised contact correct " +
		"could denied did different do does doesnt done dont email empty enter entered entry error exactly exists expected expire expired expires expiring expiry failed fails field fine for forgot forgotten from generator " +
		"get give given good got had has have he help her here him his history how i if in incorrect invalid is isnt issue issues it its just keeps known last leaked length less link locked login lost " +
		"malformed manager management may missing must my n/a na needed needs never new next no none not now null of off ok okay old on one only or our over per please policy policies problem problems prompt prompts protected protection provided " +
		"question really refused rejected required requirement requirements requires reset resets resetting resetted right rotated rotation same saved see sent set she should shown since so spray spraying still stored strong sync synced synchronization than that the their them then there they " +
		"this to too try tbd true false unchanged undefined unknown until update updated us use used user username users using valid value vault via wants was we weak were what when where which while who will with without working works would wrong yes yet you your " +
		"abgelaufen aendern andern angeben bekannt bitte das der die ein eine einen falsch fehlt geandert gesperrt gesetzt gilt hat ich im in ist kann kein keine korrekt leer lautet muss nicht nie oder richtig siehe soll stimmt und unbekannt ungultig vergessen von war wird wurde zuruckgesetzt zurucksetzen zu " +
		"au aux avec changer de des du elle en est et expire il incorrecte inconnu invalide je la le les modifier ne nous oublie ou par pas perdu pour que qui reinitialiser reinitialise sur un une " +
		"caducado caduca cambiar como con del el es esta incorrecta la los no olvidado olvidada por que restablecer se su un una y ya vence " +
		"redacted removed hidden masked xxx xxxx xxxxx *** **** ***** ****** ******** n.a. - -- --- ? ?? ... … office365 windows10 windows11 m365 o365 base64 sha256 sha1 md5 bcrypt oauth2 2fa mfa"
)

// wordSet makes a set of a list.
func wordSet(lists ...string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for word := range strings.FieldsSeq(list) {
			set[word] = true
		}
	}
	return set
}

//nolint:gochecknoglobals // tables, made once
var (
	endings  = strings.Fields(secretEndings)
	alone    = wordSet(secretWords)
	keys     = wordSet(keyWords)
	kinds    = wordSet(keyKinds)
	codes    = wordSet(codeWords)
	forCodes = wordSet(codeKinds)
	pairs    = wordSet(pairWords)
	plain    = wordSet(plainWords)
)

// isPlain says that value is an ordinary word and no secret.
func isPlain(value string) bool {
	word := strings.Trim(value, ".,;:!?()\"'`[]")
	return word == "" || plain[simple(word)]
}

// simple gives a word without accents, in lower case.
func simple(word string) string {
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) {
					return -1
				}
				return unicode.ToLower(r)
			}, norm.NFD.String(strings.ReplaceAll(word, "ß", "ss")))
		}
	}
	return strings.ToLower(word)
}

// said is how a secret was announced.
type said int

const (
	saidNothing said = iota
	saidSecret
	saidKey
	saidCode
	saidPair
)

// saidCredentials finds what follows on a word that announces a secret.
func saidCredentials(text string) []sensitive.Span {
	var spans []sensitive.Span
	t := &told{text: text}
	before, earlier := "", "" // the words before
	for i := 0; i < len(text); {
		start, end := wordAt(text, i)
		if start == end {
			break
		}
		word := ""
		if end-start <= longestWord {
			word = simple(text[start:end])
		}
		if how := announced(word, before, earlier); how != saidNothing {
			if span, ok := t.follows(end, how); ok {
				spans = append(spans, span)
			}
		}
		i, before, earlier = end, word, before
	}
	return spans
}

const longestWord = 64

// wordAt gives the next word from i on: letters and digits.
func wordAt(text string, i int) (start, end int) {
	for i < len(text) && !isLetter(text[i]) && !isDigit(text[i]) {
		i++
	}
	start = i
	for i < len(text) && (isLetter(text[i]) || isDigit(text[i])) {
		i++
	}
	return start, i
}

func announced(word, before, earlier string) said {
	switch {
	case word == "":
		return saidNothing
	case word == "passe" && (before == "de" || earlier == "mot"), word == "recovery" && before == "bitlocker":
		return saidSecret
	case codes[word] && (forCodes[before] || forCodes[earlier] && before != "error" || word != "code" && word != "codes"):
		return saidCode
	case codes[earlier] && before == "de" && forCodes[word]: // code de vérification
		return saidCode
	case alone[word]:
		return saidSecret
	case pairs[word]:
		return saidPair
	case keys[word] && kinds[before], word == "string" && before == "community":
		return saidKey
	case word == "hash" || word == "hashes" || word == "ntlm" || word == "nthash" || word == "lmhash":
		return saidKey
	}
	for _, ending := range endings {
		if strings.HasSuffix(word, ending) {
			return saidSecret
		}
	}
	if len(word) > len("schlussel") && (strings.HasSuffix(word, "schlussel") || strings.HasSuffix(word, "schluessel")) {
		return saidKey
	}
	return saidNothing
}

// connection is what stands between a secret and what announces it.
const connection = `(?:(:=?|={1,2}>?|->|=>|→|：|[ \t]-[ \t]|\|)|\b(is[ \t]+now|is|was|are|(?:re)?set[ \t]+to|changed[ \t]+to|to|ist[ \t]+jetzt|ist|lautet|war|auf|zu|est|era|es|é|è|som|är|er)\b[ \t]*(:)?)` +
	`[*_]{0,3}[ \t]*(?:\n[ \t]*)?`

// Between a word that announces a secret and the secret.
var (
	// connected says that it comes, right behind the word: in the first group with a sign, in the second with a word, in the third with
	// a colon behind that.
	connected = regexp.MustCompile(`^["'` + "`" + `\])}*_]{0,3}[ \t]*(?:\([^()\n]{0,40}\)[ \t]*)?["'` + "`" + `*_]{0,3}[ \t]*` + connection)
	later     = regexp.MustCompile(connection)
	// whose and became stand in between: "the password for the portal is …", "the password was changed to …".
	whose  = regexp.MustCompile(`^["'` + "`" + `]?[ \t]+(?:for|of|fur|für|von|vom|pour|du|de|para|on|the|to|am|beim|des|della|per|do|da|id|bei|im|in|at)\b`)
	became = regexp.MustCompile(`^["'` + "`" + `]?[ \t]+(?:reset|changed?|is|ist|was|wurde|wird|has|had|have|got|should|will|must|a|ha|sera|soll|lautet|now)\b`)
	// oneValue is a value in quotes or up to the next blank.
	oneValue = regexp.MustCompile(`^(?:"[^"\n]+"|'[^'\n]+'|` + "`[^`\n]+`" + `|[^\s"'` + "`" + `]\S*)`)
	// codeValue is a code of digits, perhaps in groups or behind a letter or two.
	codeValue = regexp.MustCompile(`^["'*]?(?:[A-Z]{1,2}-)?[0-9]{1,8}(?:[ -][0-9]{2,4}){0,3}\b`)
	// pairValue is a name and a secret.
	pairValue = regexp.MustCompile(`^["']?([^\s/|:,;"']+)["']?([ \t]*[/|,;:][ \t]*|[ \t]+(?:and|und|et|y|with|mit|pw|pass)?[ \t]*)("[^"\n]+"|'[^'\n]+'|[^\s"']+)`)
	// longKey is a key in groups.
	longKey = regexp.MustCompile(`^[A-Za-z0-9]{2,8}(?:[- ][A-Za-z0-9]{2,8}){2,12}\b`)
	// wholeLine says that nothing but the value stands on its line.
	wholeLine = regexp.MustCompile(`^\S+[ \t]*(?:\n|$)`)
)

// told is a text in which secrets are told. It keeps the end of the word it looked at last, because a word may announce many secrets,
// and text may be made to have us look for its end once for each.
type told struct {
	text      string
	from, end int // text[from:end] goes on to the end of its word
}

// wordEnd gives where the word ends that text[from:] begins in.
func (t *told) wordEnd(from int) int {
	if from < t.from || from > t.end {
		t.from, t.end = from, from
		for t.end < len(t.text) && !isBlank(t.text[t.end]) {
			t.end++
		}
	}
	return t.end
}

// follows gives the secret behind text[:i], of which the end announces one.
func (t *told) follows(i int, how said) (sensitive.Span, bool) {
	const far, near = 400, 90
	text := t.text
	rest := text[i:min(len(text), i+far)]
	if at := connected.FindStringSubmatchIndex(rest); at != nil {
		if span, ok := t.valueAt(rest, i, at[1], how, at[2] >= 0 || at[6] >= 0); ok {
			return span, true
		}
	} else if start := len(rest) - len(strings.TrimLeft(rest, " \t")); start > 0 && how != saidPair && how != saidKey {
		if length := valueLength(rest[start:], how, false, true); length > 0 {
			return t.whole(rest, i, start, length), true
		}
	}
	isWhose := whose.MatchString(rest)
	if !isWhose && !became.MatchString(rest) {
		return sensitive.Span{}, false
	}
	line, _, _ := strings.Cut(rest, "\n")
	for _, at := range later.FindAllStringSubmatchIndex(rest[:min(near, len(line)+1, len(rest))], -1) {
		if span, ok := t.valueAt(rest, i, at[1], how, isWhose && (at[2] >= 0 || at[6] >= 0)); ok {
			return span, true
		}
	}
	return sensitive.Span{}, false
}

// valueAt gives the secret at rest[start:], which is behind text[:i], and with sign is connected by more than a word.
func (t *told) valueAt(rest string, i, start int, how said, sign bool) (sensitive.Span, bool) {
	value := rest[start:]
	length := valueLength(value, how, sign, false)
	if length == 0 || strings.Contains(rest[:start], "\n") && !wholeLine.MatchString(value) && !looksSecret(value[:length]) {
		return sensitive.Span{}, false
	}
	return t.whole(rest, i, start, length), true
}

// whole is the secret up to the end of its word, where rest was cut off before.
func (t *told) whole(rest string, i, start, length int) sensitive.Span {
	end := i + start + length
	if start+length == len(rest) {
		end = t.wordEnd(end)
	}
	return sensitive.Span{Start: i + start, End: end}
}

// valueLength is how long the secret is at the beginning of value, 0 for none: direct when nothing stands between it and its name, and
// sign when a colon or the like does, after which almost anything is believed.
func valueLength(value string, how said, sign, direct bool) int {
	if how == saidCode {
		if code := codeValue.FindString(value); len(digits(code)) >= 4 { //nolint:mnd // shorter ones are numbers of other things
			return len(code)
		}
		if direct {
			return 0
		}
	}
	if how == saidPair {
		at := pairValue.FindStringSubmatchIndex(value)
		if at == nil {
			return 0
		}
		secret, blank := value[at[6]:at[7]], strings.TrimSpace(value[at[4]:at[5]]) == ""
		if isPlain(secret) || isPlain(value[at[2]:at[3]]) || blank && !looksSecret(secret) || strings.HasPrefix(secret, "//") {
			return 0
		}
		return at[7]
	}
	if how == saidKey && sign {
		if key := longKey.FindString(value); strings.ContainsAny(key, "0123456789") {
			return len(key)
		}
	}
	one := strings.TrimRight(oneValue.FindString(value), ",;")
	bare := strings.TrimRight(one, ".!?)]}")
	quoted := one != "" && strings.IndexByte("\"'`", one[0]) >= 0
	switch {
	case isPlain(one):
		return 0
	case sign, quoted:
		return len(one)
	case looksSecret(bare) && (!direct || strings.IndexFunc(bare, unicode.IsLetter) >= 0 && strings.ContainsAny(bare, "0123456789")):
		return len(one)
	case !direct && len(one) >= 4 && (wholeLine.MatchString(value) || strings.ContainsAny(one[len(one)-1:], ".!?")) && !strings.ContainsAny(bare, "/\\"):
		return len(one)
	}
	return 0
}

// looksSecret says that nobody would write value as a word: there are digits or signs among its letters, or capitals inside.
func looksSecret(value string) bool {
	const shortest = 5
	if len(value) < shortest || dateShape.MatchString(value) {
		return false
	}
	var letters, figures, signs, capitals int
	for i, r := range value {
		switch {
		case unicode.IsDigit(r):
			figures++
		case unicode.IsUpper(r) && i > 0:
			capitals++
			letters++
		case unicode.IsLetter(r):
			letters++
		case i > 0 && i < len(value)-1 && strings.ContainsRune("-/.,'’", r):
		default:
			signs++
		}
	}
	switch {
	case figures > 0:
		return letters > 0 || signs > 0 || figures > shortest
	case signs > 0:
		return letters > 0 && strings.ContainsAny(strings.TrimRight(value, ".,;:!?)"), "!@#$%^&*+=~_?<>|")
	}
	return capitals > 0 && capitals < letters-1
}

// Random text is this long at least, and has this much information in each character.
const (
	shortestBlob = 24
	minEntropy   = 3.5 // bits
)

var (
	blob     = regexp.MustCompile(`[A-Za-z0-9+/_-]{24,}={0,2}`)
	blobWord = regexp.MustCompile(`(?i)(?:key|secret|token|passw|kennwort|credential|schl(?:ü|ue)ssel|signature|psk|bearer|auth|\bntlm|\bseed|private)`)
	fileHash = regexp.MustCompile(`(?i)(?:sha-?(?:1|256|384|512)|md5|checksum|thumbprint|fingerprint|digest|commit|guid|uuid)[^\n]{0,20}$`)
)

// blobs finds random text beside a word for keys.
func blobs(text string) []sensitive.Span {
	const near = 48
	var spans []sensitive.Span
	for _, at := range blob.FindAllStringIndex(text, -1) {
		line := text[max(0, at[0]-near):at[0]]
		line = line[strings.LastIndexByte(line, '\n')+1:]
		if !blobWord.MatchString(line) || fileHash.MatchString(line) || entropy(text[at[0]:at[1]]) < minEntropy {
			continue
		}
		spans = append(spans, sensitive.Span{Start: at[0], End: at[1]})
	}
	return spans
}

// entropy is that of the distribution of characters, in bits (C. Shannon, 1948); 0 where there is no digit, as in paths and words.
func entropy(s string) float64 {
	var count [256]int
	figures := 0
	for i := range len(s) {
		count[s[i]]++
		if isDigit(s[i]) {
			figures++
		}
	}
	if figures == 0 {
		return 0
	}
	bits := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(s))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}
