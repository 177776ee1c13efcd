package masking_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/masking"
)

// names are invented, and of all sorts.
func names() []string {
	return []string{
		"Jane Quimby", "Müllenbrück, Jörg", "Renée-Claire O'Niall", "Mark Page", "Will Power", "王小明", "System Administrator", "Helpdesk Support", "Li Wu", "",
	}
}

func everything() []masking.Kind { return append(masking.Defaults(), masking.KindAddress) }

func TestValuesAreHiddenAndComeBack(t *testing.T) {
	for kind, cases := range hidden() {
		for _, c := range cases {
			m := masking.New([]masking.Kind{kind}, names())
			masked := m.Hide(c.text)
			if strings.Contains(masked, c.planted) || m.Counts()[kind] == 0 {
				t.Errorf("%s: %q becomes %q", kind, c.text, masked)
			}
			if !strings.Contains(masked, "[["+strings.ToUpper(string(kind))+"_") {
				t.Errorf("%s: no token in %q", kind, masked)
			}
			if rest := strings.Replace(c.text, c.planted, "", 1); len(masked) < len(rest) {
				t.Errorf("%s: more than %q is gone of %q: %q", kind, c.planted, c.text, masked)
			}
			if got := m.Show(masked); got != c.text {
				t.Errorf("%s: %q comes back as %q", kind, c.text, got)
			}
		}
	}
}

func TestNothingIsHiddenOfAKindThatWasNotChosen(t *testing.T) {
	for kind, cases := range hidden() {
		others := slices.DeleteFunc(everything(), func(k masking.Kind) bool { return k == kind })
		for _, c := range cases {
			m := masking.New(others, names())
			m.Hide(c.text)
			if m.Counts()[kind] != 0 {
				t.Errorf("%s: hidden in %q", kind, c.text)
			}
		}
	}
}

func TestSecretsNeverComeBack(t *testing.T) {
	for _, c := range secrets() {
		m := masking.New(nil, nil)
		masked := m.Hide(c.text)
		if strings.Contains(masked, c.planted) || m.Counts()[masking.KindCredential] == 0 {
			t.Errorf("%q becomes %q", c.text, masked)
		}
		if got := m.Show(masked); strings.Contains(got, c.planted) || !strings.Contains(got, masking.Removed) {
			t.Errorf("%q comes back as %q", c.text, got)
		}
	}
}

