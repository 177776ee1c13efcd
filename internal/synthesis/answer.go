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

// errNoJSON says that a model's text holds no object that has anything of an answer.
var errNoJSON = errors.New("no answer in JSON")

// answer is a model's answer, read but not believed.
type answer struct {
	summary  string
	sections [sectionCount][]rawItem
}

// rawItem is one claimed item; malformed when it is not of the form asked for.
type rawItem struct {
	text      string
	cites     []string
	malformed bool
}

// parse finds the answer in text. Models wrap it in code fences, prose or thoughts, so of the objects
// in text the one with most of the expected keys is taken, of equals the last. Unknown keys are ignored.
func parse(text string) (answer, error) {
	if len(text) > maxAnswerBytes {
		text = text[:maxAnswerBytes]
	}
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
	if best == nil {
		return answer{}, errNoJSON
	}
	return readAnswer(best), nil
}

func knownKeys(object map[string]json.RawMessage) int {
	n := 0
	if _, ok := object[keySummary]; ok {
		n++
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
	for i, spec := range sectionSpecs() {
		raw, ok := object[spec.key]
		if !ok || string(raw) == "null" {
			continue
		}
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
	return strings.FieldsFunc(single, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }), true
}
