package mailtest_test

import (
	"errors"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/e2e/alerting/mailtest"
)

const (
	user     = "alerts@example.com"
	password = "example-not-a-secret"
)

var alternatives = strings.ReplaceAll(`Subject: =?utf-8?q?caf=C3=A9?=
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

it=20is broken
--b
Content-Type: text/html; charset=UTF-8

<b>broken</b>
--b
Content-Type: application/octet-stream

else
--b--
`, "\n", "\r\n")

func send(s *mailtest.Server, password, body string) error {
	auth := smtp.PlainAuth("", user, password, "127.0.0.1")
	return smtp.SendMail(s.Addr(), auth, "from@example.com", []string{"a@example.com", "b@example.com"}, []byte(body))
}

func code(err error) int {
	if refusal, ok := errors.AsType[*textproto.Error](err); ok {
		return refusal.Code
	}
	return 0
}

func TestAMessageIsTaken(t *testing.T) {
	s := mailtest.New(t, user, password)
	if err := send(s, password, alternatives); err != nil {
		t.Fatal(err)
	}
	if err := send(s, password, "Subject: plain\r\nContent-Type: text/plain\r\n\r\nbroken\r\n"); err != nil {
		t.Fatal(err)
	}
	to := []string{"a@example.com", "b@example.com"}
	want := []mailtest.Mail{
		{From: "from@example.com", To: to, Subject: "café", Text: "it is broken", HTML: "<b>broken</b>"},
		{From: "from@example.com", To: to, Subject: "plain", Text: "broken\r\n"},
	}
	if diff := cmp.Diff(want, s.Mails()); diff != "" {
		t.Error(diff)
	}
}

func TestWhoIsNotProvenSendsNothing(t *testing.T) {
	s := mailtest.New(t, user, password)
	if err := send(s, "wrong", alternatives); code(err) != 535 {
		t.Errorf("a wrong password: %v", err)
	}
	if err := smtp.SendMail(s.Addr(), nil, "from@example.com", []string{"a@example.com"}, []byte(alternatives)); code(err) != 502 {
		t.Errorf("no password: %v", err)
	}
	if got := s.Mails(); len(got) != 0 {
		t.Errorf("kept %+v", got)
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	s := mailtest.New(t, user, password)
	for name, body := range map[string]string{
		"no header":         "broken",
		"no content type":   "Subject: x\r\n\r\nbroken\r\n",
		"no end":            "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nbroken\r\n",
		"a part of no type": "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nbroken\r\n--b--\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := send(s, password, body); code(err) != 554 {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAFaultTakesNoMessage(t *testing.T) {
	s := mailtest.New(t, user, password)
	s.Fail(1, 450)
	if err := send(s, password, alternatives); code(err) != 450 || len(s.Mails()) != 0 {
		t.Errorf("got %v and kept %+v", err, s.Mails())
	}
	if err := send(s, password, alternatives); err != nil || len(s.Mails()) != 1 {
		t.Errorf("the next: %v, %+v", err, s.Mails())
	}
}
