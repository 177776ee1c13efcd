package tenant_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

func sealerOf(t *testing.T, keyset string) *tenant.Sealer {
	t.Helper()
	s, err := tenant.NewSealer(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T) func(string, error) string {
	t.Helper()
	return func(keyset string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return keyset
	}
}

// rotation is the keysets of a rotation, one for each of its steps.
type rotation struct {
	first, added, promoted, retired string
	oldKey, newKey                  uint32
}

func rotate(t *testing.T) rotation {
	t.Helper()
	r := rotation{first: must(t)(tenant.GenerateKeyset())}
	keys, err := tenant.KeysOf(r.first)
	if err != nil || len(keys) != 1 || !keys[0].Primary {
		t.Fatalf("a new keyset has the keys %v, %v", keys, err)
	}
	r.oldKey = keys[0].ID
	if r.added, r.newKey, err = tenant.AddKey(r.first); err != nil {
		t.Fatal(err)
	}
	r.promoted = must(t)(tenant.Promote(r.added, r.newKey))
	r.retired = must(t)(tenant.Retire(r.promoted, r.oldKey))
	return r
}

func TestEachStepOfARotationCanOpenWhatThoseBesideItSeal(t *testing.T) {
	r := rotate(t)
	steps := []string{r.first, r.added, r.promoted, r.retired}
	seal := func(step int) []byte {
		t.Helper()
		sealed, err := sealerOf(t, steps[step]).Seal("alpha", tenant.ColumnAPIKey, "example-key")
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	for step := range steps {
		for sealed := range steps {
			_, err := sealerOf(t, steps[step]).Open("alpha", tenant.ColumnAPIKey, seal(sealed))
			// The first knows the new key not at all, the last has forgotten the old one.
			want := (step > 0 || sealed < 2) && (step < 3 || sealed >= 2)
			if (err == nil) != want {
				t.Errorf("what step %d sealed, step %d opens: %t, want %t", sealed, step, err == nil, want)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	r := rotate(t)
	for name, c := range map[string]struct {
		keyset string
		want   []tenant.KeyInfo
	}{
		"first":    {r.first, []tenant.KeyInfo{{ID: r.oldKey, Primary: true}}},
		"added":    {r.added, []tenant.KeyInfo{{ID: r.oldKey, Primary: true}, {ID: r.newKey}}},
		"promoted": {r.promoted, []tenant.KeyInfo{{ID: r.oldKey}, {ID: r.newKey, Primary: true}}},
		"retired":  {r.retired, []tenant.KeyInfo{{ID: r.newKey, Primary: true}}},
	} {
		if got := sealerOf(t, c.keyset).Keys(); !slices.Equal(got, c.want) {
			t.Errorf("%s: keys %v, want %v", name, got, c.want)
		}
	}
}

func TestNeedsResealing(t *testing.T) {
	r := rotate(t)
	old, err := sealerOf(t, r.added).Seal("alpha", tenant.ColumnAPIKey, "example-key")
	if err != nil {
		t.Fatal(err)
	}
	promoted := sealerOf(t, r.promoted)
	again, err := promoted.Seal("alpha", tenant.ColumnAPIKey, "example-key")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sealer *tenant.Sealer
		sealed []byte
		want   bool
	}{
		"with its own key":               {sealerOf(t, r.added), old, false},
		"with the old key":               {promoted, old, true},
		"again":                          {promoted, again, false},
		"with a key that is not there":   {newSealer(t), old, true},
		"nothing":                        {promoted, nil, false},
		"something that no key has made": {promoted, []byte("x"), true},
	} {
		if got := c.sealer.NeedsResealing(c.sealed); got != c.want {
			t.Errorf("sealed %s: %t, want %t", name, got, c.want)
		}
	}
}

func TestAKeysetIsNotBrokenByAMistake(t *testing.T) {
	r := rotate(t)
	for name, c := range map[string]struct {
		change func() (string, error)
		want   error
	}{
		"retire the primary key":    {func() (string, error) { return tenant.Retire(r.promoted, r.newKey) }, tenant.ErrPrimaryKey},
		"retire the only key":       {func() (string, error) { return tenant.Retire(r.first, r.oldKey) }, tenant.ErrPrimaryKey},
		"retire an unknown key":     {func() (string, error) { return tenant.Retire(r.first, r.newKey) }, tenant.ErrNoKey},
		"promote an unknown key":    {func() (string, error) { return tenant.Promote(r.first, r.newKey) }, tenant.ErrNoKey},
		"promote a key of a mess":   {func() (string, error) { return tenant.Promote("hunter2", 1) }, nil},
		"retire a key of a mess":    {func() (string, error) { return tenant.Retire("hunter2", 1) }, nil},
		"add to what is no keyset":  {func() (string, error) { s, _, err := tenant.AddKey("hunter2"); return s, err }, nil},
		"list what is not a keyset": {func() (string, error) { _, err := tenant.KeysOf("hunter2"); return "", err }, nil},
	} {
		changed, err := c.change()
		if err == nil || changed != "" || (c.want != nil && !errors.Is(err, c.want)) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %v and no keyset", name, err, c.want)
		}
	}
}

func TestAKeyThatDoesNotNameItselfIsRefused(t *testing.T) {
	raw := strings.ReplaceAll(must(t)(tenant.GenerateKeyset()), `"TINK"`, `"RAW"`)
	if _, err := tenant.NewSealer(raw); err == nil || !strings.Contains(err.Error(), "RAW") {
		t.Errorf("a key without prefix: %v, want an error that says so", err)
	}
}

func TestAProofIsForItsTenantAndDocumentOnly(t *testing.T) {
	s := newSealer(t)
	proof, err := s.Vouch("alpha", []byte("document"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify("alpha", []byte("document"), proof); err != nil {
		t.Error(err)
	}
	sealed, err := s.Seal("alpha", tenant.ColumnAPIKey, "x")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"another tenant":                s.Verify("beta", []byte("document"), proof),
		"another document":              s.Verify("alpha", []byte("documents"), proof),
		"a slash at another place":      s.Verify("alph", []byte("a/document"), proof),
		"another keyset":                newSealer(t).Verify("alpha", []byte("document"), proof),
		"no proof":                      s.Verify("alpha", []byte("document"), nil),
		"a sealed secret for the proof": s.Verify("alpha", []byte("document"), sealed),
	} {
		if err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if _, err := s.Open("alpha", tenant.ColumnAPIKey, proof); err == nil {
		t.Error("a proof passes for a sealed secret")
	}
}

func TestThePreviousSecretHasASealOfItsOwn(t *testing.T) {
	s := newSealer(t)
	sealed, err := s.Seal("alpha", tenant.ColumnSigningSecret, "example-signing-secret")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open("alpha", tenant.ColumnPreviousSigningSecret, sealed); err == nil {
		t.Error("a signing secret copied into the column of the previous one opens")
	}
}
