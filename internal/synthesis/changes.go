package synthesis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// mostNamed is how many sources of a section are named as new, and how many as no longer named; the others are counted.
const mostNamed = 3

// Change is what a note says otherwise than the one before it: which sources it names, and what it recommends. The wording of
// the rest is not compared: a model never writes the same twice.
type Change struct {
	// Sections are those that name other sources than before, in the note's order.
	Sections []SectionChange
	// Recommendations says that they are others than before.
	Recommendations bool

	before map[string]bool // all sources that the note before named
}

// SectionChange is how the sources of a section differ from those of the same section before. Sources are known by what the
// reader sees of them. One that another section named before is not new, and one that another names now is not gone.
type SectionChange struct {
	Title         string
	New, NotNamed []Ref
}

// Changes compares a note with the one before it on the same ticket.
func Changes(before, after Note) Change {
	c := Change{before: before.named()}
	now := after.named()
	for _, is := range after.Sections {
		was := before.section(is.Title)
		if is.advises() {
			c.Recommendations = !slices.Equal(was.statements(), is.statements())
			continue
		}
		change := SectionChange{Title: is.Title, New: is.refsNot(c.before), NotNamed: was.refsNot(now)}
		if len(change.New)+len(change.NotNamed) > 0 {
			c.Sections = append(c.Sections, change)
		}
	}
	return c
}

// None says that there is nothing to mark.
func (c Change) None() bool { return len(c.Sections) == 0 && !c.Recommendations }

// Marked is the note with what is new in it marked, and with a line that says what has changed and as of when, in at most
// maxWords words: rather than to lose an item, the line counts sources and does not name them. Where items are lost all the same, it
// does not speak of them. A note in which nothing has changed stays as it is.
func (c Change) Marked(n Note, at time.Time, maxWords int) Note {
	if c.None() {
		return n
	}
	n = c.markNew(n)
	for _, describe := range []func([]Ref) string{named, counted} {
		n.Changed = c.line(n, at, describe)
		if longest(n) <= maxWords {
			return n
		}
	}
	n, _ = fit(n, maxWords) // with room for the line as it is, which can but become shorter
	n.Changed = c.left(n).line(n, at, counted)
	return n
}

// left is c without what is not new in n any more, because there is no room for it.
func (c Change) left(n Note) Change {
	now := n.named()
	sections := c.Sections
	c.Sections = nil
	for _, s := range sections {
		s.New = slices.DeleteFunc(slices.Clone(s.New), func(r Ref) bool { return !now[r.key()] })
		if len(s.New)+len(s.NotNamed) > 0 {
			c.Sections = append(c.Sections, s)
		}
	}
	return c
}

// markNew marks items that cite a source which the note before did not name.
func (c Change) markNew(n Note) Note {
	n.Sections = slices.Clone(n.Sections)
	for i := range n.Sections {
		s := &n.Sections[i]
		s.Items = slices.Clone(s.Items)
		for j, item := range s.Items {
			s.Items[j].New = slices.ContainsFunc(item.Sources, func(r Ref) bool { return !c.before[r.key()] })
		}
	}
	return n
}

// line is what n says of c; nothing when there is nothing to say.
func (c Change) line(n Note, at time.Time, describe func([]Ref) string) string {
	if c.None() {
		return ""
	}
	parts := []string{"Updated " + at.UTC().Format("2006-01-02 15:04") + " UTC."}
	for _, s := range c.Sections {
		var told []string
		if len(s.New) > 0 {
			told = append(told, "new "+describe(s.New))
		}
		if len(s.NotNamed) > 0 {
			told = append(told, "no longer named "+describe(s.NotNamed))
		}
		parts = append(parts, s.Title+": "+strings.Join(told, "; ")+".")
	}
	if c.Recommendations {
		parts = append(parts, "Recommendations changed.")
	}
	line := strings.Join(parts, " ")
	if n.Reference != "" {
		line = without(line, n.Reference)
	}
	return line
}

func counted(refs []Ref) string { return strconv.Itoa(len(refs)) }

// named names sources as the reader knows them. A title stands in quotes, or it would run into the sentence.
func named(refs []Ref) string {
	var names []string
	for i, ref := range refs {
		if i == mostNamed {
			return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), len(refs)-mostNamed)
		}
		name := plain(ref.Text)
		if ref.Kind == gather.KindArticle {
			name = "“" + name + "”"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// section is empty where a note has no such section, as one of another release may, or one from before the tenant switched it on.
func (n Note) section(title string) Section {
	for _, s := range n.Sections {
		if s.Title == title {
			return s
		}
	}
	return Section{}
}

// named are the keys of all sources that n names.
func (n Note) named() map[string]bool {
	keys := map[string]bool{}
	for _, s := range n.Sections {
		for _, ref := range s.refs() {
			keys[ref.key()] = true
		}
	}
	return keys
}

// refsNot are the section's sources that are not among known.
func (s Section) refsNot(known map[string]bool) []Ref {
	return slices.DeleteFunc(s.refs(), func(r Ref) bool { return known[r.key()] })
}

// refs are the sources that the section's items cite, each once.
func (s Section) refs() []Ref {
	var refs []Ref
	for _, item := range s.Items {
		refs = append(refs, missing(item.Sources, refs)...)
	}
	return refs
}

// statements are what the section's items say, apart from punctuation.
func (s Section) statements() []string {
	var said []string
	for _, item := range s.Items {
		said = append(said, fold(item.Text))
	}
	return said
}

func (r Ref) key() string { return string(r.Kind) + "\x00" + r.Text }

// missing are those of refs that are not among known, in their order and each once.
func missing(refs, known []Ref) []Ref {
	var found []Ref
	for _, ref := range refs {
		same := func(other Ref) bool { return other.key() == ref.key() }
		if !slices.ContainsFunc(known, same) && !slices.ContainsFunc(found, same) {
			found = append(found, ref)
		}
	}
	return found
}
