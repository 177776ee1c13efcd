package synthesis

import "slices"

// Format is what a note is rendered as; a tenant's preference.
type Format string

// The formats.
const (
	FormatHTML     Format = "html"
	FormatMarkdown Format = "markdown"
)

// Render writes n in format f; a format that is not valid gives HTML, which ServiceDesk Plus shows. Every text is escaped, and
// the only links are those of the sources and the one for feedback. The last line is the reference.
func Render(n Note, f Format) string {
	if f == FormatMarkdown {
		return renderMarkdown(n)
	}
	return renderHTML(n)
}

// Said is n without what differs between two jobs that say the same: the job, its link for feedback, how high the confidence is and
// why, and how relevant each source is. The last two drift by themselves: relevance falls with a ticket's age and moves with all that
// is indexed, and takes the confidence with it. n itself stays as it is.
func (n Note) Said() Note {
	n.Footer = Footer{}
	n.Confidence = nil
	n.Sections = slices.Clone(n.Sections)
	for i := range n.Sections {
		s := &n.Sections[i]
		s.Items = slices.Clone(s.Items)
		for j := range s.Items {
			item := &s.Items[j]
			item.Sources = slices.Clone(item.Sources)
			for k := range item.Sources {
				item.Sources[k].Relevance = 0
			}
		}
	}
	return n
}
