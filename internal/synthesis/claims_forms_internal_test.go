package synthesis

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// restingOn is a note's input with one past ticket that says source.
func restingOn(ticket, source string) Input {
	var in Input
	in.Ticket.ID, in.Ticket.Description = "2001", ticket
	in.Tickets.Items = []gather.Item{{ID: "1001", Title: "It was like this", Resolution: source}}
	return in
}

func reasonFor(in Input, text string) string {
	src := newSources(in)
	return newClaimChecker(in, src, nil).unsupported(modelText(text), text, refsTo(src, "T1"))
}

// Digits of an address, a phone number, a version, a date or a name are no amounts.
func TestDigitsOfOtherFactsAreNoAmounts(t *testing.T) {
	t.Parallel()
	const ticket = "VPN drops on Windows 11 at 192.168.100.20 since 2026-05-28; call +1 212-555-0123. The MAC is 00:1A:2B:33:44:55, timeout: 30, 90 % are lost."
	in := restingOn(ticket, "Build 10.0.19045 on PC-0815 with TLS 1.2 was updated by KB5031234.")
	for _, text := range []string{
		"CPU load was at 100 %.", "Free 192 GB.", "Wait 11 minutes.", "Raise the timeout to 168 hours.", "Set the limit to 555 MB.", "This affects 19045 users.",
		"It affects 11 users.", "It took 28 days.", "Wait 2026 seconds.", "It affects 2026 users.", "Set it to 33.", "Set it to 212.", "It takes 815 s.", "815 users are affected.",
		"Wait eleven minutes.", "Wait 30 seconds.", "It affects 90 users.", "It affects 2001 users.", "Wait 10 to 11 minutes.", "11 分待ってください。", "请等待11分钟。", "Il faut attendre 11 heures.",
	} {
		if reasonFor(in, text) == "" && text != "Wait eleven minutes." { // numbers in words up to twelve are not looked up
			t.Errorf("%q passes", text)
		}
	}
	for _, text := range []string{
		"It is Windows 11, build 19045.", "Version 10.0 is affected.", "Update 5031234 was installed.", "Set the timeout to 30.", "90 percent are lost.", "KB 5031234 helped.",
	} {
		if reason := reasonFor(in, text); reason != "" {
			t.Errorf("%q is dropped as %s", text, reason)
		}
	}
}

// What is said in other words, forms and languages than the source's is not dropped.
func TestFormsOfLanguagesSurvive(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ source, text string }{
		{"Error 0x80070005 came up; removed KB5031234.", "エラー0x80070005が発生した場合は更新を確認してください。"},
		{"Error 0x80070005 came up; removed KB5031234.", "KB5031234を適用した後に発生しました。"},
		{"Error 0x80070005 came up; removed KB5031234.", "KB5031234를 제거하십시오. 오류0x80070005가 있습니다."},
		{"Error 0x80070005 came up; removed KB5031234.", "错误0x80070005是KB5031234造成的。"},
		{"Error 0x80070005 came up; removed KB5031234.", "ข้อผิดพลาด0x80070005เกิดขึ้น"},
		{"プリントスプーラーを3回再起動した。", "スプーラーを3回再起動します。"},
		{"Restarted the spooler three times.", "スプーラーを3回再起動します。"},
		{"The certificate ran out on 2026-05-03.", "证书于2026年5月3日过期。"},
		{"The certificate ran out on 2026-05-03.", "証明書は5月3日に切れました。"},
		{"The certificate ran out on 2026-05-03.", "인증서가 2026년 5월 3일에 만료되었습니다."},
		{"証明書は2026年5月3日に切れた。", "The certificate ran out on 3 May 2026."},
		{"Restart at 14:30.", "14時30分に再起動します。"},
		{"Waited 3 hours.", "3時間待ちます。"},
		{"Restarted the Windows 11 computer.", "Den Windows-11-Rechner neu starten."},
		{"Restarted the Windows 11 computer.", "Den Windows-11-PC neu starten."},
		{"Signed in to the Office 365 account.", "Mit dem Office-365-Konto anmelden."},
		{"Installed KB5031234 again.", "Die KB5031234-Installation wiederholen."},
		{"Installed KB5031234 again.", "It is a KB5031234-related fault."},
		{"Restarted it 3 times.", "Den Dienst 3-mal neu starten."},
		{"Waited for 10 minutes.", "Nach einer 10-minütigen Pause geht es wieder."},
		{"Waited for 5 to 10 minutes.", "Nach 5 Minuten geht es wieder."},
		{"Replaced it by 64 GB of memory.", "Das 64-GB-Modul einbauen."},
		{"Das 64-GB-Modul eingebaut.", "Fit the 64 GB module."},
		{"The printer on the 3rd floor.", "L'imprimante est au 3e étage."},
		{"The printer is on floor 3.", "L'imprimante est au 3e étage."},
		{"It restarts at 14:30.", "Le service repart à 14h30."},
		{"It restarts at 14:30.", "Der Neustart ist um 14.30 Uhr."},
		{"It restarts at 14:00.", "Der Neustart ist um 14 Uhr."},
		{"It restarts at 14:00.", "It restarts at 2 pm."},
		{"It cost 1,234.50 in all.", "Es kostete 1.234,50 insgesamt."},
		{"The server was replaced on 2019-03-04.", "In 2019 the server was replaced."},
		{"Installed the update.", "Das Update-Paket installieren."},
		{"Pressed the button.", "Den Reset-Knopf drücken, die Import-Datei prüfen und das Start-Menü öffnen."},
		{"Ran Get-MailboxPermission.", "Run Get-MailboxPermission."},
		{"It was on 2026-03-04.", "Es war am 4. März 2026; am 4. Mär. 2026."},
		{"It was on 2026-08-04.", "C'était le 4 août 2026."},
		{"It was on 2026-08-01.", "C'était le 1er août 2026."},
		{"It was on 2026-03-04.", "Foi em 4 de março de 2026, e il 4 marzo 2026, op 4 maart 2026, el 4 de marzo de 2026."},
		{"It was on 2026-12-04.", "Era il 4 dicembre 2026, 4 déc. 2026, 4 dez 2026."},
	} {
		if reason := reasonFor(restingOn("It fails.", tc.source), tc.text); reason != "" {
			t.Errorf("%q is dropped as %s; the source says %q", tc.text, reason, tc.source)
		}
	}
}

