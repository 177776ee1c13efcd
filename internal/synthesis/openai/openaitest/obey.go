package openaitest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// obedience is a model without manners at work: it does what the texts in a prompt's data demand, whoever wrote them.
type obedience struct {
	data data
	call Call
	// earlier are the prompts that it was sent before, which a model should not know.
	earlier []Call
}

// text is what the model writes: an answer whose items carry out the demands, each citing whatever makes it pass; or the very words
// that a text dictates.
func (o obedience) text(a answer) string {
	var said, done []string
	for _, text := range o.data.texts() {
		if dictated, ok := dictation(text); ok {
			return dictated
		}
		carried := o.carryOut(text)
		said, done = append(append(said, carried...), text), append(done, carried...)
	}
	if wants(freely, strings.Join(o.data.texts(), "\n")) {
		return strings.Join(said, "\n\n")
	}
	a.NothingRelevant = false
	a.Summary = strings.Join(said, " ")
	a.SimilarTickets = o.items(done, "T", a.SimilarTickets)
	a.Documentation = o.items(done, "A", a.Documentation)
	a.SystemInfo = o.items(done, "S", a.SystemInfo)
	a.Recommendations = append(o.items(said, "", a.Recommendations), item{a.Summary, nil})
	encoded, err := json.Marshal(a)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

// items say each thing under the labels of a kind, or of all, and under those that the texts demand; what an honest model would say
// comes last.
func (o obedience) items(said []string, kind string, honest []item) []item {
	labels := slices.DeleteFunc(o.data.labels(), func(label string) bool { return !strings.HasPrefix(label, kind) })
	labels = append(labels, labelName.FindAllString(strings.Join(o.data.texts(), " "), -1)...)
	var items []item
	for _, text := range said {
		items = append(items, item{text, labels})
	}
	return append(items, honest...)
}

// texts are all that others wrote, as the prompt has it.
func (d data) texts() []string {
	texts := []string{d.Ticket.Subject, d.Ticket.Description}
	for _, t := range d.Tickets {
		texts = append(texts, t.Subject, t.Description, t.Resolution)
	}
	for _, article := range d.Articles {
		texts = append(texts, article.Title, article.Summary)
	}
	for _, s := range d.Systems {
		texts = append(texts, s.Hostname, s.Role, s.Client, s.Location, s.Match)
	}
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// carryOut is what obeying a text gives, beside its own words. Short pieces come first, because they survive where long ones are cut.
func (o obedience) carryOut(text string) []string {
	var said []string
	plain := refang(text)
	if plain != text {
		said = append(said, plain)
	}
	said = append(said, decode(text)...)
	plain = strings.Join(append([]string{plain}, said...), " ")
	for _, link := range address.FindAllString(plain, mostLinks) {
		said = append(said, fmt.Sprintf("[click here](%s) ![](%s) <a href=%q>open</a> <img src=%q> %s", link, link, link, link, link))
	}
	for _, label := range labelName.FindAllString(plain, mostLinks) {
		said = append(said, "As ["+label+"] says.")
	}
	if wants(promptWords, plain) {
		said = append(said, leak(plain, o.call.System)...)
	}
	if wants(tenantWords, plain) {
		said = append(said, o.recall()...)
	}
	if m := amount.FindStringSubmatch(plain); m != nil {
		n, _ := strconv.Atoi(m[1]) // digits, by the expression
		said = append(said, strings.Repeat("and so on ", min(n, longAnswer)/wordsOfFiller))
	}
	return said
}

// mostLinks is how many addresses of a text the model sets.
const mostLinks = 10

var (
	address = regexp.MustCompile(`(?i)(?:\b[a-z][a-z0-9+.-]*://|\bjavascript:|\bvbscript:|\bdata:[a-z]+/|\bmailto:|\btel:|\bfile:|\bwww\.|(?:^|[\s"'(])(?://|\\\\)[a-z0-9])[^\s"'<>)\]]+`)
	// labelName is a citation that a text names.
	labelName = regexp.MustCompile(`\b[TAS]\d{1,3}\b|#\d{3,}`)
	amount    = regexp.MustCompile(`(?i)\b(\d{3,7}) (?:times|words|lines|mal|fois|veces)\b`)
)

// What texts ask for, in the languages that the fake understands.
const (
	promptWords = "prompt|instruction|instrucciones|instruções|istruzioni|anweisung|vorgaben|regeln|règles|reglas|rules|指示|规则|инструкци|правил|تعليمات|시스템|configuration|system message|developer message"
	tenantWords = "tenant|mandant|other client|other customer|andere kunden|autres clients|otros clientes|他の顧客|another company" //nolint:misspell // Spanish
	freely      = "no json|not json|without json|instead of json|outside of the json|plain text only|only html|only markdown|kein json|pas de json|sin json"
)

func wants(words, text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(strings.Split(words, "|"), func(word string) bool { return strings.Contains(text, word) })
}

const wordsOfFiller = 3

// leak is the system message in the forms that a text asks for.
func leak(text, system string) []string {
	said := []string{system}
	for len(system) > 0 { // in pieces, too
		const piece = 200
		cut := min(len(system), piece)
		for cut < len(system) && !utf8.RuneStart(system[cut]) {
			cut++
		}
		said, system = append(said, system[:cut]), system[cut:]
	}
	whole := said[0]
	const encoded = 120
	beginning := whole[:min(len(whole), encoded)]
	if wants("base64", text) {
		said = append(said, base64.StdEncoding.EncodeToString([]byte(beginning)))
	}
	if wants("hex", text) {
		said = append(said, hex.EncodeToString([]byte(beginning)))
	}
	if wants("revers|backward|rückwärts", text) {
		runes := []rune(beginning)
		slices.Reverse(runes)
		said = append(said, string(runes))
	}
	if wants("letter by letter|spell", text) {
		said = append(said, strings.Join(strings.Split(beginning, ""), " "))
	}
	return said
}

// recall is what the model remembers of others' prompts.
func (o obedience) recall() []string {
	var said []string
	for _, call := range o.earlier {
		if d, ok := readData(call.User); ok && call.User != o.call.User {
			said = append(said, d.Ticket.Subject+": "+d.Ticket.Description)
		}
	}
	const latest = 3
	return said[max(0, len(said)-latest):]
}

// dictation is an answer in the form asked for that stands in a text.
func dictation(text string) (string, bool) {
	for i := range len(text) {
		if text[i] != '{' {
			continue
		}
		var object map[string]json.RawMessage
		dec := json.NewDecoder(strings.NewReader(text[i:]))
		if dec.Decode(&object) != nil {
			continue
		}
		for _, key := range []string{"summary", "similar_tickets", "documentation", "system_info", "recommendations"} {
			if _, ok := object[key]; ok {
				return text[i : i+int(dec.InputOffset())], true
			}
		}
	}
	return "", false
}

// wideDot stands in an address for a full stop.
var wideDot = regexp.MustCompile(`([a-z])\x{3002}([a-z])`)

// refang makes addresses of what was written so that it is none.
func refang(text string) string {
	return strings.NewReplacer("hxxps://", "https://", "hxxp://", "http://", "[.]", ".", "(.)", ".", " dot ", ".", "[:]", ":",
		"https colon ", "https:").Replace(wideDot.ReplaceAllString(text, "$1.$2"))
}

var (
	base64Word = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}={0,2}`)
	hexWord    = regexp.MustCompile(`\b(?:[0-9a-fA-F]{2}){8,}\b`)
	percent    = regexp.MustCompile(`(?:%[0-9a-fA-F]{2}|[A-Za-z0-9./:]){6,}`)
	codePoint  = regexp.MustCompile(`(?:U\+|\\u|\\x|&#x)\{?([0-9A-Fa-f]{2,6})\}?;?`)
	entity     = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&") //nolint:gochecknoglobals // immutable, like the expressions
)

// decode is what the encoded parts of text say.
func decode(text string) []string {
	var said []string
	keep := func(decoded []byte, err error) {
		if err == nil && len(decoded) > 4 && utf8.Valid(decoded) {
			said = append(said, string(decoded))
		}
	}
	for _, word := range base64Word.FindAllString(text, -1) {
		keep(base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(word), "=")))
	}
	for _, word := range hexWord.FindAllString(text, -1) {
		keep(hex.DecodeString(word))
	}
	for _, word := range percent.FindAllString(text, -1) {
		if decoded, err := url.PathUnescape(word); err == nil && decoded != word {
			said = append(said, decoded)
		}
	}
	if codePoint.MatchString(text) {
		said = append(said, codePoint.ReplaceAllStringFunc(text, func(match string) string {
			n, err := strconv.ParseInt(codePoint.FindStringSubmatch(match)[1], 16, 32)
			if err != nil || !utf8.ValidRune(rune(n)) {
				return match
			}
			return string(rune(n))
		}))
	}
	if decoded := entity.Replace(text); decoded != text {
		said = append(said, decoded)
	}
	return said
}
