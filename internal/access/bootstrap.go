package access

import (
	"crypto/subtle"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// The bootstrap token is a value that the operator puts into the secret store. Whoever shows it gets an API token with
// all permissions, once: the way in before there is any other, and when all others are lost.
const (
	// BootstrapSecret is its name in the secret store.
	BootstrapSecret = "console-bootstrap-token"
	// MinBootstrap is how many characters it has at least. With fewer there is no bootstrap.
	MinBootstrap = 20
	// BootstrapValid is how long the API token is valid that it is exchanged for.
	BootstrapValid = 30 * 24 * time.Hour
	// BootstrapSubject is by whom that token was created, and the actor of what the audit log has about the exchange.
	BootstrapSubject = "bootstrap"
)

// BootstrapIsSet says whether the secret store's value can be exchanged: it is there, and not too short.
func BootstrapIsSet(stored tenant.Secret) bool {
	return len(strings.TrimSpace(stored.Reveal())) >= MinBootstrap
}

// MatchBootstrap compares what a client shows with the secret store's value, and gives the hash under which its use is
// recorded. White space around either does not count: files with secrets end in a new line. It is ErrUnauthenticated when
// they differ, and when there is no value or one that is too short.
func MatchBootstrap(stored tenant.Secret, shown string) (Hash, error) {
	want, have := HashOf(strings.TrimSpace(stored.Reveal())), HashOf(strings.TrimSpace(shown))
	if !BootstrapIsSet(stored) {
		return Hash{}, Deny(ReasonNoBootstrap)
	}
	if subtle.ConstantTimeCompare(want[:], have[:]) != 1 {
		return Hash{}, Deny(ReasonBootstrap)
	}
	return want, nil
}

// BootstrapToken is what the bootstrap token is exchanged for, and on whose behalf.
func BootstrapToken() (NewToken, *Principal) {
	by := &Principal{Subject: BootstrapSubject, Kind: KindToken, Permissions: All()}
	return NewToken{Name: "bootstrap", Permissions: All(), Valid: BootstrapValid}, by
}
