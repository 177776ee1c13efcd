package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
)

const day = 24 * time.Hour

func newTokenCommand() *cobra.Command {
	return group(&cobra.Command{Use: "token", Short: "Make, list and revoke API tokens"},
		newTokenCreateCommand(), newTokenListCommand(), newTokenRevokeCommand())
}

func newTokenCreateCommand() *cobra.Command {
	var (
		in    adminapi.CreateToken
		valid string
	)
	cmd := &cobra.Command{
		Use: "create", Short: "Make a token, which is printed once", Args: cobra.NoArgs,
		Long: `Make an API token and print it, alone, on standard output. It is not shown again.

It can have no more rights than the one it is made with.`,
		Example: `  agentctl token create --name "ticket import, nightly" --may content:write --tenant example-clinic --valid 90d >token
  agentctl token create --name on-call --may operator --valid 12h`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			period, err := parsePeriod(valid)
			if err != nil {
				return fmt.Errorf("--valid: %w", err)
			}
			if period < access.MinValid || period > access.MaxValid {
				return fmt.Errorf("--valid: %s is not between a minute and 366 days", valid)
			}
			in.ValidSeconds = int(period / time.Second)
			return createToken(cmd, in)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&in.Name, "name", "", "what it is for, as it stands in the audit log")
	flags.StringSliceVar(&in.Permissions, "may", nil, "permissions, or a role for all of that role: admin, operator, viewer")
	flags.StringSliceVar(&in.Tenants, "tenant", nil, "restrict it to these tenants (default all)")
	flags.StringVar(&valid, "valid", "90d", "for how long: 12h, 90d; at most 366d")
	for _, name := range []string{"name", "may"} {
		_ = cmd.MarkFlagRequired(name) // fails only for a flag that does not exist
	}
	return cmd
}

func createToken(cmd *cobra.Command, in adminapi.CreateToken) error {
	client, err := openConsole(cmd)
	if err != nil {
		return err
	}
	issued, err := client.CreateToken(cmd.Context(), in)
	if err != nil {
		return err
	}
	cmd.PrintErrf("Token %s, %q, may %s for %s until %s. It is not shown again:\n", issued.ID, issued.Name,
		strings.Join(issued.Permissions, ", "), cmp.Or(strings.Join(issued.Tenants, ", "), "all tenants"), shown(issued.ExpiresAt))
	if err := say(cmd, "%s", issued.Secret); err != nil {
		return fmt.Errorf("%w\nNobody has the token: revoke it with `agentctl token revoke %s`", err, issued.ID)
	}
	return nil
}

// parsePeriod reads a duration, with d for days besides.
func parsePeriod(text string) (time.Duration, error) {
	if number, is := strings.CutSuffix(text, "d"); is {
		const most = 10_000
		days, err := strconv.Atoi(number)
		if err != nil || days < 0 || days > most {
			return 0, fmt.Errorf("%q is no number of days: write 90d", text)
		}
		return time.Duration(days) * day, nil
	}
	period, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration: write 12h or 90d", text)
	case period < 0:
		return 0, errors.New("a duration cannot be negative")
	}
	return period, nil
}

func newTokenListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the tokens, without what they are", Args: cobra.NoArgs,
		Example: "  agentctl token list\n  agentctl token list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			t := newTable(cmd, asJSON, "ID", "NAME", "STATE", "MAY", "TENANTS", "LAST USED")
			for token, err := range client.Tokens(cmd.Context()) {
				if err != nil {
					return t.close(err)
				}
				t.row(token, token.ID, token.Name, stateOf(token), roleOf(token.Permissions),
					cmp.Or(strings.Join(token.Tenants, ","), "all"), when(token.LastUsedAt, "never"))
			}
			return t.close(nil)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

// roleOf is the role that has just these permissions, or else the permissions.
func roleOf(permissions []string) string {
	have := slices.Sorted(slices.Values(permissions))
	for _, role := range []access.Role{access.RoleAdmin, access.RoleOperator, access.RoleViewer} {
		var its []string
		for _, p := range role.Permissions() {
			its = append(its, string(p))
		}
		slices.Sort(its)
		if slices.Equal(its, have) {
			return string(role)
		}
	}
	return strings.Join(permissions, ",")
}

func stateOf(t adminapi.Token) string {
	switch {
	case t.RevokedAt != nil:
		return "revoked " + shown(*t.RevokedAt)
	case !t.ExpiresAt.After(time.Now()):
		return "expired " + shown(t.ExpiresAt)
	default:
		return "good until " + shown(t.ExpiresAt)
	}
}

func newTokenRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Have a token accepted no more", Args: cobra.ExactArgs(1),
		Example: "  agentctl token revoke 9f8b6979-8851-46b3-9a47-07088f6081d1",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			if err := client.RevokeToken(cmd.Context(), args[0]); err != nil {
				return err
			}
			return say(cmd, "token %s is revoked", args[0])
		},
	}
}
