package retrieval

// tally adds up the measures of one retrieval system over the queries of a set.
type tally struct {
	queries, nothing      int
	hits                  map[int]int // queries with a relevant result among the first so many
	precision             map[int]float64
	averagePrecision, mrr float64
}

func newTally() *tally {
	return &tally{hits: make(map[int]int), precision: make(map[int]float64)}
}

// Depths at which success and precision are reported.
const (
	first = 1
	three = 3
	five  = 5
	ten   = 10
)

func depths() []int { return []int{first, three, five, ten} }

// add counts one query: which of the results, best first, are relevant, and how many relevant ones there are in all.
func (t *tally) add(relevant []bool, all int) {
	t.queries++
	if len(relevant) == 0 {
		t.nothing++
	}
	found, sum := 0, 0.0
	for i, ok := range relevant {
		if !ok {
			continue
		}
		if found == 0 {
			t.mrr += 1 / float64(i+1)
			for _, k := range depths() {
				if i < k {
					t.hits[k]++
				}
			}
		}
		found++
		sum += float64(found) / float64(i+1)
		for _, k := range depths() {
			if i < k {
				t.precision[k] += 1 / float64(k)
			}
		}
	}
	if all > 0 {
		t.averagePrecision += sum / float64(all)
	}
}

func (t *tally) success(k int) float64     { return float64(t.hits[k]) / float64(max(t.queries, 1)) }
func (t *tally) precisionAt(k int) float64 { return t.precision[k] / float64(max(t.queries, 1)) }
func (t *tally) meanAP() float64           { return t.averagePrecision / float64(max(t.queries, 1)) }
func (t *tally) meanRR() float64           { return t.mrr / float64(max(t.queries, 1)) }
