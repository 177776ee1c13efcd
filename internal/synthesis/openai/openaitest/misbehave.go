package openaitest

import (
	"encoding/json"
	"strings"
)

// text is what the model writes in answer to call under f; earlier are the calls before it.
func text(f Faults, call Call, earlier []Call) string {
	if f.Answer != "" {
		return f.Answer
	}
	d, ok := readData(call.User)
	if !ok {
		return "I see no data in this prompt."
	}
	a := honest(d)
	switch {
	case f.UnknownCitations:
		a.each(func(i *item) { i.Cites = []string{"T99", "KB-7"} })
	case f.TooLong:
		a = tooLong(a)
	case f.HTMLInjection && !f.ObeyInjection:
		a.each(func(i *item) { i.Text += hostileMarkup })
		a.Summary += hostileMarkup
	case f.Paraphrase:
		a = paraphrase(a, d)
	case f.Confabulate:
		a = confabulate(a, d, call)
	case f.ObeyInjection:
		return shape(f, obedience{data: d, call: call, earlier: earlier}.text(a))
	}
	if f.PlainText {
		return a.prose()
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
