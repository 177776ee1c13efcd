package search

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

func TestFindOfEqualsTheNewest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const copies = 40
	same := Document{Title: "scanner firmware hangs", Body: strings.Repeat("the scanner hangs after the firmware update ", 3)}
	for i := range copies { // in many segments, merged and not
		w.add(t, north, same, numbered(i))
	}
	got := w.find(t, north, Document{Title: "scanner hangs", Body: "after update of the firmware"}, 10)
	for i, hit := range got.Hits {
		if want := int32(2 * (copies - 1 - i)); hit.Document != want {
			t.Fatalf("hit %d is document %d, want %d: %v", i, hit.Document, want, got.Hits)
		}
	}
	if len(got.Hits) != 10 {
		t.Errorf("%d hits, want 10", len(got.Hits))
	}
}

func TestFindLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.find(t, north, Document{Title: "printer"}, 10); got.Hits != nil || got.Terms != nil {
		t.Errorf("an index that was never written to has %+v", got)
	}
	for i := range 10 {
		w.add(t, north, numbered(i))
	}
	for limit, want := range map[int]int{0: 0, 1: 1, 9: 9, 10: 10, 1000: 10} {
		if got := w.find(t, north, Document{Title: "printer"}, limit); len(got.Hits) != want {
			t.Errorf("%d hits with the limit %d, want %d", len(got.Hits), limit, want)
		}
	}
	for _, query := range []Document{{}, {Title: "the of and", Body: "?!"}, {Title: "unheardof"}} {
		if got := w.find(t, north, query, 10); len(got.Hits) != 0 {
			t.Errorf("%+v finds %v", query, got.Hits)
		}
	}
}

// What a query says that no document says makes it less like those that share the rest.
func TestPerfectCountsUnknownWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 10 {
		w.add(t, north, numbered(i))
	}
	like := w.find(t, north, numbered(3), 1)
	unlike := w.find(t, north, Document{Title: numbered(3).Title, Body: numbered(3).Body + " but about unheardof matters"}, 1)
	if share := like.Hits[0].Score / like.Perfect; share < 0.95 || share > 1.05 {
		t.Errorf("a document has %v of the score of its own text, want all", share)
	}
	if share := unlike.Hits[0].Score / unlike.Perfect; share > 0.8 {
		t.Errorf("a document has %v of the score of a text that says more", share)
	}
	if len(unlike.Terms) >= len(like.Terms)+1 {
		t.Errorf("words that no document has are weighed: %v", unlike.Terms)
	}
}

// Documents without any word have numbers like others, and are found by nothing.
func TestDocumentsWithoutTerms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range mergeFactor + 1 {
		w.add(t, north, Document{}, Document{Title: "the", Body: "of and ?!"})
	}
	segments := w.segments(t, north)
	if len(segments) != 2 || segments[0].live != 2*mergeFactor || segments[0].terms != 0 {
		t.Errorf("segments %+v, want those of %d documents merged", segments, 2*mergeFactor)
	}
	if first := w.add(t, north, numbered(1), Document{}); first != 2*mergeFactor+2 {
		t.Errorf("the next document has the number %d", first)
	}
	got := w.find(t, north, Document{Title: "printer"}, 10)
	if len(got.Hits) != 1 || got.Hits[0].Document != 2*mergeFactor+2 {
		t.Errorf("found %v", got.Hits)
	}
	w.remove(t, north, 0, 1, 2*mergeFactor+2)
	if got := w.find(t, north, Document{Title: "printer"}, 10); len(got.Hits) != 0 {
		t.Errorf("found %v, which was removed", got.Hits)
	}
}

// Removed documents across gaps and segments, and numbers that were never given out, in any order.
func TestRemoveAcrossGaps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := newOracle()
	add := func(n int) {
		var documents []Document
		for i := range n {
			documents = append(documents, numbered(i))
		}
		o.add(w.add(t, north, documents...), documents)
	}
	remove := func(documents ...int32) {
		before := w.segments(t, north)
		w.remove(t, north, documents...)
		o.remove(documents, before)
		w.inspect(t, north, o)
	}
	for range 4 {
		add(3) // 0–2, 3–5, 6–8, 9–11
	}
	remove(5, 3, 4)        // a gap
	remove(4, 9, 1, 3, -5) // around it and in it
	for range 5 {
		add(1)
	}
	segments := w.inspect(t, north, o)
	if len(segments) != 1 || segments[0].first != 0 || len(segments[0].lengths) != 17 {
		t.Fatalf("segments %+v, want one with the gap in it", segments)
	}
	remove(4, 0, 16, 99)
	o.check(t, numbered(1), 100, w.find(t, north, numbered(1), 100))
}

func TestBudgetDropsTheCommonestTerms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var documents []Document
	for i := range 300 {
		documents = append(documents, Document{Title: "everywhere", Body: fmt.Sprintf("often%c z%dz", 'a'+i%2, i)})
	}
	w.add(t, north, documents...)
	w.add(t, north, documents[:9]...)
	query := Document{Title: "everywhere", Body: "oftena oftenb z7z z8z"}
	for budget, want := range map[int64]string{
		maxPostings: "everywher oftena oftenb z7z z8z", 622: "everywher oftena oftenb z7z z8z",
		621: "oftena oftenb z7z z8z", 313: "oftena oftenb z7z z8z", 312: "oftenb z7z z8z", 4: "z7z z8z", 3: "z7z", 0: "z7z",
	} {
		err := w.db.InTenantSnapshot(t.Context(), north, func(tx postgres.Tx) error {
			statements := 0
			got, err := Tickets.find(t.Context(), &hooked{Tx: tx, before: func(n int) { statements = n }}, query, 1000, budget)
			if readsLong := statements == 3; readsLong != strings.Contains(want, "everywher") {
				t.Errorf("budget %d: %d statements; the long list is to be read only where it counts", budget, statements)
			}
			for term := range strings.FieldsSeq("everywher oftena oftenb z7z z8z") {
				if _, has := got.Terms[term]; has != strings.Contains(want, term) {
					t.Errorf("budget %d: %q weighs %v, want %q", budget, term, got.Terms[term], want)
				}
			}
			if len(got.Hits) == 0 || got.Hits[0].Score > got.Perfect*1.2 {
				t.Errorf("budget %d: hits %v of %v", budget, got.Hits[:min(1, len(got.Hits))], got.Perfect)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestQuestionIsBounded(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	for i := range 3 * maxQueryTerms {
		fmt.Fprintf(&body, "z%dz ", i)
	}
	q := newQuestion(Document{Title: strings.Repeat("printer ", 2), Body: body.String() + strings.Repeat("printer ", 4)})
	if len(q.order) != maxQueryTerms || len(q.frequencies) != maxQueryTerms || q.order[0] != "printer" {
		t.Errorf("%d terms in order, %d counted, the first %q", len(q.order), len(q.frequencies), q.order[0])
	}
	if q.frequencies["printer"] != 2*TitleWeight+4 || q.length != 2*TitleWeight+4+q.lengthWithout("printer") {
		t.Errorf("printer counts %d, the length is %d", q.frequencies["printer"], q.length)
	}
}

func (q question) lengthWithout(term string) (length int) {
	for other, times := range q.frequencies {
		if other != term {
			length += times
		}
	}
	return length
}
