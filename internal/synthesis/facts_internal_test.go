package synthesis

import (
	"slices"
	"testing"
)

// Whatever is quoted word for word is supported: a text tells all facts that are found in it.
func FuzzATextSupportsItself(f *testing.F) {
	for _, text := range []string{
		"Error 0x80070005, ORA-12541, KB5031234, HTTP 503, exit code 1 on 2026-05-28 at 14:30; 01.03.2026, 3/1/2026, 1 March 2026, March 2026.",
		"10.1.2.3/24, 2001:db8::1, ::1, 00:1A:2B:3C:4D:5E, db01.corp.example, user@mail.example, +49 30 901820, C:\\Windows\\x, \\\\fs01\\a, /etc/hosts -rf --force",
		"1,500 s, 1.500 s, 1 500 s, 2.5 GB, 80 %, 5GB, 5-minute, v1.2.3.4.5, 00, 007, twenty, \"Access is denied\", “x”, 'y', „z“ sfc Restart-Service",
		"٩٩ ９９ 300.1.2.3 1.2.3. ::::: 0x 0x0 99:99 13/13/2026 00.00.0000 e.g. 1'000 … error code is 5",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = modelText(text)
		e := newEvidence(text)
		for _, fact := range scan(text) {
			if !e.tells(fact) {
				t.Errorf("%+v is not told by %q", fact, text)
			}
		}
	})
}

// A text that somebody else wrote never supports what is not in it: of a text without digits, no number, address or code is told.
func FuzzDigitsAreNotMadeUp(f *testing.F) {
	f.Add("VPN drops twenty times", "It is 0x80070005 on 10.1.2.3")
	f.Fuzz(func(t *testing.T, evidence, claim string) {
		if hasDigit.MatchString(asciiDigits(evidence)) {
			return
		}
		e := newEvidence(plain(evidence))
		for _, fact := range scan(modelText(claim)) {
			if hasDigit.MatchString(fact.text) && fact.kind != factNumber && fact.kind != factQuote && e.tells(fact) {
				t.Errorf("%+v is told by %q", fact, evidence)
			}
		}
	})
}

func TestScan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]factKind{
		"":                                nil,
		"Renew the certificate.":          nil,
		"Wi-Fi and T-Online, and/or 3rd.": {factCode},
		"Call +49 30 901820 now.":         {factPhone},
		"On 2026-05-28 at 14:30.":         {factDate, factTime},
		"fe80::1 and 10.1.2.3:443.":       {factAddress, factAddress, factNumber},
		"It is 10:30:15 now.":             {factTime},
		"See 'New mailbox' there.":        {factQuote},
		"the users' and admins' rights":   nil,
		"a 24\" and a 27\" screen":        {factNumber, factNumber},
		"sfc /scannow":                    {factCommand, factCommand},
		"5-minute and 5GB":                {factNumber, factNumber},
		"a@b.example":                     {factMail},
	} {
		var got []factKind
		for _, f := range scan(text) {
			got = append(got, f.kind)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v (%+v)", text, got, want, scan(text))
		}
	}
}
