package synthesis_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

const (
	exampleReference = "AI Agents reference 0123456789abcdef"
	exampleJob       = "7b6b3f0e-2c55-5d0a-9f1e-3a4d5c6b7a89"
)

// sources of the example notes. All of them are made up.
var (
	renewed = synthesis.Ref{
		Label: "T1", Kind: gather.KindTicket, Text: "#10482", URL: "https://sdp.example.com/WorkOrder.do?woMode=viewWO&woID=10482",
		Relevance: 0.82, Date: "2026-05-28",
	}
	mtu = synthesis.Ref{
		Label: "T2", Kind: gather.KindTicket, Text: "#9917", URL: "https://sdp.example.com/WorkOrder.do?woMode=viewWO&woID=9917",
		Relevance: 0.61, Date: "2026-03-03",
	}
	guide = synthesis.Ref{
		Label: "A1", Kind: gather.KindArticle, Text: "Renewing VPN client certificates", URL: "https://kb.example.com/articles/vpn-certificates",
		Relevance: 0.74,
	}
	gateway = synthesis.Ref{Label: "S1", Kind: gather.KindSystem, Text: "vpn-gw-01"}
)

func said(text string, refs ...synthesis.Ref) synthesis.Item {
	return synthesis.Item{Text: text, Sources: refs}
}

func section(title, empty string, items ...synthesis.Item) synthesis.Section {
	if items == nil {
		items = []synthesis.Item{}
	}
	return synthesis.Section{Title: title, Items: items, Empty: empty}
}

func fullNote() synthesis.Note {
	return synthesis.Note{
		Summary:    "VPN connections from the branch office drop since the client update of 4 June; an expired client certificate is the likely cause.",
		Generated:  true,
		Reference:  exampleReference,
		Confidence: &synthesis.Confidence{Level: synthesis.LevelHigh, Score: 0.86, Because: "All 6 statements are supported by the sources they cite."},
		Footer:     synthesis.Footer{JobID: exampleJob, FeedbackURL: "https://agents.example.com/feedback/example-token"},
		Sections: []synthesis.Section{
			section("Similar Tickets", "",
				said("Same drops after a client update. The certificate had expired; renewing it and restarting the agent solved it.", renewed),
				said("Drops under load at the same site, solved by setting the tunnel's MTU to 1380.", mtu)),
			section("Documentation", "", said("How to request, install and verify a client certificate, step by step.", guide)),
			section("System Info", "", said("VPN gateway of Example Ltd in Berlin, 10.1.2.3; named in the ticket.", gateway)),
			section("Recommendations", "",
				said("Check the expiry date of the client certificate, and renew it if it has passed.", renewed, guide),
				said("If the certificate is valid, compare the MTU of the tunnel on vpn-gw-01 with 1380.", mtu, gateway)),
		},
	}
}

func lowNote() synthesis.Note {
	n := fullNote()
	n.Summary = "A scanner on the second floor no longer sends to e-mail; the cause is open."
	n.Confidence = &synthesis.Confidence{Level: synthesis.LevelLow, Score: 0.31, Because: "One past ticket matches only in part, and 2 statements had no support and were removed."}
	weak := mtu
	weak.Relevance = 0.19
	n.Sections = []synthesis.Section{
		section("Similar Tickets", "", said("Another scanner could not send after a password change; the stored password was replaced.", weak)),
		section("Documentation", "Nothing relevant was found."),
		section("System Info", "Nothing relevant was found."),
		section("Recommendations", "", said("Ask whether the password of the scanner's mailbox was changed lately.", weak)),
	}
	return n
}

// emptyNote is of a ticket for which nothing was found.
func emptyNote(t *testing.T) synthesis.Note {
	t.Helper()
	return synthesis.New(scripted{}, synthesis.Options{}).Synthesize(t.Context(), gathered(0, 0, 0, 0)).Note
}

// abstainedNote is of a model that says that nothing of what was found is relevant.
func abstainedNote(t *testing.T) synthesis.Note {
	t.Helper()
	model := scripted{text: `{"nothing_relevant": true, "summary": "A request for a new chair.", "similar_tickets": [], "documentation": [],
		"system_info": [], "recommendations": []}`}
	return synthesis.New(model, synthesis.Options{}).Synthesize(t.Context(), gathered(5, 1, 0, 0)).Note
}

func degradedNote() synthesis.Note {
	n := fullNote()
	n.Notices = []string{"Knowledge base: cached copy from 2026-06-08 07:40.", "The inventory could not be reached."}
	n.Confidence = &synthesis.Confidence{Level: synthesis.LevelMedium, Score: 0.6, Because: "One source could not be asked."}
	n.Sections[2] = section("System Info", "The inventory could not be reached.")
	n.Sections[3].Items[1].Sources = []synthesis.Ref{mtu}
	return n
}

