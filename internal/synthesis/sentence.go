package synthesis

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shortLine is below what a line was not broken for want of room, in characters.
const shortLine = 60

// closers may stand behind the sign that ends a sentence.
const closers = `"')]”’»`

// wideEnds end a sentence in scripts that put no space behind it.
const wideEnds = "。！？｡।॥۔؟"

// flow makes one paragraph of lines and keeps their ends where they end a statement: before a list item and an empty line, and behind
// a short line where the next begins like a sentence. A statement without a sign at its end gets a full stop, or two steps of a
// resolution would read as one.
func flow(text string) string {
	var (
		out   strings.Builder
		last  string
		blank bool
	)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		bare := strings.TrimSpace(strings.TrimLeft(line, "-*•·–—>"))
		if bare == "" {
			blank = blank || last != ""
			continue
		}
		if last != "" {
			if (blank || bare != line || beginsStatement(bare) && utf8.RuneCountInString(last) < shortLine) && !endsStatement(last) {
				out.WriteByte('.')
			}
			out.WriteByte(' ')
		}
		out.WriteString(bare)
		last, blank = bare, false
	}
	return out.String()
}

func beginsStatement(line string) bool {
	r, _ := utf8.DecodeRuneInString(line)
	return unicode.IsUpper(r) || unicode.IsDigit(r)
}

func endsStatement(line string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(line, closers))
	return strings.ContainsRune(".!?:;,…"+wideEnds, r)
}

// sentences cuts text, which is one line, into its sentences. Joined by single spaces they are the text again, but for scripts that
// put no space between sentences.
func sentences(text string) []string {
	var (
		found []string
		start int
	)
	words := strings.Fields(text)
	flush := func(end int) {
		if end > start {
			found = append(found, strings.Join(words[start:end], " "))
			start = end
		}
	}
	for i := 0; i < len(words); i++ {
		if cut := wideEnd(words[i]); cut > 0 {
			words = slices.Insert(words, i+1, words[i][cut:])
			words[i] = words[i][:cut]
			flush(i + 1)
			continue
		}
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		if endsSentence(words[i], next) {
			flush(i + 1)
		}
	}
	flush(len(words))
	return found
}

// wideEnd is the offset behind the first sentence of a word that goes on behind it; 0 for none.
func wideEnd(word string) int {
	i := strings.IndexAny(word, wideEnds)
	if i < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(word[i:])
	rest := strings.TrimLeft(word[i+size:], closers+wideEnds)
	if rest == "" {
		return 0
	}
	return len(word) - len(rest)
}

// endsSentence says whether a sentence ends with word where next follows, which is empty at the text's end. Abbreviations such as
// "e.g.", "z. B." and list numbers do not end one; an address or a version does before a capital.
func endsSentence(word, next string) bool {
	word = strings.TrimRight(word, closers)
	body := strings.TrimRight(word, ".!?…"+wideEnds)
	if body == word {
		return false
	}
	if next == "" || strings.HasSuffix(word, "!") || strings.HasSuffix(word, "?") {
		return true
	}
	if r, _ := utf8.DecodeLastRuneInString(word); strings.ContainsRune(wideEnds, r) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(next, `"'([“‘„«-`))
	capital := unicode.IsUpper(first) || unicode.IsDigit(first) || unicode.Is(unicode.Lo, first)
	switch {
	case strings.Contains(body, "."):
		return capital && strings.ContainsFunc(body, unicode.IsDigit)
	case isAbbreviation(body):
		return false
	case utf8.RuneCountInString(body) <= 2: // "it.", "on."; but neither "1." nor an initial
		return capital && !strings.ContainsFunc(body, func(r rune) bool { return !unicode.IsLower(r) }) && utf8.RuneCountInString(body) == 2
	default:
		return true
	}
}

func isAbbreviation(body string) bool {
	switch strings.ToLower(strings.TrimLeft(body, "([\"'")) {
	case "no", "nr", "st", "dr", "mr", "ms", "vs", "ca", "bzw", "inkl", "evtl", "ggf", "approx", "incl", "etc", "usw", "resp", "fig", "mrs", "prof", "vol", "ver", "ext", "tel":
		return true
	}
	return false
}

// whole is the first sentences of text that together have at most words words; nothing when the first has more.
func whole(text string, words int) string {
	used, runes := 0, 0
	var kept []string
	for _, s := range sentences(text) {
		used += WordCount(s)
		runes += utf8.RuneCountInString(s) + 1
		if used > words || runes > words*runesPerWord+1 {
			break
		}
		kept = append(kept, s)
	}
	return strings.Join(kept, " ")
}

// withoutLast is text without its last sentence; nothing when it has but one.
func withoutLast(text string) string {
	all := sentences(text)
	if len(all) < 2 {
		return ""
	}
	return strings.Join(all[:len(all)-1], " ")
}
