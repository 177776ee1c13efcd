package openaitest

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// confabulate spoils a the way an eager model does, a few times for each answer: with facts that nobody gave it, with facts that it
// got wrong, and with sources that do not say what it says. The same prompt gives the same faults.
//
//nolint:mnd // any numbers
func confabulate(a answer, d data, call Call) answer {
	dice := rand.New(rand.NewPCG(hash(call.User), hash("confabulate"))) //nolint:gosec // repeatable on purpose
	a.NothingRelevant = false
	if a.count() == 0 {
		a = answerTo(d) // it would rather say something
	}
	turn := dice.IntN(inventions * spared)
	a.each(func(i *item) {
		if turn++; turn%spared == 0 {
			*i = invention(turn/spared%inventions, *i, d, dice)
		}
	})
	a.Summary += fmt.Sprintf(" Error 0x%08X points to it.", dice.Uint32()|1<<31)
	labels := d.labels()
	if len(labels) == 0 {
		labels = []string{"T1"}
	}
	cite := func() []string { return []string{labels[dice.IntN(len(labels))]} }
	made := []item{
		{fmt.Sprintf("Restart the server srv-%03d.corp.example at 198.51.100.%d.", dice.IntN(1000), 1+dice.IntN(254)), cite()},
		{fmt.Sprintf("Set the timeout to %d seconds.", 1000+dice.IntN(9000)), cite()},
		{fmt.Sprintf("Raise the limit to %s.", borrowed(d, dice)), cite()},
		{"Ask the vendor for an update.", []string{fmt.Sprintf("A%d", 40+dice.IntN(50))}},
		{"This usually goes away by itself.", nil},
		{fmt.Sprintf("See also #%d, where it was the same.", 70000+dice.IntN(20000)), cite()},
	}
	first := dice.IntN(len(made))
	a.Recommendations = append(a.Recommendations, made[first], made[(first+1)%len(made)])
	return a
}

// There are so many kinds of inventions, and one item of so many has one.
const (
	inventions = 6
	spared     = 3
)

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

var number = regexp.MustCompile(`\d+`)

// invention is i with one fault.
//
//nolint:mnd // any numbers
func invention(kind int, i item, d data, dice *rand.Rand) item {
	switch kind {
	case 0:
		i.Text += fmt.Sprintf(" The log says ERR_%c%c_%d.", letters[dice.IntN(26)], letters[dice.IntN(26)], 1000+dice.IntN(9000))
	case 1:
		i.Text = number.ReplaceAllStringFunc(i.Text, func(string) string { return strconv.Itoa(10_000 + dice.IntN(90_000)) })
	case 2:
		i.Text += fmt.Sprintf(" It happened %d times on version %d.%d.%d.", 20+dice.IntN(900), 20+dice.IntN(70), dice.IntN(10), dice.IntN(100))
	case 3:
		i.Cites = []string{fmt.Sprintf("T%d", 30+dice.IntN(60))}
	case 4:
		i.Cites = nil
	case 5:
		i.Text += " It was at " + borrowed(d, dice) + "."
	}
	return i
}

// borrowed is an amount with the digits of something else in d: of an address, an error code, a day, or an amount of another unit.
func borrowed(d data, dice *rand.Rand) string {
	texts := []string{d.Ticket.ID, d.Ticket.Subject, d.Ticket.Description}
	for _, t := range d.Tickets {
		texts = append(texts, t.Subject, t.Description, t.Resolution, t.ResolvedOn)
	}
	for _, s := range d.Systems {
		texts = append(texts, s.Hostname, s.Address)
	}
	digits := number.FindAllString(strings.Join(texts, " "), -1)
	units := []string{" %", " GB", " MB", " minutes", " hours", " seconds", " days", " users"}
	return digits[dice.IntN(len(digits))] + units[dice.IntN(len(units))]
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
