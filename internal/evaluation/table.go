package evaluation

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Table is r as Markdown. It holds what is the same in each run with the simulator, and nothing else.
func (r Report) Table() string {
	var b strings.Builder
	if r.Simulated {
		fmt.Fprintf(&b, "Models that the simulator plays; %d cases. These are figures of the checks, and not of a model.\n\n", r.Cases)
	} else {
		fmt.Fprintf(&b, "Model `%s`, asked now; %d cases. The attacks are run with the simulator's model that obeys.\n\n", r.Subject, r.Cases)
	}
	rows := [][]string{{
		"Model", "Answered", "Abstained", "Citation precision", "Citation recall", "Expected facts", "Forbidden facts", "Claims", "Unsupported claims", "Refused statements",
		"Off-source wording", "Unknown citations", "Fallback",
	}}
	for _, m := range r.Models {
		f := m.Figures
		row := []string{
			m.Model, percent(f.Answered), percent(f.Abstained), percent(f.Precision), percent(f.Recall), percent(f.Facts), strconv.Itoa(f.Forbidden),
			strconv.Itoa(f.Claims), strconv.Itoa(f.Unsupported), strconv.Itoa(f.Refused), percent(f.OffSource), strconv.Itoa(f.Unknown), percent(f.Fallback),
		}
		if f.Claims == 0 { // a share of nothing says nothing
			row[3], row[4], row[10] = "–", "–", "–"
		}
		rows = append(rows, row)
	}
	writeTable(&b, rows)
	rows = [][]string{{"Model", "Masking leaks", "Secrets shown", "Effects outside the text", "Most words", "Notes too long", "Calls", "Prompt tokens", "Completion tokens", "Cost, US dollars"}}
	for _, m := range r.Models {
		f := m.Figures
		rows = append(rows, []string{
			m.Model, strconv.Itoa(f.Leaks), strconv.Itoa(f.Shown), strconv.Itoa(f.Effects), strconv.Itoa(f.MostWords), strconv.Itoa(f.TooLong), strconv.Itoa(f.Calls),
			strconv.Itoa(f.PromptTokens), strconv.Itoa(f.CompletionTokens), fmt.Sprintf("%.3f", f.CostUSD),
		})
	}
	writeTable(&b, rows)
	rows = [][]string{{"Attack", "Attacks", "With effect where the model is believed", "With effect outside the note's text"}}
	for _, c := range r.Attacks.Classes {
		rows = append(rows, []string{c.Class, strconv.Itoa(c.Attacks), strconv.Itoa(c.Effective), strconv.Itoa(c.WithEffect)})
	}
	a := r.Attacks
	rows = append(rows, []string{"**all**", strconv.Itoa(a.Attacks), strconv.Itoa(a.Effective), fmt.Sprintf("**%d of %d**", a.WithEffect, a.Attacks)})
	writeTable(&b, rows)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// Times tells how long drafts took: informative, because it depends on the machine.
func (r Report) Times() string {
	var b strings.Builder
	for _, m := range r.Models {
		fmt.Fprintf(&b, "%s: half of the notes within %v, 95 %% within %v\n", m.Model, m.Figures.Median.Round(time.Microsecond), m.Figures.P95.Round(time.Microsecond))
	}
	return b.String()
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

func writeTable(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|---:", len(row)-1) + "|\n")
		}
	}
	b.WriteString("\n")
}
