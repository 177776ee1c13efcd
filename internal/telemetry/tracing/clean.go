package tracing

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const (
	// longest is how many bytes of a text leave a process: enough for ids and reasons, too few for a ticket's text.
	longest = 256
	// unnamed stands for a name that is none of ours.
	unnamed = "unnamed"
)

// cleaned is a span of which only what is allowed can be read, and of that nothing that looks like a secret.
type cleaned struct {
	sdktrace.ReadOnlySpan

	name   string
	attrs  []attribute.KeyValue
	events []sdktrace.Event
	links  []sdktrace.Link
	status sdktrace.Status
}

func clean(s sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	c := cleaned{ReadOnlySpan: s, name: s.Name(), attrs: cleanAttrs(s.Attributes()), status: s.Status()}
	if !slices.Contains(names(), c.name) {
		c.name = unnamed
	}
	c.status.Description = cleanText(c.status.Description)
	for _, e := range s.Events() {
		e.Name, e.Attributes = cleanText(e.Name), cleanAttrs(e.Attributes)
		c.events = append(c.events, e)
	}
	for _, l := range s.Links() {
		l.Attributes = cleanAttrs(l.Attributes)
		c.links = append(c.links, l)
	}
	return c
}

func cleanAttrs(given []attribute.KeyValue) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, len(given))
	for _, a := range given {
		if !allowed(a.Key) {
			continue
		}
		switch a.Value.Type() {
		case attribute.STRING:
			a.Value = attribute.StringValue(cleanText(a.Value.AsString()))
		case attribute.STRINGSLICE:
			texts := a.Value.AsStringSlice()
			for i := range texts {
				texts[i] = cleanText(texts[i])
			}
			a.Value = attribute.StringSliceValue(texts)
		default: // numbers and truth values hold no text
		}
		attrs = append(attrs, a)
	}
	return attrs
}

func cleanText(text string) string {
	text = strings.ToValidUTF8(telemetry.Redact(text), "\uFFFD")
	if len(text) <= longest {
		return text
	}
	end := longest
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// Name implements sdktrace.ReadOnlySpan.
func (c cleaned) Name() string { return c.name }

// Attributes implements sdktrace.ReadOnlySpan.
func (c cleaned) Attributes() []attribute.KeyValue { return c.attrs }

// Events implements sdktrace.ReadOnlySpan.
func (c cleaned) Events() []sdktrace.Event { return c.events }

// Links implements sdktrace.ReadOnlySpan.
func (c cleaned) Links() []sdktrace.Link { return c.links }

// Status implements sdktrace.ReadOnlySpan.
func (c cleaned) Status() sdktrace.Status { return c.status }
