package tenant

import "log/slog"

const redacted = "[redacted]"

// Secret is a string that does not find its way into logs, errors or JSON by accident.
type Secret string

// Reveal gives the secret in clear, for the one who must use it.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret from fmt.
func (Secret) String() string { return redacted }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return redacted }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
