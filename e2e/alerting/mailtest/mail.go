package mailtest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Mail is a message, decoded.
type Mail struct {
	From    string   // of the envelope
	To      []string // likewise
	Subject string
	// Text and HTML are the alternatives; empty when the message has no such part.
	Text, HTML string
}

// parse reads a message with alternatives (RFC 2046) or of one part.
func parse(r io.Reader) (Mail, error) {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return Mail{}, fmt.Errorf("read the message: %w", err)
	}
	var m Mail
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		return Mail{}, fmt.Errorf("read the subject: %w", err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return Mail{}, fmt.Errorf("read the content type: %w", err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return m, m.add(kind, message.Header.Get("Content-Transfer-Encoding"), message.Body)
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return Mail{}, fmt.Errorf("read the parts: %w", err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			return Mail{}, fmt.Errorf("read the content type of a part: %w", err)
		}
		if err := m.add(kind, part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
			return Mail{}, err
		}
	}
}

// add decodes one part; of those that are neither text nor HTML nothing is kept.
func (m *Mail) add(kind, encoding string, r io.Reader) error {
	if strings.EqualFold(encoding, "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read a part: %w", err)
	}
	switch kind {
	case "text/plain":
		m.Text = string(content)
	case "text/html":
		m.HTML = string(content)
	}
	return nil
}
