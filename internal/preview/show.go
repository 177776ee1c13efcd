package preview

import (
	"slices"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Rendered shows a note in every format. written is the one that the tenant's notes have.
func Rendered(n synthesis.Note, written tenant.Format) adminapi.RenderedNote {
	return adminapi.RenderedNote{
		HTML: synthesis.Render(n, synthesis.FormatHTML), Markdown: synthesis.Render(n, synthesis.FormatMarkdown), Text: synthesis.Text(n),
		Format: string(written), Cited: cited(n),
	}
}

// cited are the sources that n names, each once, in the order of their first mention.
func cited(n synthesis.Note) []adminapi.Citation {
	named := []adminapi.Citation{}
	for _, section := range n.Sections {
		for _, item := range section.Items {
			for _, ref := range item.Sources {
				c := adminapi.Citation{Kind: string(ref.Kind), Text: ref.Text, URL: ref.URL}
				at := slices.IndexFunc(named, func(n adminapi.Citation) bool { return n.Kind == c.Kind && n.Text == c.Text && n.URL == c.URL })
				if at < 0 {
					at, named = len(named), append(named, c)
				}
				// Only the first mention of a source may say how well it matches.
				named[at].Relevance = max(named[at].Relevance, ref.Relevance)
			}
		}
	}
	return named
}

// AccountOf shows the account of a note.
func AccountOf(a drafting.Account) adminapi.NoteAccount {
	masked := make(map[string]int, len(a.Masked))
	for kind, n := range a.Masked {
		masked[string(kind)] = n
	}
	return adminapi.NoteAccount{
		TenantVersion: a.TenantVersion, Generated: a.Generated, FallbackReason: string(a.FallbackReason), Confidence: a.Confidence,
		Words: a.Words, Sources: a.Sources, Dropped: a.Dropped, Masked: masked, Cached: a.Cached, Model: a.Model, ModelIgnored: a.ModelIgnored, CostUSD: a.CostUSD,
	}
}

func found(r drafting.Request) []adminapi.FoundBy {
	show := func(kind gather.Kind, f synthesis.Found) adminapi.FoundBy {
		return adminapi.FoundBy{Kind: string(kind), Items: len(f.Items), Unavailable: f.Unavailable != "", Note: f.Note}
	}
	return []adminapi.FoundBy{
		show(gather.KindTicket, r.Tickets), show(gather.KindArticle, r.Articles), show(gather.KindSystem, r.Systems),
	}
}

func calls(made []synthesis.Call) []adminapi.LLMCall {
	shown := make([]adminapi.LLMCall, len(made))
	for i, c := range made {
		shown[i] = adminapi.LLMCall{
			Model: c.Model, PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens, CostUSD: c.CostUSD,
			DurationMS: c.Duration.Milliseconds(), Error: c.Error, CalledAt: c.At,
		}
	}
	return shown
}
