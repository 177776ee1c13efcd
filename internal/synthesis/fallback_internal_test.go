package synthesis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// generated is an input of as many sources of each kind, with texts of random sizes and forms.
func generated(r *rand.Rand, perKind int) Input {
	words := func(most int) string {
		var b strings.Builder
		for range r.IntN(most + 1) {
			b.WriteString([]string{"word ", "Another. ", "10.1.2.3 ", "e.g. ", "Stop! ", "句子。", "\n- step ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ", "| * _ ", "Ünïcode "}[r.IntN(10)])
		}
		return b.String()
	}
	in := Input{Reference: "Enhancement reference: 00000000-0000-5000-8000-000000000001 [example]"}
	in.Tickets.Note, in.Articles.Note, in.Systems.Note = words(60), words(60), words(60)
	in.Footer = Footer{JobID: "00000000-0000-5000-8000-000000000002", FeedbackURL: "https://desk.example/feedback"}
	for i := range perKind {
		most := []int{0, 3, 30, 500}[r.IntN(4)]
		item := func(prefix string) gather.Item {
			return gather.Item{
				ID: fmt.Sprintf("%s%d", prefix, 100_000_000_000_000_000+i), Title: words(most), Text: words(most), Resolution: words(most), Similar: r.IntN(3),
				ResolvedAt: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC), URL: fmt.Sprintf("https://desk.example/%s/%d", prefix, i),
				Role: words(most / 10), Client: words(most / 10), Location: words(most / 10), Address: "10.1.2.3", Relevance: r.Float64(),
			}
		}
		in.Tickets.Items = append(in.Tickets.Items, item(""))
		in.Articles.Items = append(in.Articles.Items, item("kb"))
		in.Systems.Items = append(in.Systems.Items, item("host"))
	}
	return in
}

// checkFallback wants every source to be named, and linked, in both formats within the limit, however the note is marked later.
func checkFallback(t *testing.T, in Input, reason Reason) {
	t.Helper()
	src := newSources(in)
	n, omitted := fit(withoutReference(contextNote(in, src, reason, DefaultMaxWords)), DefaultMaxWords)
	marked := allNew(n)
	marked.Changed = strings.Repeat("word ", changeWords)
	if words := longest(marked); omitted != 0 || words > DefaultMaxWords {
		t.Errorf("%d words, %d omitted", words, omitted)
	}
	named := map[string]bool{}
	for _, s := range n.Sections {
		for _, item := range s.Items {
			for _, ref := range item.Sources {
				named[ref.Label] = named[ref.Label] || ref.Text != ""
			}
			if _, told, ok := strings.Cut(item.Text, "): "); ok && s.Title == sectionSpecs()[0].title {
				checkWhole(t, src.byLabel[item.Sources[0].Label].shown.Resolution, told)
			}
		}
	}
	html, markdown := Render(n, FormatHTML), Render(n, FormatMarkdown)
	for label, s := range src.byLabel {
		if !named[label] {
			t.Errorf("%s is not named", label)
		}
		if !strings.Contains(html, s.ref.URL) || !strings.Contains(markdown, s.ref.URL) {
			t.Errorf("%s is not linked", label)
		}
	}
}

// checkWhole wants told to be the first sentences of text.
func checkWhole(t *testing.T, text, told string) {
	t.Helper()
	all, first := sentences(text), sentences(told)
	if text != "" && (len(first) > len(all) || !slices.Equal(first, all[:len(first)])) {
		t.Errorf("%q is cut of %q", told, text)
	}
}

func TestTheFallbackNamesEverySource(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 30))
	for _, perKind := range []int{0, 1, 2, 3, 5, 8, 13, maxPerKind - 1, maxPerKind, maxPerKind + 5} {
		checkFallback(t, generated(r, perKind), ReasonNotNow)
	}
	// The worst there is: all titles are long, all searches answered with less than usual.
	worst := generated(r, maxPerKind)
	long := strings.Repeat("word ", 300)
	worst.Tickets.Note, worst.Articles.Note, worst.Systems.Note = long, long, long
	for _, items := range [][]gather.Item{worst.Tickets.Items, worst.Articles.Items, worst.Systems.Items} {
		for i := range items {
			items[i].Title, items[i].Text, items[i].Resolution, items[i].Role = long, long, long, long
		}
	}
	for _, reason := range []Reason{ReasonNoLLM, ReasonTimeout, ReasonFailed, ReasonNotNow, ReasonRefused, ReasonUnreadable, ReasonUnsupported, ReasonOverBudget} {
		checkFallback(t, worst, reason)
	}
}

