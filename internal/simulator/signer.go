package simulator

import (
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// Emit says how a webhook is signed. ServiceDesk Plus signs nothing by itself: a script (hex) or a cloud
// function (base64 by default) does.
type Emit string

// The ways to sign. The last three do not lead to an accepted webhook.
const (
	EmitDefault      Emit = "" // hex on premises, base64 in the cloud
	EmitHex          Emit = "hex"
	EmitHexPrefixed  Emit = "hex-prefixed"
	EmitBase64       Emit = "base64"
	EmitStaticHeader Emit = "static-header"
	EmitUnsigned     Emit = "unsigned"
	EmitNone         Emit = "none" // no webhook at all, as when the server loses it
)

// makeRequest builds the request that carries a webhook.
type makeRequest func(ctx context.Context, url string, body []byte) (*http.Request, error)

// signer gives what builds the request for emit; nil for none.
func (d *desk) signer(emit Emit) (makeRequest, error) {
	signed := func(sign func(context.Context, string, string, []byte) (*http.Request, error)) makeRequest {
		return func(ctx context.Context, url string, body []byte) (*http.Request, error) {
			return sign(ctx, url, d.signingSecret, body)
		}
	}
	switch emit {
	case EmitDefault:
		if d.profile == servicedesk.ProfileCloud {
			return signed(servicedesktest.SignedBase64Webhook), nil
		}
		return signed(servicedesktest.SignedHexWebhook), nil
	case EmitNone:
		return nil, nil //nolint:nilnil // nothing to send and nothing wrong
	case EmitHex:
		return signed(servicedesktest.SignedHexWebhook), nil
	case EmitHexPrefixed:
		return signed(servicedesktest.SignedPrefixedHexWebhook), nil
	case EmitBase64:
		return signed(servicedesktest.SignedBase64Webhook), nil
	case EmitStaticHeader:
		return signed(servicedesktest.StaticHeaderWebhook), nil
	case EmitUnsigned:
		return servicedesktest.UnsignedWebhook, nil
	default:
		return nil, refuse(http.StatusBadRequest, "emit %q: use %q, %q, %q, %q, %q or %q", emit,
			EmitHex, EmitHexPrefixed, EmitBase64, EmitStaticHeader, EmitUnsigned, EmitNone)
	}
}
