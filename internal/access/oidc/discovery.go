package oidc

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// longestWait is between two attempts to find the provider.
const longestWait = 30 * time.Second

// provider is what is known of the provider once it has been found.
type provider struct {
	keys       gooidc.KeySet
	keysURL    string
	endpoint   oauth2.Endpoint
	algorithms []string
}

// asymmetric are the algorithms in which only the provider can sign. With HS256 and its kind, whoever can check a
// signature can also make one; with none, everybody.
func asymmetric() []string {
	return []string{
		gooidc.RS256, gooidc.RS384, gooidc.RS512, gooidc.PS256, gooidc.PS384, gooidc.PS512,
		gooidc.ES256, gooidc.ES384, gooidc.ES512, gooidc.EdDSA,
	}
}

// Run finds the provider, again and again until it answers, and looks after it until ctx ends. Until it is found, Verify
// is access.ErrProviderUnavailable; later failures leave what is known as it is.
func (v *Verifier) Run(ctx context.Context) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = v.firstWait, longestWait
	for {
		pause := v.refresh
		if err := v.discover(ctx); err != nil {
			pause = wait.NextBackOff()
			if ctx.Err() == nil {
				v.logger.WarnContext(ctx, "the identity provider cannot be used",
					"issuer", v.cfg.Issuer, "known", v.found.Load() != nil, "retry_in", pause, "error", err)
			}
		} else {
			wait.Reset()
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

func (v *Verifier) discover(ctx context.Context) error {
	// The library checks that the document is about the issuer that was asked for.
	document, err := gooidc.NewProvider(gooidc.ClientContext(ctx, v.documents), v.cfg.Issuer)
	if err != nil {
		return fmt.Errorf("discover %s: %w", v.cfg.Issuer, err)
	}
	var metadata struct {
		KeysURL    string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := document.Claims(&metadata); err != nil {
		return fmt.Errorf("discover %s: %w", v.cfg.Issuer, err)
	}
	if err := secureURL(metadata.KeysURL); err != nil {
		return fmt.Errorf("discover %s: jwks_uri: %w", v.cfg.Issuer, err)
	}
	endpoint := document.Endpoint()
	if v.cfg.ClientID != "" {
		for name, address := range map[string]string{"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL} {
			if err := secureURL(address); err != nil {
				return fmt.Errorf("discover %s: %s: %w", v.cfg.Issuer, name, err)
			}
		}
	}
	algorithms := slices.DeleteFunc(asymmetric(), func(a string) bool { return !slices.Contains(metadata.Algorithms, a) })
	if len(algorithms) == 0 {
		return fmt.Errorf("discover %s: it lists no algorithm that can be trusted: %q", v.cfg.Issuer, metadata.Algorithms)
	}
	known := v.found.Load()
	if known != nil && known.keysURL == metadata.KeysURL && known.endpoint == endpoint && slices.Equal(known.algorithms, algorithms) {
		return nil // and its keys need not be fetched again
	}
	keys := gooidc.NewRemoteKeySet(gooidc.ClientContext(ctx, v.keys), metadata.KeysURL)
	v.found.Store(&provider{keys: keys, keysURL: metadata.KeysURL, endpoint: endpoint, algorithms: algorithms})
	v.logger.InfoContext(ctx, "identity provider found", "issuer", v.cfg.Issuer, "algorithms", algorithms)
	return nil
}
