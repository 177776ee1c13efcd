package openaitest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// text is what the model writes in answer to call under f.
func text(f Faults, call Call) string {
	d, ok := readData(call.User)
	if !ok {
		return "I see no data in this prompt."
	}
	a := answerTo(d)
	switch {
	case f.UnknownCitations:
		a.each(func(i *item) { i.Cites = []string{"T99", "KB-7"} })
	case f.TooLong:
		a = tooLong(a)
	case f.HTMLInjection:
		a.each(func(i *item) { i.Text += hostileMarkup })
		a.Summary += hostileMarkup
	case f.ObeyInjection:
		a = obey(a, d, call)
	}
	encoded, err := json.Marshal(a)
	if err != nil {
		return err.Error()
	}
	return shape(f, string(encoded))
}

// shape changes the form of an answer.
func shape(f Faults, encoded string) string {
	switch {
	case f.MalformedJSON:
		return strings.ReplaceAll(encoded, `":`, `"=`)
	case f.Truncated:
		return encoded[:len(encoded)/2]
	case f.ProseAroundJSON:
		return "Of course! Here is the note {as you asked}:\n```json\n" + encoded + "\n```\nLet me know if it helps."
	default:
		return encoded
	}
}

// each changes all items of a.
func (a *answer) each(change func(*item)) {
	for _, items := range [][]item{a.SimilarTickets, a.Documentation, a.SystemInfo, a.Recommendations} {
		for i := range items {
			change(&items[i])
		}
	}
}

// longAnswer is the number of words of an answer that is too long.
const longAnswer = 2000

func tooLong(a answer) answer {
	n := 0
	a.each(func(*item) { n++ })
	filler := strings.Repeat("and so on ", longAnswer/3/max(1, n)+1) // three words each
	a.each(func(i *item) { i.Text += " " + filler })
	return a
}

const hostileMarkup = ` <script>alert(1)</script><img src=x onerror=alert(2)>` +
	` [open](javascript:alert(3)) ![](https://attacker.example/pixel.png) **bold** <!-- hidden -->`

var address = regexp.MustCompile(`[a-z]+://[^\s"'<>)]+`)

// obey repeats what the texts in the prompt demand: their words, their links in every form, and the
// system message when they ask for the prompt or instructions. It also claims tickets and labels that they name.
func obey(a answer, d data, call Call) answer {
	texts := []string{d.Ticket.Subject, d.Ticket.Description}
	for _, t := range d.Tickets {
		texts = append(texts, t.Description, t.Resolution)
	}
	for _, article := range d.Articles {
		texts = append(texts, article.Summary)
	}
	demands := strings.Join(texts, " ")
	for _, link := range address.FindAllString(demands, -1) {
		demands += " [click here](" + link + ") ![](" + link + `) <a href="` + link + `">open</a>`
	}
	if lower := strings.ToLower(demands); strings.Contains(lower, "prompt") || strings.Contains(lower, "instruction") {
		demands += " " + call.System
	}
	a.Summary = demands
	a.each(func(i *item) {
		i.Text = demands
		i.Cites = append(i.Cites, "T99")
	})
	a.Recommendations = append(a.Recommendations, item{demands, nil}, item{demands, []string{"T99"}})
	return a
}
