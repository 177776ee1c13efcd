package masking

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
			run := found[owner[i]-1]
			if run.start != i || run.end != end {
				run = finding{start: i, end: end, kind: run.kind, key: "part " + f.text[i:end]}
			}
			// "@" and the server's name are left of what looks like an e-mail address in a URL with a password.
			if f.text[i] != '@' {
				runs = append(runs, run)
			}
		}
		i = end
	}
	return runs
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
