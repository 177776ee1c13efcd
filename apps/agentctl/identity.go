package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func newBootstrapCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "bootstrap", Short: "Get the first token of a new installation", Args: cobra.NoArgs,
		Long: `Exchange the bootstrap token, which the console has among its secrets (console-bootstrap-token), for the first
API token, which may do everything. It works once.

The bootstrap token is read from a file or standard input, never from an argument, which others could see in the
list of processes.`,
		Example: "  agentctl bootstrap --token-file /run/secrets/console-bootstrap-token\n" +
			"  kubectl get secret … -o jsonpath=… | base64 -d | agentctl bootstrap",
		RunE: func(cmd *cobra.Command, _ []string) error { return bootstrap(cmd, file) },
	}
	cmd.Flags().StringVar(&file, "token-file", "-", "file with the bootstrap token; - for standard input")
	return cmd
}

func bootstrap(cmd *cobra.Command, file string) error {
	cfg, err := readSettings(cmd)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(cfg.TokenFile); err == nil {
		return fmt.Errorf("there is a token in %s already, which would be lost: `agentctl whoami` shows whose it is, `agentctl logout` removes it", cfg.TokenFile)
	}
	presented, err := readSecret(cmd, file, "the bootstrap token")
	if err != nil {
		return err
	}
	client, err := cfg.client(presented)
	if err != nil {
		return err
	}
	issued, err := client.Bootstrap(cmd.Context())
	if adminapi.StatusOf(err) == http.StatusUnauthorized {
		return errors.New("the console does not accept this bootstrap token: it has to be the secret console-bootstrap-token that the console was started with")
	}
	if err != nil {
		return err
	}
	if err := keep(cmd, cfg, client, issued); err != nil {
		return err
	}
	return say(cmd, `The first token is in %s. It may do everything, and expires on %s.
Next: give others tokens of their own, which may do less (agentctl token create), or set up log-in through your
identity provider, and enter the first tenant (agentctl tenant apply --file tenant.json).`, cfg.TokenFile, shown(issued.ExpiresAt))
}

// keep writes the first token down.
func keep(cmd *cobra.Command, cfg settings, client *adminapi.Client, issued adminapi.IssuedToken) error {
	err := tokenfile.Write(cfg.TokenFile, tokenfile.Token{
		Secret: tenant.Secret(issued.Secret), Console: client.Address(), ExpiresAt: issued.ExpiresAt,
	})
	if err == nil {
		return nil
	}
	// It is the only one there is, and there will be no other: better on the screen than nowhere.
	_, _ = fmt.Fprintln(cmd.OutOrStdout(), issued.Secret)
	return fmt.Errorf("%w\nThe token is printed above. Keep it in a file that only you can read, and name that in AGENTCTL_TOKEN_FILE", err)
}

func newLogoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Forget the token", Args: cobra.NoArgs,
		Example: "  agentctl logout",
		Long:    "Remove the token's file. The token itself stays good until it expires or is revoked: `agentctl token revoke`.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := readSettings(cmd)
			if err != nil {
				return err
			}
			was, err := tokenfile.Remove(cfg.TokenFile)
			switch {
			case err != nil:
				return err
			case !was:
				return say(cmd, "There was no token in %s.", cfg.TokenFile)
			default:
				return say(cmd, "The token in %s is forgotten.", cfg.TokenFile)
			}
		},
	}
}

func newWhoAmICommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "whoami", Short: "Show who the console takes you for, and what you may do", Args: cobra.NoArgs,
		Example: "  agentctl whoami\n  agentctl whoami --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			me, err := client.WhoAmI(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, me)
			}
			t := newTable(cmd, false)
			t.line("console", client.Address())
			t.line("subject", me.Subject)
			t.line("kind", me.Kind)
			t.line("roles", cmp.Or(strings.Join(me.Roles, ", "), "none"))
			t.line("may", strings.Join(me.Permissions, ", "))
			t.line("tenants", cmp.Or(strings.Join(me.Tenants, ", "), "all"))
			t.line("until", when(me.ExpiresAt, "not known"))
			return t.close(nil)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
