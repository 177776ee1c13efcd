package search

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// sized are segments of so many documents each.
func sized(sizes ...int) (all []segment) {
	next := int32(0)
	for i, size := range sizes {
		all = append(all, segment{number: int32(i), first: next, live: int32(size), lengths: make([]byte, size), analyzer: analyzerVersion})
		next += int32(size)
	}
	return all
}

func repeated(size, times int) []int { return slices.Repeat([]int{size}, times) }

func TestMergeable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sizes []int
		want  int // how many of the newest
	}{
		"none":                             {nil, 0},
		"too few":                          {repeated(1, 7), 0},
		"enough":                           {repeated(1, 8), 8},
		"of one level":                     {[]int{7, 1, 3, 2, 1, 7, 5, 4}, 8},
		"with smaller ones between":        {[]int{100, 1, 1, 1, 1, 1, 1, 100}, 8},
		"larger ones stay":                 {append([]int{5000}, repeated(1, 8)...), 8},
		"the newest decides":               {append(repeated(100, 8), 1), 0},
		"larger ones cut the run":          {append(append(repeated(1, 7), 5000), repeated(1, 7)...), 0},
		"a large one takes the small ones": {append(repeated(1, 7), 5000), 8},
	} {
		if got := mergeable(sized(c.sizes...)); len(got) != c.want || c.want > 0 && got[len(got)-1].number != int32(len(c.sizes)-1) {
			t.Errorf("%s: %d are to be merged, want the newest %d", name, len(got), c.want)
		}
	}
	mixed := sized(repeated(1, 9)...)
	mixed[3].analyzer--
	if got := mergeable(mixed); got != nil {
		t.Errorf("%d segments that different analyzers made are to be merged", len(got))
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{0: 0, 1: 0, 7: 0, 8: 1, 63: 1, 64: 2, 511: 2, 512: 3, 1 << 20: 6} {
		if got := (segment{lengths: make([]byte, size)}).level(); got != want {
			t.Errorf("a segment of %d has level %d, want %d", size, got, want)
		}
	}
}

// Whatever sizes are added, segments stay few and a document is rewritten a few times a level.
func TestMergingStaysLogarithmic(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]func(r *rand.Rand, i int) int{
		"one by one":  func(*rand.Rand, int) int { return 1 },
		"random":      func(r *rand.Rand, _ int) int { return 1 + r.IntN(50) },
		"any size":    func(r *rand.Rand, _ int) int { return 1 << r.IntN(10) },
		"seven, big":  func(_ *rand.Rand, i int) int { return []int{1, 1, 1, 1, 1, 1, 512}[i%7] },
		"alternating": func(_ *rand.Rand, i int) int { return []int{1, 64}[i%2] },
		"descending":  func(_ *rand.Rand, i int) int { return 1 + (10_000-i)/100 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 1))
			var segments []segment
			total, rewritten, most := 0, 0, 0
			for i := range 10_000 {
				n := size(random, i)
				segments = append(segments, segment{first: int32(total), lengths: make([]byte, n), analyzer: analyzerVersion})
				total += n
				for small := mergeable(segments); small != nil; small = mergeable(segments) {
					joined := join(small)
					rewritten += len(joined.lengths)
					segments = append(segments[:len(segments)-len(small)], joined)
				}
				most = max(most, len(segments))
			}
			levels := bits.Len(uint(total))/bitsOfMergeFactor + 1
			if most > levels*(mergeFactor-1) {
				t.Errorf("%d segments of %d documents, want at most %d a level", most, total, mergeFactor-1)
			}
			if rewritten > total*levels*mergeFactor/2 {
				t.Errorf("%d documents were written %d times more, on average %.1f", total, rewritten, float64(rewritten)/float64(total))
			}
			if rewritten == 0 || segments[len(segments)-1].end() != int32(total) {
				t.Errorf("%d rewritten, the last ends at %d of %d", rewritten, segments[len(segments)-1].end(), total)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	got := join([]segment{
		{first: 10, live: 2, removed: 1, words: 7, terms: 100, lengths: []byte{5, 0, 6}, analyzer: 3},
		{first: 13, live: 1, words: 2, terms: 60, lengths: []byte{7}, analyzer: 3},
		{first: 20, live: 2, words: 4, terms: 80, lengths: []byte{8, 9}, analyzer: 3},
	})
	if want := []byte{5, 0, 6, 7, 0, 0, 0, 0, 0, 0, 8, 9}; !bytes.Equal(got.lengths, want) {
		t.Errorf("lengths %v, want %v", got.lengths, want)
	}
	if got.first != 10 || got.end() != 22 || got.live != 5 || got.removed != 0 || got.words != 13 || got.analyzer != 3 {
		t.Errorf("joined %+v", got)
	}
	if got.hashBits != hashBits(120) {
		t.Errorf("%d bits, want those for 120 terms", got.hashBits)
	}
	if alone := join([]segment{{lengths: []byte{1}, terms: 120}}); alone.hashBits != hashBits(120) {
		t.Errorf("%d bits alone, want those for 120 terms", alone.hashBits)
	}
}

func TestKeepLive(t *testing.T) {
	t.Parallel()
	var list postingList
	for _, d := range []uint32{9, 10, 11, 13, 14} {
		list.add(d, int(d))
	}
	s := segment{first: 10, lengths: []byte{1, 0, 1, 1}}
	lists := map[string]*postingList{}
	if err := s.keepLive("printer", list.appendTo(nil), lists); err != nil {
		t.Fatal(err)
	}
	got, err := decoded(lists["printer"].appendTo(nil))
	if want := []posting{{10, 10}, {13, 13}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("kept %v, %v; want %v", got, err, want)
	}
	gone := segment{first: 10, lengths: make([]byte, 5)}
	if err := gone.keepLive("disk", list.appendTo(nil), lists); err != nil || lists["disk"] != nil {
		t.Errorf("a term without documents was kept: %v, %v", lists["disk"], err)
	}
}
