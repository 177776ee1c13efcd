package synthesis

// Format is what a note is rendered as; a tenant's preference.
type Format string

// The formats.
const (
	FormatHTML     Format = "html"
	FormatMarkdown Format = "markdown"
)

// Valid says whether f is one of the formats.
func (f Format) Valid() bool { return f == FormatHTML || f == FormatMarkdown }

// Render writes n in format f; a format that is not valid gives HTML, which ServiceDesk Plus shows. Every text is escaped, and
// the only links are those of the sources and the one for feedback. The last line is the reference.
func Render(n Note, f Format) string {
	if f == FormatMarkdown {
		return renderMarkdown(n)
	}
	return renderHTML(n)
}

// Said is n without what differs between two jobs that say the same: the job, its link for feedback, and the words in which
// the confidence is explained. How high the confidence is remains, since a reader acts on it.
func (n Note) Said() Note {
	n.Footer = Footer{}
	if n.Confidence != nil {
		n.Confidence = &Confidence{Level: n.Confidence.Level}
	}
	return n
}
