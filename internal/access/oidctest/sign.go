package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// Claims are those of a JWT.
type Claims map[string]any

// signingKey is one key of each kind.
type signingKey struct {
	rsaID, ecID string
	rsa         *rsa.PrivateKey
	ec          *ecdsa.PrivateKey
}

func (k signingKey) public() []jose.JSONWebKey {
	return []jose.JSONWebKey{
		{KeyID: k.rsaID, Key: k.rsa.Public(), Algorithm: string(jose.RS256), Use: "sig"},
		{KeyID: k.ecID, Key: k.ec.Public(), Algorithm: string(jose.ES256), Use: "sig"},
	}
}

// newKey makes keys of their own for each provider: no two are the same realm.
func newKey() signingKey {
	const bits = 2048
	r, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(fmt.Sprintf("make an RSA key: %v", err)) // the system has no randomness
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(fmt.Sprintf("make an EC key: %v", err))
	}
	return signingKey{rsaID: "rsa-" + rand.Text(), ecID: "ec-" + rand.Text(), rsa: r, ec: e}
}

// Rotate has tokens signed with new keys from now on. The old ones are published further on.
func (p *Provider) Rotate() {
	key := newKey()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append(p.keys, key)
}

// Retire publishes only the newest keys from now on.
func (p *Provider) Retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = p.keys[len(p.keys)-1:]
}

// Claims are those of an ordinary access token for the person sub with the roles, valid for an hour.
func (p *Provider) Claims(sub string, roles ...string) Claims {
	now := time.Now()
	return Claims{
		"iss": p.Issuer(), "aud": Audience, "sub": sub, "azp": "agentctl", "preferred_username": sub + "@example.com",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "roles": roles,
	}
}

// With gives a copy of c in which the claim name has that value; nil takes it out.
func (c Claims) With(name string, value any) Claims {
	changed := maps.Clone(c)
	if value == nil {
		delete(changed, name)
	} else {
		changed[name] = value
	}
	return changed
}

// Sign signs with the newest key, in RS256.
func (p *Provider) Sign(c Claims) string { return p.SignAs(jose.RS256, nil, c) }

// SignAs signs with the newest key in RS256, PS256, ES256 or whatever its kind of key can do, or in HS256 with the public RSA
// key in PEM as the secret, which is a way to attack. The header entries given go before our own.
func (p *Provider) SignAs(algorithm jose.SignatureAlgorithm, header map[string]any, c Claims) string {
	p.mu.Lock()
	key := p.keys[len(p.keys)-1]
	p.mu.Unlock()
	signing := jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key.rsa, KeyID: key.rsaID}}
	switch algorithm { //nolint:exhaustive // all others are RSA's
	case jose.ES256:
		signing.Key = jose.JSONWebKey{Key: key.ec, KeyID: key.ecID}
	case jose.HS256, jose.HS384, jose.HS512:
		signing.Key = jose.JSONWebKey{Key: publicPEM(key.rsa), KeyID: key.rsaID}
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range header {
		options = options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(signing, options)
	if err != nil {
		panic(fmt.Sprintf("sign in %s: %v", algorithm, err)) // a mistake of the test
	}
	signed, err := signer.Sign(encode(c))
	if err != nil {
		panic(fmt.Sprintf("sign in %s: %v", algorithm, err))
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		panic(fmt.Sprintf("write a JWT: %v", err))
	}
	return compact
}

// Unsigned is the JWT of the algorithm "none", which everybody can make.
func Unsigned(c Claims) string {
	return part(encode(map[string]string{"alg": "none", "typ": "JWT"})) + "." + part(encode(c)) + "."
}

func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("encode claims: %v", err)) // a mistake of the test
	}
	return data
}

func part(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func publicPEM(key *rsa.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(fmt.Sprintf("encode a public key: %v", err))
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}
