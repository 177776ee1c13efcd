package masking

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of what is looked for.
const (
	maxPeople = 256
	maxParts  = 8
	maxName   = 200 // bytes
)

// Words of names that are other words, too: seen as a name only with a capital letter, or beside another part of it.
const ordinaryWords = "able account ace admin angel april art august autumn baker bank banks barber bay bell best bill bishop black blue bond book booth bowman bright brook brooks brown buck bush butler cage call carpenter carter case cash castle chance " +
	"chase chip christian church clay clean clerk close cloud coal cole cook cooper copy core corn cotton crane cross crystal dale dawn day dean dell destiny diamond dot drew driver duke early earl east eden england english faith fair farmer fast field fields file finch fine " +
	"fisher flag flint flood flowers ford forest foster fox frank free french friend frost gates gene glass gold good grace grant graves gray green grey gross guy hand hardy harmony harry hart hawk head heath hill hills holiday holly home hood hook hope host house " +
	"hunt hunter ice iris ivory ivy jack jade jasmine jay jean jewel job joy judge june justice key king kitty knight lake lamb lance land lane large lee light lily line link little lock long lord love lucky lynch mail major man mark marks marsh martin " +
	"mason master matt max may mercy mill miller mills mint miles mike moon moss mouse nice nick night noble noon norm north office olive opal page paige paris park parker parks pat patience paul peace pearl penny pepper perry phoenix pierce pike pin piper pitt place plant point pollock pond pool pope port porter " +
	"post potter power powers precious price prince print queen rain ram ray red reed reeve rice rich rick ring river rivers robin rob rock root rose rowan ruby run rush rusty sage sally sand sandy savage scott script sean see senior server sharp shaw shell shepherd short silver singer sky small smart snow son south " +
	"sparks spring square star stark stone storm street strong sue summer summers swan sweet swift tab taylor temple test thorn tile tim tom tony town trace tracy trip troy tucker turner van victor violet wade walker wall walls ward warden warm waters way wayne weaver web webb weeks wells west wheeler " +
	"white will williams wills winter wise wolf wood woods work worth wren young " +
	"alt bauer becker berg braun dick engel fuchs gut hahn haus jung kaiser klein koch kraft krause kunst lang lange licht mai maurer meister neu richter ritter sauer schmidt schneider schwarz sommer stark stein vogel wagner weber weiss wolf zimmer " +
	"blanc bon brun grand leblanc lebrun legrand leroy petit rouge roux rojo rosa blanco bueno cruz flor luz mar sol angel paz reyes santos"

// Words that stand in the fields for names, and name nobody.
const roleWords = "admin admins administrator administrators agent alert alerts assistant backup bot building center centre client company contractor customer department dept desk deskop dispatcher engineer external finance front " +
	"group guest helpdesk help hotline hr info internal it kasse manager mailbox maintenance monitor monitoring msp network no noc noreply not assigned notification notifications office on-call operations operator ops queue reception receptionist remote reply reports room root sales scan scanner security server service " +
	"servicedesk shared site soc staff store super support supervisor sys sysadmin system systems team tech technical technician technicians temp test tester tier unassigned unknown user users vendor warehouse web webmaster none null na account accounts dr mr mrs ms miss mx prof professor herr frau sir madam " +
	"mme mlle dipl ing med phd md jr sr ii iii iv van der den de del della di da dos das la le von zu zum bin ibn al el ben the and of und ter ten"

//nolint:gochecknoglobals // tables, made once
var (
	ordinary = wordSet(ordinaryWords)
	roles    = wordSet(roleWords)
)

// part is what a word may be of a person's name.
type part struct {
	person int
	alone  bool // is a name without the others
	lower  bool // also when it begins with a small letter
	index  int  // which of the name's parts it is
}

// people finds the names of known people.
type people struct {
	parts map[string][]part
	// initials are the first letters of each person's parts.
	initials []map[string]bool
	// whole are names in scripts that do not part words.
	whole []struct {
		text   string
		person int
	}
}

func newPeople(names []string) *people {
	p := &people{parts: map[string][]part{}}
	seen := map[string]bool{}
	for _, name := range names {
		if len(p.initials) >= maxPeople {
			break
		}
		words, spelled := nameParts(name)
		// "Doe, Jane" is Jane Doe.
		key := strings.Join(slices.Sorted(slices.Values(words)), " ")
		if key == "" || seen[key] {
			continue
		}
		seen[key] = true
		if slices.ContainsFunc(words, func(w string) bool { return !roles[w] }) {
			p.add(words, spelled)
		}
	}
	return p
}

