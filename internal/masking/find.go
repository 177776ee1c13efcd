package masking

import "strings"

// finding is a value at text[start:end] of a folded text. Findings with the same key are the same value.
type finding struct {
	start, end int
	kind       Kind
	key        string
}

// runs gives what is to be hidden in f, in order and apart from each other. What is found first keeps what it found; of a later
// finding that overlaps, the rest is hidden, too: it is a part of a value.
func (m *Masker) runs(f folded) []finding {
	found := m.find(f.text)
	if len(found) == 0 {
		return nil
	}
	owner := make([]int32, len(f.text)) // the finding that has a byte, counted from 1
	for n, one := range found {
		for i := one.start; i < one.end; i++ {
			if owner[i] == 0 {
				owner[i] = int32(n + 1)
			}
		}
	}
	var runs []finding
	for i := 0; i < len(owner); {
		end := i + 1
		for end < len(owner) && owner[end] == owner[i] {
			end++
		}
		if owner[i] != 0 {
			if run := found[owner[i]-1]; run.start == i && run.end == end {
				runs = append(runs, run)
			} else if rest, ok := run.rest(f.text, i, end); ok {
				runs = append(runs, rest)
			}
		}
		i = end
	}
	return runs
}

// rest is what another value, found before, has left of one: text[start:end], without what parts the two.
func (f finding) rest(text string, start, end int) (finding, bool) {
	const between = " \t\n,.;:-_'\"()<>"
	// "@" and the server's name are left of what looks like an e-mail address in a URL with a password.
	if text[start] == '@' {
		return finding{}, false
	}
	for start < end && strings.IndexByte(between, text[start]) >= 0 {
		start++
	}
	for start < end && strings.IndexByte(between, text[end-1]) >= 0 {
		end--
	}
	f.start, f.end = start, end
	if f.kind != KindName { // a part of a name is that person's still
		f.key = "part " + text[start:end]
	}
	return f, start < end
}

// find gives the values of all kinds that are masked, the most important kind first.
func (m *Masker) find(text string) []finding {
	found := m.again(text, credentials(text))
	if m.kinds[KindEmail] {
		found = append(found, emails(text)...)
	}
	if m.kinds[KindBank] {
		found = append(found, banks(text)...)
	}
	if m.kinds[KindCard] {
		found = append(found, cards(text)...)
	}
	if m.kinds[KindAddress] {
		found = append(found, addresses(text)...)
	}
	if m.kinds[KindPhone] {
		found = append(found, m.phones(text)...)
	}
	if m.kinds[KindName] {
		found = append(found, m.people.find(text)...)
	}
	return found
}
