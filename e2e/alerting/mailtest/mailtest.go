// Package mailtest is a mail server that takes messages from one user and keeps them. It speaks SMTP (RFC 5321) with AUTH PLAIN, on
// loopback without TLS.
package mailtest

import (
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	maxMessage = 10 << 20
	patience   = 10 * time.Second

	transactionFailed = 554 // RFC 5321, 4.2.3
)

// Server is the mail server.
type Server struct {
	addr, user, password string

	mu     sync.Mutex
	mails  []Mail
	faults []int // SMTP codes
}

// New starts a server for as long as the test runs, which the user may send with.
func New(t testing.TB, user, password string) *Server {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{addr: listener.Addr().String(), user: user, password: password}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	server.Domain, server.AllowInsecureAuth, server.MaxMessageBytes = "127.0.0.1", true, maxMessage
	server.ReadTimeout, server.WriteTimeout = patience, patience
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("the mail server: %v", err)
		}
	})
	return s
}

// Addr is host and port.
func (s *Server) Addr() string { return s.addr }

// Fail has the next n recipients refused with an SMTP code, as servers do: 450 for "try again", 550 for "never". The answer to a message's
// text is no place for faults here: Alertmanager 0.25 does not look at it.
func (s *Server) Fail(n, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, slices.Repeat([]int{code}, n)...)
}

// Mails are those that were taken, in their order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *Server) take(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
}

func (s *Server) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return nil
	}
	code := s.faults[0]
	s.faults = s.faults[1:]
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 2, 0}, Message: "as the test asked for"}
}

// session is one connection.
type session struct {
	server *Server
	proven bool
	from   string
	to     []string
}

// AuthMechanisms implements smtp.AuthSession.
func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.server.user || subtle.ConstantTimeCompare([]byte(password), []byte(c.server.password)) != 1 {
			return smtp.ErrAuthFailed
		}
		c.proven = true
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if !c.proven {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := c.server.fault(); err != nil {
		return err
	}
	c.to = append(c.to, to)
	return nil
}

// Data implements smtp.Session.
func (c *session) Data(r io.Reader) error {
	m, err := parse(r)
	if err != nil {
		return &smtp.SMTPError{Code: transactionFailed, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	m.From, m.To = c.from, slices.Clone(c.to)
	c.server.take(m)
	return nil
}

// Reset implements smtp.Session.
func (c *session) Reset() { c.from, c.to = "", nil }

// Logout implements smtp.Session.
func (*session) Logout() error { return nil }