func FuzzFallbackNamesEverySource(f *testing.F) {
	f.Add(uint64(1), 20, "Enhancement reference: x")
	f.Add(uint64(2), 0, "")
	f.Add(uint64(3), 7, "reference "+leftOut)
	f.Fuzz(func(t *testing.T, seed uint64, perKind int, text string) {
		in := generated(rand.New(rand.NewPCG(seed, 1)), max(0, perKind)%(maxPerKind+3))
		for i := range in.Tickets.Items {
			in.Tickets.Items[i].Title, in.Articles.Items[i].Title, in.Systems.Items[i].Title = text, text, text
			in.Tickets.Items[i].Resolution += text
		}
		checkFallback(t, in, ReasonTimeout)
	})
}

func FuzzFit(f *testing.F) {
	f.Add("One. Two two. Three three three.", 5, 200)
	f.Add("句子。句子。", 1, 120)
	f.Fuzz(func(t *testing.T, text string, items, limit int) {
		text = plain(text)
		limit = minMaxWords + max(0, limit)%DefaultMaxWords
		var all [sectionCount][]Item
		for i := range all {
			for range max(0, items) % 9 {
				all[i] = append(all[i], Item{Text: text, Sources: []Ref{{Text: "#1"}}})
			}
		}
		n := newNote(Input{Reference: "Example reference 1"}, all)
		n.Summary = text
		got, _ := fit(n, limit)
		if words := longest(got); words > limit {
			t.Errorf("%d words, more than %d", words, limit)
		}
		known := sentences(text)
		for _, s := range append(got.Sections, Section{Items: []Item{{Text: got.Summary}}}) {
			for _, item := range s.Items {
				for i, sentence := range sentences(item.Text) {
					if i >= len(known) || sentence != known[i] {
						t.Errorf("%q is no sentence of %q", sentence, text)
					}
				}
			}
		}
	})
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                   nil,
		"One":                                {"One"},
		"One. Two! Three?":                   {"One.", "Two!", "Three?"},
		"Ping 10.1.2.3. Then restart vpn01.": {"Ping 10.1.2.3.", "Then restart vpn01."},
		"Use v1.2.3. it works":               {"Use v1.2.3. it works"},
		"Check e.g. the log. It is big.":     {"Check e.g. the log.", "It is big."},
		"See no. 5 and Nr. 17 there. Done.":  {"See no. 5 and Nr. 17 there.", "Done."},
		"Turn it on. Then wait.":             {"Turn it on.", "Then wait."},
		"1. Restart 2. Wait":                 {"1. Restart 2. Wait"},
		`He said "stop." Then left.`:         {`He said "stop."`, "Then left."},
		"重启服务。然后等待。":                         {"重启服务。", "然后等待。"},
		"Wait... Then go.":                   {"Wait...", "Then go."},
	} {
		if got := sentences(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWhole(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text  string
		words int
		want  string
	}{
		{"Restart the service. Then wait for it.", 5, "Restart the service."},
		{"Restart the service. Then wait for it.", 7, "Restart the service. Then wait for it."},
		{"Restart the service now. Then wait.", 3, ""},
		{"Restart.", 0, ""},
		{strings.Repeat("x", 100), 2, ""},
		{"重启服务。然后等待。", 1, "重启服务。"},
	} {
		if got := whole(tc.text, tc.words); got != tc.want {
			t.Errorf("whole(%q, %d) = %q, want %q", tc.text, tc.words, got, tc.want)
		}
	}
}

func TestFlow(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Restarted the agent\nRenewed the certificate": "Restarted the agent. Renewed the certificate",
		"Steps:\n- restart\n- renew":                   "Steps: restart. renew",
		"one paragraph\n\nanother":                     "one paragraph. another",
		"Done.\nTested.":                               "Done. Tested.",
		"1. restart\n2. renew":                         "1. restart. 2. renew",
		"a line that was broken because it is as long as that\nand goes on here":              "a line that was broken because it is as long as that and goes on here",
		"Die Leitung war seit dem Morgen gestört, weil der Anbieter das\nModem getauscht hat": "Die Leitung war seit dem Morgen gestört, weil der Anbieter das Modem getauscht hat",
		"\n\n": "",
	} {
		if got := flow(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
