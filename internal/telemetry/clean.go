package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/sensitive"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// clean is slog's ReplaceAttr: it sees the message, and each attribute with its value resolved, members of groups included.
// What it returns is what is written.
func clean(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Time("timestamp", a.Value.Time().UTC())
	}
	if sensitive.SecretName(a.Key) || slices.ContainsFunc(groups, sensitive.SecretName) {
		return slog.String(a.Key, redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(legible(a.Key, a.Value.String()))
	case slog.KindDuration:
		// One unit in all logs, and the key says which.
		return slog.Int64(strings.TrimSuffix(a.Key, "_ms")+"_ms", a.Value.Duration().Milliseconds())
	case slog.KindInt64, slog.KindUint64:
		a.Value = cleanNumber(a.Value)
	case slog.KindAny:
		if _, isLevel := a.Value.Any().(slog.Level); !isLevel {
			a.Value = cleanAny(a.Key, a.Value.Any())
		}
	case slog.KindBool, slog.KindFloat64, slog.KindTime, slog.KindGroup, slog.KindLogValuer: // hold no text
	}
	return a
}

// legible is RedactValue of text without what is invisible, which deceives whoever reads the log, and could hide a secret.
func legible(key, text string) string { return RedactValue(key, ticket.Normalize(text)) }

// cleanNumber leaves numbers that are no card's.
func cleanNumber(v slog.Value) slog.Value {
	const shortestCard = 1e13
	if v.Kind() == slog.KindInt64 && v.Int64() < shortestCard || v.Kind() == slog.KindUint64 && v.Uint64() < shortestCard {
		return v
	}
	if len(sensitive.Cards(v.String())) > 0 {
		return slog.StringValue(redacted)
	}
	return v
}

// cleanAny writes errors and bytes as text, and anything else as JSON does, redacted inside. A value whose own methods
// panic costs its value, and not the app.
func cleanAny(key string, value any) (out slog.Value) {
	defer func() {
		if r := recover(); r != nil {
			out = slog.StringValue(fmt.Sprintf("[unprintable %T]", value))
		}
	}()
	switch v := value.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(legible(key, v.Error()))
	case []byte:
		return slog.StringValue(legible(key, bytesAsText(v)))
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return slog.StringValue(legible(key, fmt.Sprintf("[%T: %v]", value, err)))
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return slog.StringValue(fmt.Sprintf("[unprintable %T]", value))
	}
	return slog.AnyValue(cleanTree(key, tree))
}

// cleanTree redacts what was decoded from JSON, in place.
func cleanTree(key string, tree any) any {
	switch v := tree.(type) {
	case string:
		return legible(key, v)
	case json.Number:
		if len(sensitive.Cards(v.String())) > 0 {
			return redacted
		}
	case []any:
		for i := range v {
			v[i] = cleanTree(key, v[i])
		}
	case map[string]any:
		for name, inner := range v {
			clean := Redact(ticket.Normalize(name))
			if clean != name {
				delete(v, name)
			}
			if sensitive.SecretName(name) {
				v[clean] = redacted
			} else {
				v[clean] = cleanTree(name, inner)
			}
		}
	}
	return tree
}

// bytesAsText shows bytes that are text, which JSON would write in base64, where no pattern finds anything.
func bytesAsText(b []byte) string {
	if !utf8.Valid(b) {
		return "[" + strconv.Itoa(len(b)) + " bytes]"
	}
	return string(b)
}