func TestHarmlessTextIsLeftAlone(t *testing.T) {
	for _, text := range harmless() {
		m := masking.New(masking.Defaults(), names())
		if got := m.Hide(text); got != text || len(m.Counts()) != 0 {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestThereAreCasesEnough(t *testing.T) {
	positive := len(secrets())
	for cases := range maps.Values(hidden()) {
		positive += len(cases)
	}
	if negative := len(harmless()); positive < 120 || negative < 60 {
		t.Errorf("%d positive and %d negative cases", positive, negative)
	}
}

func TestTheSameValueHasTheSameNumberHoweverItIsWritten(t *testing.T) {
	m := masking.New(everything(), names())
	for _, c := range []struct{ text, want string }{
		{"Jane.Doe@example.com", "[[EMAIL_1]]"},
		{"jane.doe@EXAMPLE.com", "[[EMAIL_1_2]]"},
		{"jane.doe (at) example (dot) com", "[[EMAIL_1_3]]"},
		{"other@example.com", "[[EMAIL_2]]"},
		{"Jane.Doe@example.com", "[[EMAIL_1]]"},
		{"+1 212 555 0123", "[[PHONE_1]]"},
		{"(212) 555-0123", "[[PHONE_1_2]]"},
		{"so 2125550123 it was", "so [[PHONE_1_3]] it was"},
		{"4111 1111 1111 1111", "[[CARD_1]]"},
		{"4111111111111111", "[[CARD_1_2]]"},
		{"DE89 3704 0044 0532 0130 00", "[[BANK_1]]"},
		{"de89370400440532013000", "[[BANK_1_2]]"},
		{"Jane Quimby", "[[NAME_1]]"},
		{"Quimby", "[[NAME_1_2]]"},
		{"JANE", "[[NAME_1_3]]"},
		{"Jörg", "[[NAME_2]]"},
		{"Quimby, jane.doe@example.com", "[[NAME_1_2]], [[EMAIL_1_4]]"},
		{"2001:db8::1", "[[ADDRESS_1]]"},
		{"2001:DB8:0::1", "[[ADDRESS_1_2]]"},
		{"password: hunter2", "password: [[CREDENTIAL_1]]"},
		{"he typed \"hunter2\", twice", "he typed \"[[CREDENTIAL_1]]\", twice"},
	} {
		masked := m.Hide(c.text)
		if masked != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, masked, c.want)
		}
		if got := m.Show(masked); got != c.text && !strings.Contains(c.text, "hunter2") {
			t.Errorf("%q comes back as %q", c.text, got)
		}
	}
	want := map[masking.Kind]int{
		masking.KindEmail: 2, masking.KindPhone: 1, masking.KindCard: 1, masking.KindBank: 1, masking.KindName: 2, masking.KindAddress: 1, masking.KindCredential: 1,
	}
	if got := m.Counts(); !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

func TestAPartOfTwoNamesIsNeithers(t *testing.T) {
	m := masking.New([]masking.Kind{masking.KindName}, []string{"Ann Quimby", "Bob Quimby"})
	if got := m.Hide("Ann Quimby, Bob Quimby; Quimby"); got != "[[NAME_1]], [[NAME_2]]; [[NAME_3]]" {
		t.Error(got)
	}
}

func TestWhatLooksLikeATokenShowsItselfAndNothingElse(t *testing.T) {
	for _, text := range []string{
		"[[EMAIL_1]]", "[[email_1]]", "[EMAIL_1]", "EMAIL_1", "[[ Email 1 ]]", `\[\[EMAIL\_1\]\]`, "[[EMAIL_1_2]]", "[[EMAIL_1", "EMAIL_1]]", "[[[[EMAIL_1]]]]",
		"[[[EMAIL_1]]", "[[TEXT_1]]", "[[TEXT_2]] [[TEXT_1]]", "[[CREDENTIAL_1]]", "[[EMAIL_[[EMAIL_1]]1]]", "EMAIL_1@example.com", "[[EMAIL_1]][[EMAIL_1]]", "[[EMAIL_999]]",
	} {
		m := masking.New(masking.Defaults(), nil)
		m.Hide("jane@example.com, password: hunter2")
		masked := m.Hide(text)
		if got := m.Show(masked); got != text {
			t.Errorf("%q becomes %q and comes back as %q", text, masked, got)
		}
		if got := m.Show(masked); strings.Contains(got, "jane@") {
			t.Errorf("%q unveils %q", text, got)
		}
	}
}

func TestMangledTokensAreUnderstoodAndInventedOnesRemoved(t *testing.T) {
	m := masking.New(masking.Defaults(), nil)
	m.Hide("jane@example.com JANE@example.com password: hunter2")
	for answer, want := range map[string]string{
		"write to [[EMAIL_1]].":                 "write to jane@example.com.",
		"[[email_1]]":                           "jane@example.com",
		"[[ EMAIL_1 ]]":                         "jane@example.com",
		"[EMAIL_1]":                             "jane@example.com",
		"[Email 1]":                             "jane@example.com",
		"EMAIL_1":                               "jane@example.com",
		"[[EMAIL-1]]":                           "jane@example.com",
		`\[\[EMAIL\_1\]\]`:                      "jane@example.com",
		"**[[EMAIL_1]]**":                       "**jane@example.com**",
		"[[EMAIL_1_2]]":                         "JANE@example.com",
		"[[EMAIL_1_7]]":                         "jane@example.com",
		"[[EMAIL_2]]":                           "",
		"a [[PHONE_1]] b":                       "a  b",
		"[[EMAIL_0]]":                           "",
		"[[EMAIL_01]]":                          "jane@example.com",
		"[[EMAIL_999999999]]":                   "",
		"[[CREDENTIAL_1]]":                      masking.Removed,
		"[[CREDENTIAL_1_2]] and [credential 1]": masking.Removed + " and " + masking.Removed,
		"[[CREDENTIAL_2]]":                      "",
		"email 1, phone 2":                      "email 1, phone 2",
		"[1] [[2]] [[NOTE_1]] EMAIL_X":          "[1] [[2]] [[NOTE_1]] EMAIL_X",
		"":                                      "",
	} {
		if got := m.Show(answer); got != want {
			t.Errorf("%q shows %q, want %q", answer, got, want)
		}
	}
}

func TestNumbersDependOnTheTextsAlone(t *testing.T) {
	texts := []string{"a@example.com b@example.com", "Jane Quimby and Mark Page, +49 30 1234567", "b@example.com password: hunter2"}
	hide := func() (all []string) {
		m := masking.New(masking.Defaults(), names())
		for _, text := range texts {
			all = append(all, m.Hide(text))
		}
		return all
	}
	first := hide()
	for range 20 {
		if again := hide(); !slices.Equal(first, again) {
			t.Fatalf("%q, then %q", first, again)
		}
	}
}

func TestASecretIsHiddenWhereverItStands(t *testing.T) {
	m := masking.New(nil, nil)
	m.Learn("Resolution: password: hunter2 and the PIN: 4829")
	if got := m.Hide("she typed (hunter2), and 4829 times nothing"); got != "she typed ([[CREDENTIAL_1]]), and 4829 times nothing" {
		t.Error(got)
	}
	if got := m.Show("[[CREDENTIAL_2]]"); got != "" {
		t.Errorf("learning handed out a token for %q", got)
	}
}

// A note that was kept has our remarks on secrets in it, and is read again.
func TestWhatWasRemovedIsNotRemovedAgain(t *testing.T) {
	for _, text := range []string{"password: (credential removed)", "pw=(credential removed), and", `password is "(credential removed)"`, "PIN (credential removed)."} {
		m := masking.New(nil, nil)
		if got := m.Show(m.Hide(text)); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	m := masking.New(nil, nil)
	if got := m.Hide(`password: "(credential removed) hunter2"`); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}

func TestBlank(t *testing.T) {
	for range 2 {
		got := masking.Blank("Jane Quimby <jane@example.com> and b@example.com at 192.0.2.1: password: hunter2, [[EMAIL_1]]", []string{"Jane Quimby"})
		if got != "[NAME] <[EMAIL]> and [EMAIL] at [ADDRESS]: password: [CREDENTIAL], [[EMAIL_1]]" {
			t.Error(got)
		}
	}
}
