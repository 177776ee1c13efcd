package tenant

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// A key is replaced in three steps, each of which every process has to know before the next is made: AddKey, Promote, and
// Retire once nothing is sealed with it any more. The functions work on the keyset as the secret store holds it; none of
// their errors quotes it.

var (
	// ErrNoKey says that the keyset has no key of that id.
	ErrNoKey = errors.New("the keyset has no such key")
	// ErrPrimaryKey says that a key cannot be taken away that new values are sealed with.
	ErrPrimaryKey = errors.New("it is the primary key: promote another one first")
)

// KeyInfo is what may be known of a key.
type KeyInfo struct {
	ID uint32
	// Primary is the key that new values are sealed with.
	Primary bool
}

// GenerateKeyset makes a new keyset of one key for NewSealer, in Tink's JSON form.
func GenerateKeyset() (string, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("generate a tenant keyset: %w", err)
	}
	return writeKeyset(handle)
}

// KeysOf lists the keys of a keyset that open, as the secret store holds it.
func KeysOf(keysetJSON string) ([]KeyInfo, error) {
	handle, err := readKeyset(keysetJSON)
	if err != nil {
		return nil, err
	}
	return keysOf(handle)
}

// AddKey adds a new key that opens and does not seal yet: before one process seals with it, all have to be able to open.
func AddKey(keysetJSON string) (changed string, id uint32, err error) {
	changed, err = change(keysetJSON, func(m *keyset.Manager) error {
		id, err = m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
	if err != nil {
		return "", 0, fmt.Errorf("add a key to the tenant keyset: %w", err)
	}
	return changed, id, nil
}

// Promote has new values sealed with the key of that id; ErrNoKey when there is none. The others go on opening.
func Promote(keysetJSON string, id uint32) (string, error) {
	changed, err := changeKey(keysetJSON, id, func(m *keyset.Manager, _ KeyInfo) error { return m.SetPrimary(id) })
	if err != nil {
		return "", fmt.Errorf("promote key %d of the tenant keyset: %w", id, err)
	}
	return changed, nil
}

// Retire takes the key of that id out of the keyset: whatever is still sealed with it can never be opened again. ErrNoKey
// when there is none, ErrPrimaryKey for the primary one.
func Retire(keysetJSON string, id uint32) (string, error) {
	changed, err := changeKey(keysetJSON, id, func(m *keyset.Manager, key KeyInfo) error {
		if key.Primary {
			return ErrPrimaryKey
		}
		return m.Delete(id)
	})
	if err != nil {
		return "", fmt.Errorf("retire key %d of the tenant keyset: %w", id, err)
	}
	return changed, nil
}

func changeKey(keysetJSON string, id uint32, with func(*keyset.Manager, KeyInfo) error) (string, error) {
	keys, err := KeysOf(keysetJSON)
	if err != nil {
		return "", err
	}
	for _, key := range keys {
		if key.ID == id {
			return change(keysetJSON, func(m *keyset.Manager) error { return with(m, key) })
		}
	}
	return "", ErrNoKey
}

func change(keysetJSON string, with func(*keyset.Manager) error) (string, error) {
	handle, err := readKeyset(keysetJSON)
	if err != nil {
		return "", err
	}
	manager := keyset.NewManagerFromHandle(handle)
	if err := with(manager); err != nil {
		return "", err
	}
	if handle, err = manager.Handle(); err != nil {
		return "", fmt.Errorf("change the tenant keyset: %w", err)
	}
	return writeKeyset(handle)
}

func keysOf(handle *keyset.Handle) ([]KeyInfo, error) {
	var keys []KeyInfo
	info := handle.KeysetInfo().GetKeyInfo()
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("list the keys of the tenant keyset: %w", err)
		}
		if prefix := info[i].GetOutputPrefixType(); prefix != tinkpb.OutputPrefixType_TINK {
			// What such a key seals does not say by which key it was sealed, so nobody could tell when it is not needed any more.
			return nil, fmt.Errorf("key %d of the tenant keyset has the output prefix %s: only TINK names the key in what it seals", entry.KeyID(), prefix)
		}
		if entry.KeyStatus() == keyset.Enabled {
			keys = append(keys, KeyInfo{ID: entry.KeyID(), Primary: entry.IsPrimary()})
		}
	}
	return keys, nil
}

func readKeyset(keysetJSON string) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewBufferString(keysetJSON)))
	if err != nil {
		// The parser's error could quote key material.
		return nil, errors.New("the tenant keyset cannot be read: expected a Tink keyset in JSON")
	}
	return handle, nil
}

func writeKeyset(handle *keyset.Handle) (string, error) {
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return "", fmt.Errorf("write the tenant keyset: %w", err)
	}
	return out.String(), nil
}
