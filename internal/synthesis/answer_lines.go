package synthesis

import (
	"regexp"
	"strings"
)

var (
	lineHeading = regexp.MustCompile(`^[#*_\s]*([A-Za-z][A-Za-z _-]{2,30}?)[*_\s]*(?::[*_]*\s*(.*))?$`)
	lineItem    = regexp.MustCompile(`^(?:[-*•]|\d{1,2}[.)])\s+(.+)$`)
	lineLabels  = regexp.MustCompile(`[\[(]\s*((?:[TASF]\d{1,3}\s*[,;]?\s*)+)[\])][\s.]*$`)
)

// parseLines reads an answer in plain text: a heading for each section, and below it items that end with their labels. What stands before
// the first heading is the summary. It takes at least one item, or that nothing is relevant; anything else is prose.
func parseLines(text string) (answer, bool) {
	var (
		a       answer
		section = -1
		summary = true
	)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if m := lineItem.FindStringSubmatch(line); m != nil && section >= 0 {
			a.sections[section] = append(a.sections[section], readLine(m[1]))
			continue
		}
		name, rest := heading(line)
		switch i := sectionNamed(name); {
		case fold(line) == fold(nothingFound), fold(line) == fold(nothingRelevant):
			a.nothing, section, summary = true, -1, false
		case name == fold(keyNothing):
			a.nothing, section, summary = a.nothing || saysTrue(rest), -1, false
		case name == keySummary:
			a.summary, section, summary = rest, -1, true
		case i >= 0:
			a.given[i], section, summary = true, i, false
		case summary:
			a.summary = strings.TrimSpace(a.summary + " " + line)
		}
	}
	return a, a.nothing || a.items() > 0
}

// saysTrue reads what stands behind the name of the abstention: nothing, or a word for yes.
func saysTrue(rest string) bool {
	switch fold(rest) {
	case "", "true", "yes":
		return true
	}
	return false
}

// heading gives a line's name, folded, and what stands behind its colon.
func heading(line string) (name, rest string) {
	m := lineHeading.FindStringSubmatch(line)
	if m == nil {
		return "", ""
	}
	return fold(m[1]), m[2]
}

// sectionNamed is the section whose key or title reads name, folded; -1 for none.
func sectionNamed(name string) int {
	for i, spec := range sectionSpecs() {
		if name != "" && (name == fold(spec.key) || name == fold(spec.title)) {
			return i
		}
	}
	return -1
}

// readLine takes the labels off an item's end.
func readLine(line string) rawItem {
	m := lineLabels.FindStringSubmatchIndex(line)
	if m == nil {
		return rawItem{text: line}
	}
	return rawItem{text: strings.TrimSpace(line[:m[0]]), cites: labels(line[m[2]:m[3]])}
}