func updatedNote() synthesis.Note {
	before := fullNote()
	before.Sections[0].Items = before.Sections[0].Items[1:]
	before.Sections[3].Items = before.Sections[3].Items[1:]
	at := time.Date(2026, 6, 8, 9, 14, 0, 0, time.UTC)
	after := fullNote()
	return synthesis.Changes(before, after).Marked(after, at, synthesis.DefaultMaxWords)
}

func germanNote() synthesis.Note {
	n := fullNote()
	n.Summary = "Seit dem Client-Update vom 4. Juni brechen die VPN-Verbindungen der Außenstelle ab; wahrscheinlich ist das Client-Zertifikat abgelaufen."
	n.Sections[0].Items = []synthesis.Item{
		said("Gleiche Abbrüche nach einem Client-Update. Das Zertifikat war abgelaufen; nach Erneuerung und Neustart des Agenten war es gelöst.", renewed),
		said("Abbrüche unter Last am selben Standort, gelöst durch eine MTU von 1380 im Tunnel.", mtu),
	}
	n.Sections[1].Items = []synthesis.Item{said("Client-Zertifikat beantragen, einspielen und prüfen, Schritt für Schritt.", guide)}
	n.Sections[2].Items = []synthesis.Item{said("VPN-Gateway der Example Ltd in Berlin, 10.1.2.3; im Ticket genannt.", gateway)}
	n.Sections[3].Items = []synthesis.Item{
		said("Ablaufdatum des Client-Zertifikats prüfen und es gegebenenfalls erneuern.", renewed, guide),
		said("Ist das Zertifikat gültig, die MTU des Tunnels auf vpn-gw-01 mit 1380 vergleichen.", mtu, gateway),
	}
	return n
}

func previewNote() synthesis.Note {
	n := fullNote()
	n.Footer = synthesis.Footer{}
	n.Sections = append(n.Sections[:2:2], n.Sections[3]) // the tenant does without System Info
	return n
}

// gathered is an input with as many sources as the gatherers return.
func gathered(tickets, articles, systems, words int) synthesis.Input {
	in := synthesis.Input{Reference: exampleReference, Footer: fullNote().Footer}
	in.Ticket.ID = "11001"
	more := strings.Repeat(" The update restarts the service at night, and clients that are asleep then miss it.", words/14)
	for i := range tickets {
		in.Tickets.Items = append(in.Tickets.Items, gather.Item{
			ID: strconv.Itoa(10482 - 37*i), Title: fmt.Sprintf("VPN drops after the client update, part %d", i+1), Similar: i % 3,
			Resolution: "Renewed the client certificate and restarted the agent." + more, Relevance: 0.82 - 0.07*float64(i),
			ResolvedAt: time.Date(2026, 5, 28-i, 12, 0, 0, 0, time.UTC), URL: fmt.Sprintf("https://sdp.example.com/WorkOrder.do?woMode=viewWO&woID=%d", 10482-37*i),
		})
	}
	for i := range articles {
		in.Articles.Items = append(in.Articles.Items, gather.Item{
			ID: fmt.Sprint("kb-", i), Title: []string{"Renewing VPN client certificates", "VPN client: known problems", "Requesting remote access"}[i%3] + strings.Repeat("+", i/3),
			Text: "Which certificate a client uses, and how to renew it." + more, Relevance: 0.74 - 0.1*float64(i), URL: fmt.Sprintf("https://kb.example.com/articles/%d", i),
		})
	}
	for i := range systems {
		in.Systems.Items = append(in.Systems.Items, gather.Item{
			ID: fmt.Sprintf("vpn-gw-%02d", i+1), Title: fmt.Sprintf("vpn-gw-%02d", i+1), Address: fmt.Sprintf("192.0.2.%d", i+1), Role: "VPN gateway",
			Client: "Example Ltd", Location: "Berlin", Relevance: 1,
		})
	}
	return in
}

func contextNote(t *testing.T, tickets, articles, systems, words int) synthesis.Note {
	t.Helper()
	return synthesis.New(silent{}, synthesis.Options{Timeout: time.Millisecond}).Synthesize(t.Context(), gathered(tickets, articles, systems, words)).Note
}

// exampleNotes are one of each kind that a reader may meet.
func exampleNotes(t *testing.T) map[string]synthesis.Note {
	t.Helper()
	return map[string]synthesis.Note{
		"full": fullNote(), "low": lowNote(), "empty": emptyNote(t), "abstained": abstainedNote(t), "degraded": degradedNote(), "updated": updatedNote(), "german": germanNote(),
		"preview": previewNote(), "context": contextNote(t, 3, 2, 1, 0), "long": contextNote(t, 5, 3, 5, 120),
	}
}
