package tenant_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestThePreviousSigningSecretEndsWithItsTime(t *testing.T) {
	until := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rotated := tenant.Credentials{SigningSecret: "new", PreviousSigningSecret: "old", PreviousUntil: until}
	for name, c := range map[string]struct {
		credentials tenant.Credentials
		at          time.Time
		want        []tenant.Secret
	}{
		"in the overlap":     {rotated, until.Add(-time.Nanosecond), []tenant.Secret{"new", "old"}},
		"at its end":         {rotated, until, []tenant.Secret{"new"}},
		"after it":           {rotated, until.Add(time.Hour), []tenant.Secret{"new"}},
		"without a rotation": {tenant.Credentials{SigningSecret: "new"}, until, []tenant.Secret{"new"}},
		"without an end":     {tenant.Credentials{SigningSecret: "new", PreviousSigningSecret: "old"}, until, []tenant.Secret{"new"}},
	} {
		if got := c.credentials.SigningSecrets(c.at); !slices.Equal(got, c.want) {
			t.Errorf("%s: %d secrets, want %d, or in another order", name, len(got), len(c.want))
		}
	}
}

func TestTextThatCannotBeStoredIsRefused(t *testing.T) {
	for name, text := range map[string]string{"a zero byte": "a\x00b", "no UTF-8": "a\xffb"} {
		stored, _ := valid()
		stored.Name = text
		if stored.Validate() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
