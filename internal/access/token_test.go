package access_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
)

func admin() *access.Principal {
	return &access.Principal{Subject: "person:a", Kind: access.KindPerson, Permissions: access.All()}
}

func TestTokenIsWrittenDownInItsNormalForm(t *testing.T) {
	got, err := access.NewToken{
		Name:        "nightly import",
		Permissions: []access.Permission{access.ContentWrite, access.TenantsRead, access.ContentWrite},
		Tenants:     []string{"beta", "alpha", "beta"}, Valid: access.MaxValid,
	}.Checked(admin(), time.Now())
	want := access.NewToken{
		Name: "nightly import", Permissions: []access.Permission{access.TenantsRead, access.ContentWrite},
		Tenants: []string{"alpha", "beta"}, Valid: access.MaxValid,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestTokenThatThereCannotBe(t *testing.T) {
	good := access.NewToken{Name: "n", Permissions: []access.Permission{access.JobsRead}, Valid: time.Hour}
	for name, c := range map[string]struct {
		change func(*access.NewToken)
		word   string
	}{
		"no name":               {func(n *access.NewToken) { n.Name = "" }, "name"},
		"a long name":           {func(n *access.NewToken) { n.Name = strings.Repeat("ä", 101) }, "name"},
		"a name of two lines":   {func(n *access.NewToken) { n.Name = "a\nb" }, "name"},
		"a name that turns":     {func(n *access.NewToken) { n.Name = "a\u202eb" }, "name"},
		"a name with NUL":       {func(n *access.NewToken) { n.Name = "a\x00b" }, "name"},
		"a name of bytes":       {func(n *access.NewToken) { n.Name = "a\xff" }, "name"},
		"no permission":         {func(n *access.NewToken) { n.Permissions = nil }, "permissions"},
		"an unknown permission": {func(n *access.NewToken) { n.Permissions = []access.Permission{"*"} }, "permissions"},
		"a role's name":         {func(n *access.NewToken) { n.Permissions = []access.Permission{"admin"} }, "permissions"},
		"no tenant id":          {func(n *access.NewToken) { n.Tenants = []string{"alpha", "' OR true --"} }, "tenants"},
		"an empty tenant id":    {func(n *access.NewToken) { n.Tenants = []string{""} }, "tenants"},
		"too many tenants":      {func(n *access.NewToken) { n.Tenants = make([]string, 1001) }, "tenants"},
		"no time at all":        {func(n *access.NewToken) { n.Valid = 0 }, "validity"},
		"a negative time":       {func(n *access.NewToken) { n.Valid = -time.Hour }, "validity"},
		"more than a year":      {func(n *access.NewToken) { n.Valid = access.MaxValid + time.Second }, "validity"},
	} {
		asked := good
		c.change(&asked)
		_, err := asked.Checked(admin(), time.Now())
		if !errors.Is(err, access.ErrInvalid) || !strings.Contains(err.Error(), c.word+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := good.Checked(admin(), time.Now()); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestTokenCannotHaveMoreThanItsCreator(t *testing.T) {
	operator := &access.Principal{Permissions: access.RoleOperator.Permissions()}
	restricted := &access.Principal{Permissions: access.All(), Tenants: []string{"alpha", "beta"}}
	read := []access.Permission{access.JobsRead}
	for name, c := range map[string]struct {
		by          *access.Principal
		permissions []access.Permission
		tenants     []string
		want        *access.ExceedsError
	}{
		"the same":                       {operator, access.RoleOperator.Permissions(), nil, nil},
		"less":                           {operator, read, []string{"alpha"}, nil},
		"another permission":             {operator, []access.Permission{access.JobsRead, access.AuditRead, access.TokensWrite}, nil, &access.ExceedsError{Permissions: []access.Permission{access.TokensWrite, access.AuditRead}}},
		"some of its tenants":            {restricted, read, []string{"beta"}, nil},
		"another tenant":                 {restricted, read, []string{"beta", "gamma"}, &access.ExceedsError{Tenants: []string{"gamma"}}},
		"all tenants":                    {restricted, read, nil, &access.ExceedsError{Unrestricted: true}},
		"what concerns the platform":     {restricted, []access.Permission{access.TokensWrite}, []string{"alpha"}, &access.ExceedsError{Permissions: []access.Permission{access.TokensWrite}}},
		"by a person without a role":     {&access.Principal{}, read, nil, &access.ExceedsError{Permissions: read}},
		"by nobody":                      {nil, read, nil, &access.ExceedsError{Permissions: read}},
		"everything by a restricted one": {restricted, access.All(), nil, &access.ExceedsError{Unrestricted: true, Permissions: []access.Permission{access.TokensRead, access.TokensWrite, access.KeysetRead}}},
	} {
		_, err := access.NewToken{Name: "n", Permissions: c.permissions, Tenants: c.tenants, Valid: time.Hour}.Checked(c.by, time.Now())
		if c.want == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		exceeds, ok := errors.AsType[*access.ExceedsError](err)
		if !ok || !errors.Is(err, access.ErrExceeds) {
			t.Errorf("%s: %v, want ErrExceeds", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, exceeds); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, named := range append(exceeds.Tenants, texts(exceeds.Permissions)...) {
			if !strings.Contains(err.Error(), named) {
				t.Errorf("%s: %q does not name %s", name, err, named)
			}
		}
	}
}

func texts(permissions []access.Permission) []string {
	names := make([]string, len(permissions))
	for i, p := range permissions {
		names[i] = string(p)
	}
	return names
}

func TestBootstrapTokenIsComparedAsAWhole(t *testing.T) {
	const value = "a bootstrap token of the example"
	if _, err := access.MatchBootstrap(value, value); err != nil {
		t.Errorf("the right one: %v", err)
	}
	plain, _ := access.MatchBootstrap(value, value)
	if fromFile, err := access.MatchBootstrap(value+"\n", value); err != nil || fromFile != plain {
		t.Errorf("from a file that ends in a new line: %v", err)
	}
	for name, c := range map[string]struct {
		stored, shown string
		want          access.Reason
	}{
		"another":                {value, value + "x", access.ReasonBootstrap},
		"a part":                 {value, value[:20], access.ReasonBootstrap},
		"nothing":                {value, "", access.ReasonBootstrap},
		"none is set":            {"", "", access.ReasonNoBootstrap},
		"none is set, one shown": {"", value, access.ReasonNoBootstrap},
		"too short":              {value[:19], value[:19], access.ReasonNoBootstrap},
		"nothing but space":      {strings.Repeat(" ", 30), strings.Repeat(" ", 30), access.ReasonNoBootstrap},
	} {
		hash, err := access.MatchBootstrap(secret(c.stored), c.shown)
		if reason, _ := access.ReasonOf(err); reason != c.want || !errors.Is(err, access.ErrUnauthenticated) || hash != (access.Hash{}) {
			t.Errorf("%s: %v with reason %q", name, err, reason)
		}
	}
}

// Else a token that ends soon would live on in those that it made.
func TestATokenDoesNotOutliveTheOneThatMadeIt(t *testing.T) {
	now := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	soon := now.Add(time.Hour)
	parent := access.Token{ID: "a", Permissions: access.All(), CreatedBy: "person:example", ExpiresAt: soon}
	founding := parent
	founding.CreatedBy = access.BootstrapSubject
	for name, c := range map[string]struct {
		by   *access.Principal
		asks time.Duration
		want time.Duration
	}{
		"longer":           {parent.Principal(), access.MaxValid, time.Hour},
		"shorter":          {parent.Principal(), time.Minute, time.Minute},
		"by the first one": {founding.Principal(), access.MaxValid, access.MaxValid},
		"by a person": {
			&access.Principal{Subject: "person:example", Kind: access.KindPerson, Permissions: access.All(), ExpiresAt: soon},
			access.MaxValid, access.MaxValid,
		},
	} {
		n, err := access.NewToken{Name: "n", Permissions: []access.Permission{access.TenantsRead}, Valid: c.asks}.Checked(c.by, now)
		if err != nil || n.Valid != c.want {
			t.Errorf("%s: valid for %s, %v; want %s", name, n.Valid, err, c.want)
		}
	}
}
