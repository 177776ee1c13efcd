package synthesis

import (
	"encoding/json"
	"errors"
	"strings"
)

// Limits of looking for the answer in what a model wrote.
const (
	maxAnswerBytes = 64 << 10
	maxAnswerTries = 64 // opening braces tried, so that hostile text costs linear time
)

// errNoAnswer says that a model's text has nothing of an answer in a form that can be read.
var errNoAnswer = errors.New("no answer in a form that can be read")

// answer is a model's answer, read but not believed.
type answer struct {
	// nothing says that the model found nothing relevant.
	nothing  bool
	summary  string
	sections [sectionCount][]rawItem
	// given tells which sections the answer has, if only empty ones.
	given [sectionCount]bool
	// truncated says that the answer broke off, and repaired that it was not well-formed.
	truncated, repaired bool
}

// rawItem is one claimed item; malformed when it is not of the form asked for.
type rawItem struct {
	text      string
	cites     []string
	malformed bool
}

// parse reads the answer in text: as JSON, as JSON that was cut off or is not well-formed, as plain text.
func parse(text string) (answer, error) {
	if len(text) > maxAnswerBytes {
		text = strings.ToValidUTF8(text[:maxAnswerBytes], "")
	}
	object := findObject(text)
	if knownKeys(object) > 1 {
		return readAnswer(object), nil
	}
	for _, read := range []func(string) (answer, bool){parseCut, parseRepaired, parseLines} {
		if a, ok := read(text); ok && (object == nil || a.items() > 0) {
			return a, nil
		}
	}
	if object == nil {
		return answer{}, errNoAnswer
	}
	return readAnswer(object), nil
}

// findObject finds the answer's object. Models wrap it in code fences, prose or thoughts, so of the objects in text the one with most
// of the expected keys is taken, of equals the last. Unknown keys are ignored.
func findObject(text string) map[string]json.RawMessage {
	var best map[string]json.RawMessage
	bestKeys := 0
	for range maxAnswerTries {
		start := strings.IndexByte(text, '{')
		if start < 0 {
			break
		}
		text = text[start:]
		var object map[string]json.RawMessage
		dec := json.NewDecoder(strings.NewReader(text))
		if err := dec.Decode(&object); err != nil {
			text = text[1:]
			continue
		}
		if keys := knownKeys(object); keys > 0 && keys >= bestKeys {
			best, bestKeys = object, keys
		}
		text = text[dec.InputOffset():]
	}
	return best
}

func knownKeys(object map[string]json.RawMessage) int {
	n := 0
	for _, key := range []string{keySummary, keyNothing} {
		if _, ok := object[key]; ok {
			n++
		}
	}
	for _, spec := range sectionSpecs() {
		if _, ok := object[spec.key]; ok {
			n++
		}
	}
	return n
}

func readAnswer(object map[string]json.RawMessage) answer {
	var a answer
	if err := json.Unmarshal(object[keySummary], &a.summary); err != nil {
		a.summary = ""
	}
	// Anything but true is no abstention: older answers do not have it.
	if err := json.Unmarshal(object[keyNothing], &a.nothing); err != nil {
		a.nothing = false
	}
	for i, spec := range sectionSpecs() {
		raw, ok := object[spec.key]
		if !ok || string(raw) == "null" {
			a.given[i] = ok
			continue
		}
		a.given[i] = true
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			a.sections[i] = []rawItem{{malformed: true}}
			continue
		}
		for _, item := range items {
			a.sections[i] = append(a.sections[i], readItem(item))
		}
	}
	return a
}

func readItem(raw json.RawMessage) rawItem {
	var item struct {
		Text  string          `json:"text"`
		Cites json.RawMessage `json:"cites"`
	}
	if err := json.Unmarshal(raw, &item); err != nil {
		return rawItem{malformed: true}
	}
	cites, ok := readCites(item.Cites)
	return rawItem{text: item.Text, cites: cites, malformed: !ok}
}

// readCites reads a list of labels, or a single one, which models like to write without the list.
func readCites(raw json.RawMessage) (cites []string, ok bool) {
	if len(raw) == 0 || json.Unmarshal(raw, &cites) == nil {
		return cites, true
	}
	var single string
	if err := json.Unmarshal(raw, &single); err != nil {
		return nil, false
	}
	return labels(single), true
}

// labels are those of a list in one text.
func labels(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
}

// items is how many items the answer has, well-formed or not.
func (a answer) items() int {
	n := 0
	for _, items := range a.sections {
		n += len(items)
	}
	return n
}

// abstains says that the model found nothing relevant: it says so, or it gives every section that it was asked for, and nothing in them.
func (a answer) abstains(v Voice) bool {
	if a.nothing {
		return true
	}
	for i, spec := range sectionSpecs() {
		if v.has(spec.key) && !a.given[i] {
			return false
		}
	}
	return a.items() == 0 && !a.truncated
}
