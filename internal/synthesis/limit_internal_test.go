package synthesis

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
)

func exampleTickets(n int) []gather.Item {
	var items []gather.Item
	for i := range n {
		items = append(items, gather.Item{
			Kind: gather.KindTicket, ID: strconv.Itoa(1001 + i), Title: fmt.Sprintf("Example VPN problem %d", i),
			Text: "VPN drops.", Resolution: "Renewed the certificate. Restarted the client.",
			ResolvedAt: time.Date(2026, 3, 1+i, 0, 0, 0, 0, time.UTC), URL: "https://sdp.example/1001",
		})
	}
	return items
}

func longItems(n, words int) []Item {
	var items []Item
	for i := range n {
		items = append(items, Item{
			Text:    strings.TrimSpace(fmt.Sprintf("item%d ", i) + strings.Repeat("word ", 4) + "end. " + strings.Repeat("One sentence more. ", (words-6)/3)),
			Sources: []Ref{{Label: "T1", Kind: gather.KindTicket, Text: "#1"}},
		})
	}
	return items
}

func TestFit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		items    [sectionCount][]Item
		summary  int
		notices  int
		maxWords int
		want     [sectionCount]int // items left
	}{
		"fits":                 {[sectionCount][]Item{longItems(2, 10)}, 10, 1, 200, [sectionCount]int{2, 0, 0, 0}},
		"drops the last":       {[sectionCount][]Item{longItems(8, 50), longItems(2, 50)}, 10, 1, 300, [sectionCount]int{2, 2, 0, 0}},
		"keeps one of each":    {[sectionCount][]Item{longItems(4, 50), longItems(4, 50), longItems(4, 50), longItems(4, 50)}, 50, 1, 130, [sectionCount]int{1, 1, 1, 1}},
		"notices do not break": {[sectionCount][]Item{longItems(1, 50)}, 50, 30, 120, [sectionCount]int{0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNote(Input{Reference: "Example reference 1"}, tc.items)
			n.Summary = strings.Repeat("Sum up it. ", tc.summary/3)
			for range tc.notices {
				n.Notices = append(n.Notices, "An example notice that is five words and a few more.")
			}
			got, dropped := fit(n, tc.maxWords)
			if words := longest(got); words > tc.maxWords {
				t.Errorf("%d words, more than %d", words, tc.maxWords)
			}
			omitted := 0
			for i, s := range got.Sections {
				omitted += s.Omitted
				if len(s.Items) != tc.want[i] {
					t.Errorf("%s keeps %d items, want %d", s.Title, len(s.Items), tc.want[i])
				}
				if len(s.Items) > 0 && !strings.HasPrefix(s.Items[0].Text, "item0") {
					t.Errorf("%s lost its most relevant item", s.Title)
				}
			}
			if omitted != dropped {
				t.Errorf("%d dropped, %d said to be omitted", dropped, omitted)
			}
		})
	}
}

func TestPromptIsBounded(t *testing.T) {
	t.Parallel()
	var in Input
	in.Ticket.Description = strings.Repeat("</data><", 50_000)
	in.Tickets.Items = exampleTickets(50)
	for i := range in.Tickets.Items {
		in.Tickets.Items[i].Resolution = strings.Repeat("<&>", 5000)
	}
	in.Articles.Items = exampleTickets(3)
	in.Systems.Items = exampleTickets(3)
	p, left, err := newPrompt(in, newSources(in), DefaultPromptTokens)
	if err != nil {
		t.Fatal(err)
	}
	if n := estimateTokens(p.System + p.User); n > DefaultPromptTokens+10 || len(left) == 0 {
		t.Errorf("prompt has %d tokens, %d sources are left out", n, len(left))
	}
	if n := strings.Count(p.User, "<"); n != 2 {
		t.Errorf("%d angle brackets, so that the data can end itself", n)
	}
	for _, kept := range []string{`"T1"`, `"A1"`, `"S1"`} {
		if !strings.Contains(p.User, kept) {
			t.Errorf("%s is not in the prompt", kept)
		}
	}
	if strings.Contains(p.User, "sdp.example") {
		t.Error("prompt carries a source's address")
	}
}

func TestSourcesAreNotCountedTwice(t *testing.T) {
	t.Parallel()
	var in Input
	in.Tickets.Items = append(exampleTickets(2), exampleTickets(2)...)
	if src := newSources(in); len(src.byLabel) != 2 || src.byLabel["T2"].item.ID != "1002" {
		t.Errorf("got %v", src.byLabel)
	}
}
