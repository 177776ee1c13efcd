package openaitest

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	minutesForm = regexp.MustCompile(`\b(\d+) (?:minutes|Minuten)\b`)
	secondsForm = regexp.MustCompile(`\b(\d+) (?:seconds|Sekunden)\b`)
	percentForm = regexp.MustCompile(`\b(\d+) ?%`)
	productForm = regexp.MustCompile(`\b(Windows|Office|Outlook|Server|Ubuntu|Word|Excel) (\d{1,4})\b`)
	updateForm  = regexp.MustCompile(`\b(KB\d{5,})\b`)
	dayForm     = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)
	timeForm    = regexp.MustCompile(`(^|[^:\w])(\d{1,2}):(\d{2})($|[^:\w])`)
)

// reword says the same in other forms: units short, days and times as people write them, German words joined by hyphens.
func reword(text string) string {
	text = dayForm.ReplaceAllStringFunc(text, longDay)
	text = timeForm.ReplaceAllString(text, "$1$2.$3 Uhr$4")
	text = minutesForm.ReplaceAllString(text, "$1 min")
	text = secondsForm.ReplaceAllString(text, "$1 s")
	text = percentForm.ReplaceAllString(text, "$1 percent")
	text = productForm.ReplaceAllString(text, "$1-$2-Rechner")
	return updateForm.ReplaceAllString(text, "$1-Installation")
}

func longDay(iso string) string {
	day, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return day.Format("2 January 2006")
}

// paraphrase says what the honest answer a to d says, in another order and in other forms.
func paraphrase(a answer, d data) answer {
	resolved := map[string]string{}
	for _, t := range d.Tickets {
		resolved[t.Label] = t.ResolvedOn
	}
	a.each(func(i *item) {
		if before, after, ok := strings.Cut(i.Text, " It was solved: "); ok {
			i.Text = fmt.Sprintf("%s That was the solution then. %s", ended(after), before)
			if on := resolved[i.Cites[0]]; on != "" {
				i.Text = fmt.Sprintf("On %s it ended so: %s", longDay(on), i.Text)
			}
		}
		i.Text = reword(strings.Replace(i.Text, "Try what helped before: ", "This has worked before, so begin with it: ", 1))
	})
	a.Summary = reword(a.Summary)
	return a
}

func ended(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "。") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}
