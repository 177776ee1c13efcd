package openaitest

import (
	"fmt"
	"math/rand/v2"
	"regexp"
)

// confabulate spoils a the way an eager model does, a few times for each answer: with facts that nobody gave it, with facts that it
// got wrong, and with sources that do not say what it says. The same prompt gives the same faults.
func confabulate(a answer, d data, call Call) answer {
	dice := rand.New(rand.NewPCG(hash(call.User), hash("confabulate"))) //nolint:gosec // repeatable on purpose
	a.NothingRelevant = false
	if a.count() == 0 {
		a = answerTo(d) // it would rather say something
	}
	turn := dice.IntN(inventions)
	a.each(func(i *item) {
		*i = invention(turn%inventions, *i, dice)
		turn++
	})
	a.Summary += fmt.Sprintf(" Error 0x%08X points to it.", dice.Uint32()|1<<31)
	labels := d.labels()
	if len(labels) == 0 {
		labels = []string{"T1"}
	}
	cite := func() []string { return []string{labels[dice.IntN(len(labels))]} }
	a.Recommendations = append(
		a.Recommendations,
		item{fmt.Sprintf("Restart the server srv-%03d.corp.example at 198.51.100.%d.", dice.IntN(1000), 1+dice.IntN(254)), cite()},
		item{fmt.Sprintf("Set the timeout to %d seconds.", 1000+dice.IntN(9000)), cite()},
		item{"Ask the vendor for an update.", []string{fmt.Sprintf("A%d", 40+dice.IntN(50))}},
		item{"This usually goes away by itself.", nil},
		item{fmt.Sprintf("See also #%d, where it was the same.", 70000+dice.IntN(20000)), cite()},
	)
	return a
}

const inventions = 6

var number = regexp.MustCompile(`\d+`)

// invention is i with one fault; the last is none, so that something of the answer is right.
func invention(kind int, i item, dice *rand.Rand) item {
	switch kind {
	case 0:
		i.Text += fmt.Sprintf(" The log says ERR_%c%c_%d.", 'A'+rune(dice.IntN(26)), 'A'+rune(dice.IntN(26)), 1000+dice.IntN(9000))
	case 1:
		i.Text = number.ReplaceAllStringFunc(i.Text, func(string) string { return fmt.Sprint(10_000 + dice.IntN(90_000)) })
	case 2:
		i.Text += fmt.Sprintf(" It happened %d times on version %d.%d.%d.", 20+dice.IntN(900), 20+dice.IntN(70), dice.IntN(10), dice.IntN(100))
	case 3:
		i.Cites = []string{fmt.Sprintf("T%d", 30+dice.IntN(60))}
	case 4:
		i.Cites = nil
	}
	return i
}

func (d data) labels() []string {
	var labels []string
	for _, t := range d.Tickets {
		labels = append(labels, t.Label)
	}
	for _, article := range d.Articles {
		labels = append(labels, article.Label)
	}
	for _, s := range d.Systems {
		labels = append(labels, s.Label)
	}
	return labels
}

func (a *answer) count() int {
	return len(a.SimilarTickets) + len(a.Documentation) + len(a.SystemInfo) + len(a.Recommendations)
}
