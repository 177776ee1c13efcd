package search

import (
	"hash/maphash"
	"slices"
	"strings"
)

// Shape is the set of a text's words, by which near-identical texts are recognised.
type Shape []uint64 // hashes, sorted, distinct

// nearlySame is the share of all words of two texts that must be in both: alerts that differ in a number or a
// host name are the same trouble, two tickets about one printer are not.
const nearlySame = 0.8

//nolint:gochecknoglobals // one for the process, or its shapes could not be compared
var shapeSeed = maphash.MakeSeed()

// ShapeOf gives the shape of text. Shapes are to be compared within one process only.
func ShapeOf(text string) Shape {
	var shape Shape
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !isWordRune(r) }) {
		shape = append(shape, maphash.String(shapeSeed, word))
	}
	slices.Sort(shape)
	return slices.Compact(shape)
}

// NearlyIs says whether two texts are nearly the same: whether the Jaccard index of their words is at least 0.8. A
// text without words is like no other.
func (s Shape) NearlyIs(other Shape) bool {
	short, long := min(len(s), len(other)), max(len(s), len(other))
	if float64(short) < nearlySame*float64(long) || short == 0 {
		return false
	}
	common := 0
	for i, j := 0, 0; i < len(s) && j < len(other); {
		switch {
		case s[i] == other[j]:
			common++
			i++
			j++
		case s[i] < other[j]:
			i++
		default:
			j++
		}
	}
	return float64(common) >= nearlySame*float64(len(s)+len(other)-common)
}
