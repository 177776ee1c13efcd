package page

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// fieldPrefix begins the names of the fields of parts.
const fieldPrefix = "part-"

// part is a section or a source as the page offers it.
type part struct {
	Field string
	Text  string
	Vote  feedback.Value
}

// field names the part in the form: by a digest, since a title can be long and has any characters, and not by its place, since the
// note may be made again while the page is open.
func field(p feedback.Part) string {
	sum := sha256.Sum256([]byte(p.Key()))
	return fieldPrefix + hex.EncodeToString(sum[:8])
}

// asking offers the parts of the note.
func (v view) asking(parts []feedback.Part) view {
	for _, p := range parts {
		v.Parts = append(v.Parts, part{Field: field(p), Text: textOf(p), Vote: p.Vote})
	}
	return v
}

func textOf(p feedback.Part) string {
	switch p.Kind {
	case feedback.KindSection:
		return "Section " + map[tenant.Section]string{
			tenant.SectionTickets: "Similar Tickets", tenant.SectionArticles: "Documentation", tenant.SectionSystems: "System Info",
			tenant.SectionRecommendations: "Recommendations",
		}[tenant.Section(p.Name)]
	case feedback.KindTicket:
		return "Past ticket " + p.Name
	case feedback.KindArticle:
		return "Article " + p.Name
	default:
		return p.Name
	}
}

// chosen is what the form says of parts; feedback.ErrNoPart for one that the note does not have. A form that leaves a part out, as a
// program's may, leaves its vote alone.
func chosen(form url.Values, parts []feedback.Part) ([]feedback.PartVote, error) {
	var on []feedback.PartVote
	for name, values := range form {
		if !strings.HasPrefix(name, fieldPrefix) {
			continue
		}
		at := slices.IndexFunc(parts, func(p feedback.Part) bool { return field(p) == name })
		if at < 0 {
			return nil, feedback.ErrNoPart
		}
		on = append(on, feedback.PartVote{Key: parts[at].Key(), Value: feedback.Value(values[0])})
	}
	return on, nil
}

// after is parts as they stand once on was recorded.
func after(parts []feedback.Part, on []feedback.PartVote) []feedback.Part {
	parts = slices.Clone(parts)
	for i := range parts {
		for _, vote := range on {
			if vote.Key == parts[i].Key() {
				parts[i].Vote = vote.Value
			}
		}
	}
	return parts
}
