package tenant_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestADigestNeedsTheKeyset(t *testing.T) {
	t.Parallel()
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	other, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	digest := func(keyset, tenantID, document string) []byte {
		sealer, err := tenant.NewSealer(keyset)
		if err != nil {
			t.Fatal(err)
		}
		return sealer.Digest(tenantID, []byte(document))
	}
	mine := digest(keyset, "alpha", "a question")
	if len(mine) != sha256.Size || !bytes.Equal(mine, digest(keyset, "alpha", "a question")) {
		t.Errorf("not the same again: %x", mine)
	}
	for name, another := range map[string][]byte{
		"another keyset": digest(other, "alpha", "a question"), "another tenant": digest(keyset, "beta", "a question"), "another document": digest(keyset, "alpha", "a question?"),
	} {
		if bytes.Equal(mine, another) {
			t.Errorf("%s has the same digest", name)
		}
	}
	more, id, err := tenant.AddKey(keyset)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mine, digest(more, "alpha", "a question")) {
		t.Error("a key that does not seal yet changes the digest")
	}
	promoted, err := tenant.Promote(more, id)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(mine, digest(promoted, "alpha", "a question")) {
		t.Error("the digest does not depend on the primary key")
	}
}