// nameParts gives the words of a name, simplified: without what stands in brackets or behind a bar, of an address what is in front
// of the @. spelled are the same with umlauts in two letters.
func nameParts(name string) (words, spelled []string) {
	name = fold(name[:min(len(name), maxName)]).text
	for {
		open := strings.IndexAny(name, "([{<")
		if open < 0 {
			break
		}
		end := strings.IndexAny(name[open:], ")]}>")
		if end < 0 {
			name = name[:open]
			break
		}
		name = name[:open] + " " + name[open+end+1:]
	}
	name, _, _ = strings.Cut(name, "|")
	name, _, _ = strings.Cut(name, "@")
	for i := 0; len(words) < maxParts; {
		start, end := letters(name, i)
		if start == end {
			break
		}
		words = append(words, simpleName(name[start:end]))
		spelled = append(spelled, simpleName(twoLetters.Replace(norm.NFC.String(name[start:end]))))
		i = end
	}
	return words, spelled
}

// letters gives the next sequence of letters and their marks from i on.
func letters(text string, i int) (start, end int) {
	for i < len(text) && !isLetter(text[i]) {
		i++
	}
	start = i
	for i < len(text) && isLetter(text[i]) {
		if text[i] >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if !unicode.IsLetter(r) && !unicode.IsMark(r) {
				if start == i { // no letter at all
					return letters(text, i+size)
				}
				break
			}
			i += size - 1
		}
		i++
	}
	return start, i
}

// simpleName gives a word as it is compared: without marks, in lower case, the letters of one language in those of others.
func simpleName(word string) string {
	return foreign.Replace(simple(word))
}

//nolint:gochecknoglobals // a table
var foreign = strings.NewReplacer("ø", "o", "đ", "d", "ð", "d", "ł", "l", "æ", "ae", "œ", "oe", "þ", "th", "ı", "i", "ŀ", "l", "ħ", "h")

// Umlauts are written in two ways.
//
//nolint:gochecknoglobals // tables
var (
	twoLetters = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "å", "aa", "Å", "Aa")
	umlauts    = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u")
)

func (p *people) add(words, spelled []string) {
	person := len(p.initials)
	p.initials = append(p.initials, map[string]bool{})
	for i, word := range words {
		if !unparted(word) {
			_, size := utf8.DecodeRuneInString(word)
			p.initials[person][word[:size]] = true
		}
		one := part{person: person, alone: utf8.RuneCountInString(word) > 2 && !roles[word], lower: !ordinary[word], index: i}
		p.addPart(word, one)
		if spelled[i] != word {
			p.addPart(spelled[i], one)
		}
	}
	joined := strings.Join(words, "")
	if unparted(joined) {
		p.whole = append(p.whole, struct {
			text   string
			person int
		}{joined, person})
		return
	}
	if len(words) < 2 {
		return
	}
	first, last := words[0], words[len(words)-1]
	_, size := utf8.DecodeRuneInString(first)
	_, lastSize := utf8.DecodeRuneInString(last)
	for _, login := range []string{first + last, last + first, first[:size] + last, last + first[:size], first + last[:lastSize], last[:lastSize] + first, joined} {
		if len(login) > 3 && !ordinary[login] && !plain[login] && !roles[login] {
			p.addPart(login, part{person: person, alone: true, lower: true, index: maxParts})
		}
	}
}

// addPart makes a word of a name known in its spellings: also the genitive, which German writes without an apostrophe.
func (p *people) addPart(word string, one part) {
	spellings := []string{word}
	if other := umlauts.Replace(word); other != word && len(other) > 3 {
		spellings = append(spellings, other)
	}
	if len(word) > 3 && one.lower {
		spellings = append(spellings, word+"s")
	}
	const most = 8 // more of one name tell nothing more
	for _, spelling := range spellings {
		if len(p.parts[spelling]) < most && !slices.ContainsFunc(p.parts[spelling], func(known part) bool { return known.person == one.person }) {
			p.parts[spelling] = append(p.parts[spelling], one)
		}
	}
}