// The same forms with something else in them are dropped.
func TestFormsOfLanguagesAreLookedUp(t *testing.T) {
	t.Parallel()
	const source = "Error 0x80070005 on 2026-05-03 at 14:30 after KB5031234 on srv-12-db and Windows 11, three times, for 10 minutes, floor 3. It cost 1,234.50."
	for _, text := range []string{
		"エラー0x80070006が発生しました。", "KB5031235を適用した後。", "スプーラーを4回再起動します。", "证书于2026年5月4日过期。", "15時30分に再起動します。", "Den Windows-10-Rechner neu starten.",
		"Die KB5031235-Installation wiederholen.", "Den Dienst 4-mal neu starten.", "Nach einer 20-minütigen Pause.", "Au 4e étage.", "À 15h30.", "Um 15.30 Uhr.",
		"Um 15 Uhr.", "Es kostete 1.234,60.", "Restart srv-12-web.", "Restart srv-13-db.", "Foi em 4 de março de 2026.", "C'était le 3 août 2026.", "Run Get-MailboxPermission.", "Run Set-ADUser.",
		"Run Stop-Service there.", "Restart in 2025.", "Das 10-GB-Modul einbauen.",
	} {
		if reasonFor(restingOn("It fails.", source), text) == "" {
			t.Errorf("%q passes", text)
		}
	}
}

// What the prompt had no room for supports nothing.
func TestOnlyWhatWasSentSupports(t *testing.T) {
	t.Parallel()
	in := restingOn("It fails.", strings.Repeat("word ", 260)+"error 0x80070005")
	in.Articles.Items = []gather.Item{{ID: "kb-1", Title: "An article", Text: "Error 0x80070006. " + strings.Repeat("word ", 150) + "It took 77 seconds."}}
	src := newSources(in)
	c := newClaimChecker(in, src, map[string]bool{"A1": true})
	for _, text := range []string{"It was error 0x80070005.", "It was error 0x80070006.", "It took 77 seconds."} {
		if c.unsupportedByAll(text, text) == "" {
			t.Errorf("%q passes, which the model was not told", text)
		}
	}
	c = newClaimChecker(in, src, nil)
	if reason := c.unsupportedByAll("It was error 0x80070006.", ""); reason != "" {
		t.Errorf("what was sent is dropped as %s", reason)
	}
	if c.unsupported("It took 77 seconds.", "", refsTo(src, "A1")) == "" {
		t.Error("what was cut off an article supports an item")
	}
	in.Voice.Off = []string{keyArticles, keyRecommendations}
	if newClaimChecker(in, newSources(in), nil).unsupportedByAll("It was error 0x80070006.", "") == "" {
		t.Error("a kind of source that is not sent supports a summary")
	}
}

// A label is counted where it is what is wrong with an item, and not beside another reason.
func TestLabelsAreCountedOnce(t *testing.T) {
	t.Parallel()
	in := restingOn("It fails.", "Restarted the spooler.")
	c := newChecker(in, newSources(in), nil)
	c.section("", []rawItem{
		{text: "Restart the spooler.", cites: []string{"T1", "T9"}},
		{text: "Restart the spooler.", cites: []string{"T1", "T8"}},                        // a double
		{text: "Restart the spooler now, 48151 times.", cites: []string{"T1", "T7", "T6"}}, // an invention
		{text: "Restart it.", cites: []string{"T5", "T4"}},
		{text: "", cites: []string{"T3"}},
	})
	for reason, want := range map[string]int{DropUnknownCitation: 3, DropUncited: 1, DropDuplicate: 1, DropUnsupportedNumber: 1, DropEmpty: 1} {
		if c.dropped[reason] != want {
			t.Errorf("%s: %d, want %d in %v", reason, c.dropped[reason], want, c.dropped)
		}
	}
}
