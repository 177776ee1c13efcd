package synthesis

import "github.com/ai-agents/ai-agents/internal/ticket"

// veiled are the texts of one draft, as a model may see them and as a reader may.
type veiled struct{ veil Veil }

// hide is text as a model may see it. It is made visible first: a character that shows nothing must not hide a secret from the veil.
// It keeps line breaks, which carry meaning in logs.
func (v veiled) hide(text string) string {
	text = visible(ticket.Normalize(clip(text, maxRawRunes)))
	if v.veil == nil {
		return text
	}
	return v.veil.Hide(text)
}

// show is a text of a model's, or a hidden one, as a reader may see it.
func (v veiled) show(text string) string {
	if v.veil == nil {
		return text
	}
	return v.veil.Show(text)
}

// tell is a source's text as a reader may see it: what the veil shows again, and no secrets.
func (v veiled) tell(text string) string { return v.show(v.hide(text)) }
