package synthesis

import (
	"fmt"
	"math"
	"strings"
)

// The score is what passed × (relevance and support of what is cited) × what was missing; docs/notes.md argues it.
const (
	relevanceShare = 0.6
	supportShare   = 1 - relevanceShare
	mostSimilar    = 3 // past tickets like the cited one that support it further

	unavailableFactor = 0.85 // for each search that could not be asked
	degradedFactor    = 0.95 // for each that answered with less than usual
	truncatedFactor   = 0.85
	repairedFactor    = 0.9

	mostWithoutAdvice = 0.6 // where no recommendation is left

	highScore   = 0.7
	mediumScore = 0.4
)

// confidence is how far the note with items, what was believed of a, can be relied on.
func (c checker) confidence(a answer, items [sectionCount][]Item) *Confidence {
	kept, cited := 0, map[string]Ref{}
	for _, section := range items {
		kept += len(section)
		for _, item := range section {
			for _, ref := range item.Sources {
				cited[ref.Label] = ref
			}
		}
	}
	claimed := kept + c.refused()
	relevance, best := 0.0, 0.0
	for label := range cited {
		r := min(1, max(0, c.src.byLabel[label].item.Relevance))
		relevance, best = relevance+r/float64(len(cited)), max(best, r)
	}
	score := float64(kept) / float64(max(1, claimed)) * (relevanceShare*relevance + supportShare*(1-math.Pow(0.5, float64(c.support(items))))) //nolint:mnd // each halves the doubt
	unavailable, degraded := c.in.searches()
	score *= math.Pow(unavailableFactor, float64(unavailable)) * math.Pow(degradedFactor, float64(degraded))
	if a.truncated {
		score *= truncatedFactor
	}
	if a.repaired {
		score *= repairedFactor
	}
	advice := sectionSpecs()[adviceSection]
	if c.in.Voice.has(advice.key) && len(items[adviceSection]) == 0 {
		score = min(score, mostWithoutAdvice)
	}
	score = math.Round(score*100) / 100
	return &Confidence{Level: level(score), Score: score, Because: because(kept, claimed, len(cited), best, unavailable, a)}
}

func level(score float64) Level {
	switch {
	case score >= highScore:
		return LevelHigh
	case score >= mediumScore:
		return LevelMedium
	default:
		return LevelLow
	}
}

// refused is how many statements were dropped because of what they say or cite. Doubles and what was too much are no fault.
func (c checker) refused() int {
	n := 0
	for reason, times := range c.dropped {
		switch reason {
		case DropDuplicate, DropExcess, DropUnwanted, DropUnknownCitation, DropMisplacedCitation, DropAbstained, DropPromptBudget,
			DropTruncated, DropWordLimit, DropEmpty:
		default:
			n += times
		}
	}
	return n
}

// support is how many sources agree on the best supported recommendation, or on the best supported item where there is none. Past tickets
// that are like a cited one count too.
func (c checker) support(items [sectionCount][]Item) int {
	best := 0
	count := func(section []Item) {
		for _, item := range section {
			n := 0
			for _, ref := range item.Sources {
				n += 1 + min(mostSimilar, max(0, c.src.byLabel[ref.Label].item.Similar))
			}
			best = max(best, n)
		}
	}
	if count(items[adviceSection]); best == 0 {
		for _, section := range items {
			count(section)
		}
	}
	return best
}

// searches is how many searches could not be asked, and how many answered with less than usual.
func (in Input) searches() (unavailable, degraded int) {
	for _, found := range []Found{in.Tickets, in.Articles, in.Systems} {
		switch {
		case found.Unavailable != "":
			unavailable++
		case found.Note != "":
			degraded++
		}
	}
	return unavailable, degraded
}

// because tells the reader what the score rests on.
func because(kept, claimed, cited int, best float64, unavailable int, a answer) string {
	passed := fmt.Sprintf("%d of %s passed the checks", kept, count(claimed, "statement"))
	if kept == claimed {
		passed = count(kept, "statement") + " passed all checks"
	}
	parts := []string{passed, count(cited, "source") + " cited"}
	if best > 0 {
		parts[1] += fmt.Sprintf(", the best %.0f%% relevant", best*100)
	}
	if unavailable > 0 {
		parts = append(parts, count(unavailable, "kind")+" of source not searched")
	}
	if a.truncated {
		parts = append(parts, "the answer broke off")
	}
	because := strings.Join(parts, "; ") + "."
	return strings.ToUpper(because[:1]) + because[1:]
}
