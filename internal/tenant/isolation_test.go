package tenant_test

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestEnhancerOf(t *testing.T) {
	longest := strings.Repeat("a", 49)
	for _, c := range []struct {
		id   string
		to   tenant.Isolation
		want string
		ok   bool
	}{
		{"alpha", tenant.IsolationShared, "", true},
		{"alpha", tenant.IsolationDedicated, "alpha", true},
		{longest, tenant.IsolationDedicated, longest, true},
		{longest + "a", tenant.IsolationDedicated, "", false},
		{longest + "a", tenant.IsolationShared, "", true},
		{"", tenant.IsolationDedicated, "", false},
		{"a,b", tenant.IsolationDedicated, "", false}, // a list of topics has commas
		{"a:b", tenant.IsolationDedicated, "", false},
		{"alpha", "", "", false},
		{"alpha", "elsewhere", "", false},
	} {
		got, err := tenant.EnhancerOf(c.id, c.to)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q to %q: %q, %v", c.id, c.to, got, err)
		}
		if err == nil && tenant.IsolationOf(got) != c.to {
			t.Errorf("%q is %q", got, tenant.IsolationOf(got))
		}
	}
	for name, want := range map[string]bool{"": true, "alpha": true, longest + "a": false, "Alpha": false, "-a": false} {
		if tenant.ValidEnhancer(name) != want {
			t.Errorf("%q is a name: %t", name, !want)
		}
	}
}
