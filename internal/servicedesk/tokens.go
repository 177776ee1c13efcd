package servicedesk

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"weak"
)

// Tokens lets the clients of one account share its access token, and the refreshes that the account has in a minute. The zero
// value is ready to use. It holds on to no account that has no client any more.
type Tokens struct {
	mu      sync.Mutex
	sources map[[sha256.Size]byte]weak.Pointer[tokenSource] // by the digest of the credentials
}

// of gives the account's source, and makes it when there is none. Without Tokens each client has its own.
func (t *Tokens) of(account OAuth, source *tokenSource) *tokenSource {
	if t == nil {
		return source
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", account.AccountsURL, account.ClientID, account.ClientSecret, account.RefreshToken))
	t.mu.Lock()
	defer t.mu.Unlock()
	if shared := t.sources[key].Value(); shared != nil {
		return shared
	}
	for other, pointer := range t.sources {
		if pointer.Value() == nil {
			delete(t.sources, other)
		}
	}
	if t.sources == nil {
		t.sources = make(map[[sha256.Size]byte]weak.Pointer[tokenSource])
	}
	t.sources[key] = weak.Make(source)
	return source
}
