package search

import (
	"fmt"
	"strings"
	"testing"
)

// worded is a text of the words from a to b.
func worded(a, b int) string {
	var text strings.Builder
	for i := a; i < b; i++ {
		fmt.Fprintf(&text, "W%d, ", i)
	}
	return text.String()
}

func TestNearlyIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		x, y string
		want bool
	}{
		"the same":                  {worded(0, 10), worded(0, 10), true},
		"in another order and form": {"disk full, DISK full!", "Full disk", true},
		"four of five":              {worded(0, 5), worded(0, 4), true},
		"eight of ten in all":       {worded(0, 9), worded(1, 10), true},
		"seven of ten in all":       {worded(0, 8), worded(1, 10), false},
		"three of four":             {worded(0, 4), worded(0, 3), false},
		"much longer":               {worded(0, 4), worded(0, 40), false},
		"nothing in common":         {worded(0, 5), worded(5, 10), false},
		"no words":                  {"", "", false},
		"no words and some":         {"?!", "disk", false},
		"another script":            {"диск полон", "Диск, полон", true},
	} {
		x, y := ShapeOf(c.x), ShapeOf(c.y)
		if x.NearlyIs(y) != c.want || y.NearlyIs(x) != c.want {
			t.Errorf("%s: %t and %t, want %t", name, x.NearlyIs(y), y.NearlyIs(x), c.want)
		}
	}
	for n := 5; n < 500; n += 5 { // exactly at the limit, whatever the rounding
		if !ShapeOf(worded(0, n)).NearlyIs(ShapeOf(worded(0, n/5*4))) || ShapeOf(worded(0, n)).NearlyIs(ShapeOf(worded(0, n/5*4-1))) {
			t.Errorf("the limit is not at four fifths of %d words", n)
		}
	}
}
