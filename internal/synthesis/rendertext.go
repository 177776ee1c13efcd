package synthesis

import "strings"

// writer writes a note in a format that is made of lines.
type writer struct {
	heading string                            // stands before a heading
	text    func(string) string               // writes a text that begins a block
	cite    func(Ref) string                  // writes a citation
	link    func(address, text string) string // writes a link; nil for a format without
}

// write gives all of n but its reference.
func (w writer) write(n Note) string {
	v := newView(n)
	blocks := texts(w.text, v.summary, strings.TrimSpace(v.confidence+" "+v.because))
	blocks = append(blocks, texts(w.text, append(v.notices, v.changed)...)...)
	for _, s := range v.sections {
		blocks = append(blocks, w.heading+w.text(s.Title), w.items(v, s))
	}
	for _, a := range v.empty {
		blocks = append(blocks, w.text(a.titles+": "+a.text))
	}
	if v.feedback != "" && w.link != nil {
		blocks = append(blocks, w.link(v.feedback, feedbackText))
	}
	blocks = append(blocks, texts(w.text, v.footer...)...)
	return strings.Join(blocks, "\n\n") + "\n"
}

func (w writer) items(v view, s Section) string {
	var lines []string
	for _, item := range s.Items {
		parts := []string{"-"}
		if item.New {
			parts = append(parts, newMark)
		}
		text, cited := w.text(item.Text), v.citations(item.Sources, s.advises(), w.cite, w.text)
		switch {
		case cited == "":
		case s.advises():
			text += " " + w.text("[") + cited + w.text("]")
		default:
			text = cited + ": " + text
		}
		lines = append(lines, strings.Join(append(parts, text), " "))
	}
	if left := s.omission(); left != "" {
		lines = append(lines, "- "+left)
	}
	return strings.Join(lines, "\n")
}

// Text writes n for a terminal: no markup, no links, no control characters.
func Text(n Note) string {
	out := writer{text: plain, cite: Ref.label}.write(n)
	if ref := plainReference(n.Reference); ref != "" {
		out += "\n" + ref + "\n"
	}
	return out
}
