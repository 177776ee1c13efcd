package tracing

import (
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

// clean gives the span itself where there is nothing to clean, which is most often, and costs no memory then.
func clean(s sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	name, status := s.Name(), s.Status()
	if !known(name) {
		name = unnamed
	}
	status.Description = cleanText(status.Description)
	attrs, changed := cleanAttrs(s.Attributes())
	if !changed && name == s.Name() && status == s.Status() && len(s.Events()) == 0 && len(s.Links()) == 0 {
		return s
	}
	c := &cleaned{ReadOnlySpan: s, name: name, attrs: attrs, status: status}
	for _, e := range s.Events() {
		e.Name = cleanText(e.Name)
		e.Attributes, _ = cleanAttrs(e.Attributes)
		c.events = append(c.events, e)
	}
	for _, l := range s.Links() {
		l.Attributes, _ = cleanAttrs(l.Attributes)
		c.links = append(c.links, l)
	}
	return c
}

// cleanAttrs gives what may leave, and whether that is other than given, which stays as it is.
func cleanAttrs(given []attribute.KeyValue) (attrs []attribute.KeyValue, changed bool) {
	for i, a := range given {
		value, ok := a.Value, allowed(a.Key)
		if ok {
			value, ok = cleanValue(a.Value)
		}
		if !changed && (!ok || value != a.Value) {
			attrs, changed = append(make([]attribute.KeyValue, 0, len(given)), given[:i]...), true
		}
		if ok && changed {
			attrs = append(attrs, attribute.KeyValue{Key: a.Key, Value: value})
		}
	}
	if !changed {
		return given, false
	}
	return attrs, true
}

// cleanValue knows the types that our attributes have. What others there are, or come to be, may hold text anywhere inside.
func cleanValue(v attribute.Value) (attribute.Value, bool) {
	switch v.Type() { //nolint:exhaustive // see above
	case attribute.BOOL, attribute.INT64, attribute.FLOAT64:
		return v, true
	case attribute.STRING:
		text := v.AsString()
		if said := cleanText(text); said != text {
			return attribute.StringValue(said), true
		}
		return v, true
	case attribute.STRINGSLICE:
		texts := v.AsStringSlice()
		for i := range texts {
			texts[i] = cleanText(texts[i])
		}
		return attribute.StringSliceValue(texts), true
	default:
		return attribute.Value{}, false
	}
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
func (c *cleaned) Name() string { return c.name }

// Attributes implements sdktrace.ReadOnlySpan.
func (c *cleaned) Attributes() []attribute.KeyValue { return c.attrs }

// Events implements sdktrace.ReadOnlySpan.
func (c *cleaned) Events() []sdktrace.Event { return c.events }

// Links implements sdktrace.ReadOnlySpan.
func (c *cleaned) Links() []sdktrace.Link { return c.links }

// Status implements sdktrace.ReadOnlySpan.
func (c *cleaned) Status() sdktrace.Status { return c.status }
