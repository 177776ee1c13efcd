package synthesis

import "strings"

const (
	noUnit = ""
	things = "#"    // what is counted, such as users
	ofName = "name" // of a number that belongs to a name: "Windows 11"
)

// unitWords are the words for each unit, in English, German, French, Spanish, Italian, Dutch and Portuguese.
func unitWords() map[string]string {
	return map[string]string{
		"%":     "% ％ percent prozent pct percento procent",
		"ms":    "ms milliseconds millisecond millisekunden",
		"s":     "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos secondo secondi seconden",
		"min":   "min mins minute minutes minuten minuto minutos minuti minuut",
		"h":     "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren",
		"d":     "d day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen",
		"week":  "week weeks woche wochen semaine semaines semana semanas settimana settimane weken",
		"month": "month months monat monate monaten mois mes meses mese mesi maand maanden mês",
		"year":  "year years jahr jahre jahren an ans année années año años anno anni jaar ano anos",
		"kB":    "kb kilobyte kilobytes kib ko",
		"MB":    "mb megabyte megabytes mib mo",
		"GB":    "gb gigabyte gigabytes gib go",
		"TB":    "tb terabyte terabytes tib",
		"Mbit":  "mbit mbps mbits",
		"Gbit":  "gbit gbps gbits gbe",
		"x":     "x times mal fois vez veces vezes volta volte keer",
		"eur":   "€ eur euro euros",
		things: "user users people person persons client clients device devices machine machines pc pcs computer computers server servers host hosts mailbox mailboxes " +
			"printer printers laptop laptops account accounts employee employees benutzer benutzern nutzer personen geräte geräten rechner rechnern drucker konten " +
			"mitarbeiter utilisateur utilisateurs appareils postes usuarios equipos utenti gebruikers usuários",
	}
}

var unitOf = unitsByWord() //nolint:gochecknoglobals // a table, never written to

func unitsByWord() map[string]string {
	of := map[string]string{}
	for name, words := range unitWords() {
		for word := range strings.FieldsSeq(words) {
			of[word] = name
		}
	}
	for word := range strings.FieldsSeq("ghz mhz khz hz kw w kwh v px kg m km cm mm am pm uhr usd k") {
		of[word] = word
	}
	return of
}

// unit is the common name of a unit; noUnit for a word that is none.
func unit(word string) string {
	word = strings.ToLower(word)
	if of, ok := unitOf[word]; ok {
		return of
	}
	for _, u := range []struct{ beginning, of string }{ // "10-minütigen"
		{"sekündig", "s"}, {"minütig", "min"}, {"stündig", "h"}, {"tägig", "d"}, {"wöchig", "week"}, {"monatig", "month"}, {"jährig", "year"}, {"prozentig", "%"}, {"malig", "x"},
	} {
		if strings.HasPrefix(word, u.beginning) {
			return u.of
		}
	}
	return noUnit
}

// unitAt is the unit with which text begins, which follows a number. In scripts without spaces the sentence goes on behind it.
func unitAt(text string) string {
	m := unitAfter.FindStringSubmatch(text)
	if m == nil {
		return noUnit
	}
	for _, u := range []struct{ beginning, of string }{
		{"分", "min"},
		{"분", "min"},
		{"秒", "s"},
		{"초", "s"},
		{"小时", "h"},
		{"小時", "h"},
		{"時間", "h"},
		{"시간", "h"},
		{"日", "d"},
		{"天", "d"},
		{"일", "d"},
		{"週", "week"},
		{"周", "week"},
		{"주", "week"},
		{"か月", "month"},
		{"ヶ月", "month"},
		{"カ月", "month"},
		{"个月", "month"},
		{"個月", "month"},
		{"개월", "month"},
		{"年", "year"},
		{"년", "year"},
		{"回", "x"},
		{"次", "x"},
		{"번", "x"},
		{"人", things},
		{"名", things},
		{"台", things},
		{"명", things},
		{"대", things},
	} {
		if strings.HasPrefix(m[1], u.beginning) {
			return u.of
		}
	}
	return unit(m[1])
}