// unparted says that a word is of a script in which words are not parted by blanks, or not from what follows on them.
func unparted(word string) bool {
	return strings.ContainsFunc(word, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	})
}

// word is a word of a text, and what it may be of names.
type word struct {
	start, end int
	parts      []part
	initial    string // the letter, if it is one letter
}

// find gives the names in text.
func (p *people) find(text string) []finding {
	if len(p.initials) == 0 {
		return nil
	}
	var found []finding
	for _, one := range p.whole {
		for from := 0; ; {
			at := strings.Index(text[from:], one.text)
			if at < 0 {
				break
			}
			found = append(found, finding{start: from + at, end: from + at + len(one.text), kind: KindName, key: strconv.Itoa(one.person)})
			from += at + len(one.text)
		}
	}
	var before word
	for i := 0; ; {
		first := p.wordAt(text, i)
		if first.start == first.end {
			break
		}
		i = first.end
		if len(first.parts) > 0 {
			if one, ok := p.nameFrom(text, before, first); ok {
				found = append(found, one)
				i = one.end
			}
		}
		before = first
	}
	return found
}

func (p *people) wordAt(text string, i int) word {
	start, end := letters(text, i)
	one := word{start: start, end: end}
	if end-start > longestWord {
		return one
	}
	simplified := simpleName(text[start:end])
	one.parts = p.parts[simplified]
	// German: Müllers. English, in capitals: DOE'S.
	if utf8.RuneCountInString(simplified) == 1 {
		one.initial = simplified
	}
	return one
}

// nameFrom gives the name that begins with first, and perhaps with the initial before.
func (p *people) nameFrom(text string, before, first word) (finding, bool) {
	persons := personsOf(first.parts)
	all := []word{first}
	start, end := first.start, first.end
	for len(all) < maxParts {
		next := p.wordAt(text, end)
		if next.start == next.end || !nameGap(text[end:next.start]) {
			break
		}
		both := common(persons, personsOf(next.parts))
		if len(both) == 0 && next.initial != "" && (strings.HasPrefix(text[next.end:], ".") || strings.Contains(text[end:next.start], ",")) {
			both = p.withInitial(persons, next.initial)
		}
		if len(both) == 0 {
			break
		}
		persons, end = both, next.end
		all = append(all, next)
	}
	if gap := text[before.end:first.start]; before.initial != "" && before.end > before.start && (gap == ". " || gap == " " || gap == ".") {
		if both := p.withInitial(persons, before.initial); len(both) > 0 && (gap != " " || unicode.IsUpper(rune(text[before.start]))) {
			persons, start = both, before.start
		}
	}
	if !isName(text, persons[0], all, start < first.start) {
		return finding{}, false
	}
	key := strconv.Itoa(persons[0])
	if len(persons) > 1 {
		key = "one of several: " + simpleName(text[start:end])
	}
	return finding{start: start, end: end, kind: KindName, key: key}, true
}

// isName decides whether words are a name and not other words.
func isName(text string, person int, words []word, initial bool) bool {
	different := map[int]bool{}
	for _, one := range words {
		for _, it := range one.parts {
			if it.person != person {
				continue
			}
			different[it.index] = true
			if it.alone && (it.lower || capitalised(text[one.start:one.end])) {
				return true
			}
		}
		if one.initial != "" && one.start != words[0].start {
			initial = true
		}
	}
	return len(different) > 1 || initial && len(different) > 0
}

// capitalised says that word begins with a capital letter and goes on in small ones.
func capitalised(word string) bool {
	first, size := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(first) && strings.ContainsFunc(word[size:], unicode.IsLower)
}

// nameGap says whether this may stand between the parts of a name.
func nameGap(gap string) bool {
	const longest = 3
	return gap != "" && len(gap) <= longest && strings.Trim(gap, " \t\n,.-_'") == ""
}

func personsOf(parts []part) []int {
	persons := make([]int, len(parts))
	for i, one := range parts {
		persons[i] = one.person
	}
	return persons
}

func common(a, b []int) []int {
	var both []int
	for _, one := range a {
		if slices.Contains(b, one) {
			both = append(both, one)
		}
	}
	return both
}

func (p *people) withInitial(persons []int, initial string) []int {
	var some []int
	for _, person := range persons {
		if p.initials[person][initial] {
			some = append(some, person)
		}
	}
	return some
}
