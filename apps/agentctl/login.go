package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// providerTimeout is the patience with one request to the identity provider.
const providerTimeout = 30 * time.Second

// signingIn says whom to ask for a token, and for which.
type signingIn struct {
	issuer, clientID, audience string
	scopes                     []string
}

func newLoginCommand() *cobra.Command {
	var in signingIn
	cmd := &cobra.Command{
		Use: "login", Short: "Get a token from the organisation's identity provider", Args: cobra.NoArgs,
		Long: `Get a token from the organisation's identity provider (OpenID Connect, device authorization): open the address that is
shown in any browser, on any device, and enter the code.

The provider has to know agentctl as a public client that may use the device flow, and to make out access tokens for
the console: the console's OIDC_AUDIENCE has to be in their audience. When the token expires, log in again.`,
		Example: "  agentctl login --issuer https://id.example.com/realms/example --client-id agentctl",
		RunE:    func(cmd *cobra.Command, _ []string) error { return login(cmd, in) },
	}
	flags := cmd.Flags()
	flags.StringVar(&in.issuer, "issuer", "", "the provider's address, as the console has it in OIDC_ISSUER [AGENTCTL_OIDC_ISSUER]")
	flags.StringVar(&in.clientID, "client-id", "", "what the provider calls agentctl [AGENTCTL_OIDC_CLIENT_ID]")
	flags.StringVar(&in.audience, "audience", "", "what the token is to be for, where the provider wants to be told")
	flags.StringSliceVar(&in.scopes, "scope", []string{gooidc.ScopeOpenID, "profile"}, "the scopes to ask for")
	return cmd
}

func login(cmd *cobra.Command, in signingIn) error {
	cfg, err := readSettings(cmd)
	if err != nil {
		return err
	}
	if in.issuer == "" {
		in.issuer = cfg.Issuer
	}
	if in.clientID == "" {
		in.clientID = cfg.ClientID
	}
	if in.issuer == "" || in.clientID == "" {
		return errors.New("say whom to ask: --issuer and --client-id, or AGENTCTL_OIDC_ISSUER and AGENTCTL_OIDC_CLIENT_ID.\n" +
			"Without an identity provider, someone who may do so makes you a token: `agentctl token create`")
	}
	// What makes it futile is said before anybody signs in.
	if _, err := cfg.client(""); err != nil {
		return err
	}
	kept, err := tokenfile.Read(cfg.TokenFile)
	over := !kept.ExpiresAt.IsZero() && !kept.ExpiresAt.After(time.Now())
	if err == nil && !over && strings.HasPrefix(kept.Secret.Reveal(), access.SecretPrefix) {
		return fmt.Errorf("there is an API token in %s, which would be lost: `agentctl logout` removes it", cfg.TokenFile)
	}
	token, err := in.ask(cmd)
	if err != nil {
		return err
	}
	client, err := cfg.client(tenant.Secret(token.AccessToken))
	if err != nil {
		return err
	}
	me, err := client.WhoAmI(cmd.Context())
	if adminapi.StatusOf(err) == http.StatusUnauthorized {
		return fmt.Errorf("you are signed in, but the console does not accept the provider's token: its OIDC_ISSUER has to be %s, and its "+
			"OIDC_AUDIENCE to be in the token's audience (--audience, --scope); the console's audit log has the reason", in.issuer)
	}
	if err != nil {
		return fmt.Errorf("you are signed in, but the token could not be tried: %w", err)
	}
	expires := token.Expiry
	if me.ExpiresAt != nil {
		expires = *me.ExpiresAt
	}
	err = tokenfile.Write(cfg.TokenFile, tokenfile.Token{Secret: tenant.Secret(token.AccessToken), Console: client.Address(), ExpiresAt: expires})
	if err != nil {
		return err
	}
	if len(me.Permissions) == 0 {
		cmd.PrintErrln("You have none of the roles that the console knows, and may do nothing: ask who looks after the identity provider.")
	}
	return say(cmd, "You are logged in to %s as %s until %s.", client.Address(), me.Subject, when(&expires, "the token expires"))
}

// ask has a person sign in, and waits for it.
func (in signingIn) ask(cmd *cobra.Command) (*oauth2.Token, error) {
	ctx := gooidc.ClientContext(cmd.Context(), &http.Client{Timeout: providerTimeout})
	finding, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	provider, err := gooidc.NewProvider(finding, in.issuer)
	if err != nil {
		return nil, fmt.Errorf("the identity provider %s cannot be used: %w", in.issuer, err)
	}
	endpoint := provider.Endpoint()
	if endpoint.DeviceAuthURL == "" {
		return nil, fmt.Errorf("the identity provider %s offers no device authorization: use a token that someone makes with `agentctl token create`", in.issuer)
	}
	endpoint.AuthStyle = oauth2.AuthStyleInParams // a public client has no secret
	config := oauth2.Config{ClientID: in.clientID, Endpoint: endpoint, Scopes: in.scopes}
	var options []oauth2.AuthCodeOption
	if in.audience != "" {
		options = append(options, oauth2.SetAuthURLParam("audience", in.audience))
	}
	device, err := config.DeviceAuth(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("the identity provider begins no sign-in: %w", told(err))
	}
	cmd.PrintErrf("Open %s and enter the code\n\n    %s\n\n", device.VerificationURI, device.UserCode)
	if device.VerificationURIComplete != "" {
		cmd.PrintErrf("or open %s\n", device.VerificationURIComplete)
	}
	cmd.PrintErrln("Waiting for you to sign in; Ctrl-C gives up.")
	token, err := config.DeviceAccessToken(ctx, device)
	switch {
	case err == nil:
		return token, nil
	case cmd.Context().Err() != nil:
		return nil, cmd.Context().Err()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errors.New("the time for signing in has run out: begin again")
	default:
		return nil, fmt.Errorf("the identity provider gives no token: %w", told(err))
	}
}

// told is what the provider said, in words for those that RFC 8628 has.
func told(err error) error {
	refused, is := errors.AsType[*oauth2.RetrieveError](err)
	if !is {
		return err
	}
	switch refused.ErrorCode {
	case "access_denied":
		return errors.New("the sign-in was refused")
	case "expired_token":
		return errors.New("the code has expired: begin again")
	case "":
		return fmt.Errorf("it answers with HTTP %d", refused.Response.StatusCode)
	default:
		return fmt.Errorf("%s %s", plain(refused.ErrorCode), plain(refused.ErrorDescription))
	}
}
