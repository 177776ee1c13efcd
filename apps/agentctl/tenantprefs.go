package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func newTenantPrefsCommand() *cobra.Command {
	return group(&cobra.Command{Use: "prefs", Short: "Look at a tenant's preferences and their versions, and change them"},
		newPrefsShowCommand(), newPrefsHistoryCommand(), newPrefsDiffCommand(), newPrefsSetCommand(), newPrefsRollbackCommand())
}

func newPrefsShowCommand() *cobra.Command {
	var version int64
	cmd := &cobra.Command{
		Use: "show TENANT", Short: "Show a tenant's preferences in JSON, as a file for `prefs set` has them", Args: cobra.ExactArgs(1),
		Example: "  agentctl tenant prefs show example-clinic\n  agentctl tenant prefs show example-clinic --version 1000123",
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("version") {
				client, err := openConsole(cmd)
				if err != nil {
					return err
				}
				found, err := client.PreferencesAt(cmd.Context(), args[0], version)
				if err != nil {
					return err
				}
				return printJSON(cmd, found.Preferences)
			}
			_, there, err := openTenant(cmd, args[0])
			if err != nil {
				return err
			}
			return printJSON(cmd, there.Preferences)
		},
	}
	cmd.Flags().Int64Var(&version, "version", 0, "those that held in this version of the tenant, which a draft's account names")
	return cmd
}

func newPrefsHistoryCommand() *cobra.Command {
	var (
		limit  int
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "history TENANT", Short: "List the versions of a tenant's preferences, the newest first", Args: cobra.ExactArgs(1),
		Example: "  agentctl tenant prefs history example-clinic",
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return errors.New("--limit: has to be 1 or more")
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			t := newTable(cmd, asJSON, "VERSION", "CHANGED", "BY", "KEYS")
			// A version is shown with what it changed of the one before it, which comes after it.
			var shownOnes int
			var later *adminapi.PreferencesVersion
			tell := func(v adminapi.PreferencesVersion, before tenant.Preferences) {
				t.row(v, v.Version, shown(v.ChangedAt), v.ChangedBy, strings.Join(tenant.ChangedKeys(before, v.Preferences), ", "))
				shownOnes++
			}
			for v, err := range client.PreferencesHistory(cmd.Context(), args[0]) {
				if err != nil {
					return t.close(err)
				}
				if later != nil {
					tell(*later, v.Preferences)
				}
				if later = &v; shownOnes == limit {
					return t.close(nil)
				}
			}
			if later != nil {
				tell(*later, tenant.Preferences{})
			}
			return t.close(nil)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", adminapi.DefaultPage, "at most so many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

func newPrefsDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff TENANT VERSION [VERSION]", Short: "Show what changed of a tenant's preferences from one version to another, or to now",
		Args:    cobra.RangeArgs(2, 3), //nolint:mnd // the tenant and one version or two
		Example: "  agentctl tenant prefs diff example-clinic 1000123",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, there, err := openTenant(cmd, args[0])
			if err != nil {
				return err
			}
			sides := []tenant.Preferences{{}, there.Preferences}
			for i, text := range args[1:] {
				version, err := strconv.ParseInt(text, 10, 64)
				if err != nil || version < 1 {
					return fmt.Errorf("%q is no version: `agentctl tenant prefs history %s` lists them", text, args[0])
				}
				found, err := client.PreferencesAt(cmd.Context(), args[0], version)
				if err != nil {
					return err
				}
				sides[i] = found.Preferences
			}
			changed, err := printPrefsDiff(cmd, sides[0], sides[1])
			if err == nil && !changed {
				return say(cmd, "they are the same")
			}
			return err
		},
	}
}

// prefsChange is a change of preferences that is shown, asked about and made.
type prefsChange struct{ yes, dryRun bool }

func (c *prefsChange) bind(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.yes, "yes", false, "do not ask, as in scripts")
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "only show what would change")
}

// make changes the preferences of the tenant as it was looked at; if it has changed since, nothing is done.
func (c *prefsChange) make(cmd *cobra.Command, client *adminapi.Client, there adminapi.Tenant, to tenant.Preferences) error {
	changed, err := printPrefsDiff(cmd, there.Preferences, to)
	switch {
	case err != nil:
		return err
	case !changed:
		return say(cmd, "tenant %s has these preferences already", there.TenantID)
	case c.dryRun:
		return nil
	}
	if !c.yes {
		if err := agreed(cmd, "to change the preferences of tenant "+there.TenantID); err != nil {
			return err
		}
	}
	after, err := client.SetPreferences(cmd.Context(), there.TenantID, there.ETag(), to)
	if err != nil {
		return fmt.Errorf("the preferences of tenant %s were not changed: %w", there.TenantID, err)
	}
	return say(cmd, "the preferences of tenant %s are those of version %d", after.TenantID, after.Version)
}

func newPrefsSetCommand() *cobra.Command {
	var (
		file string
		c    prefsChange
	)
	cmd := &cobra.Command{
		Use: "set TENANT [KEY=VALUE…]", Short: "Change a tenant's preferences", Args: cobra.MinimumNArgs(1),
		Long: `Change preferences of a tenant: single keys as KEY=VALUE, with lists as [a, b], a budget as budget.soft_usd=10 and nothing
behind the = for the default; or all of them by a YAML or JSON file, in which what is left out has its default.

What would change is shown first, and asked about. docs/admin-api.md lists the keys.`,
		Example: "  agentctl tenant prefs set example-clinic mode=shadow language=de\n" +
			"  agentctl tenant prefs set example-clinic 'sections_off=[system_info]' budget.soft_usd=20 tone=\n" +
			"  agentctl tenant prefs set example-clinic --file prefs.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			if (file != "") == (len(args) > 1) {
				return errors.New("say what to change: either KEY=VALUE, once or more, or --file")
			}
			var written []byte
			if file != "" {
				var err error
				if written, err = readInput(cmd, file); err != nil {
					return err
				}
			}
			client, there, err := openTenant(cmd, args[0])
			if err != nil {
				return err
			}
			var to tenant.Preferences
			if file != "" {
				to, err = prefsOf(written)
			} else {
				to, err = withKeys(there.Preferences, args[1:])
			}
			if err != nil {
				return fmt.Errorf("nothing was changed:\n%w", err)
			}
			return c.make(cmd, client, there, to)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file with all preferences; - for standard input")
	c.bind(cmd)
	return cmd
}

func newPrefsRollbackCommand() *cobra.Command {
	var (
		version int64
		c       prefsChange
	)
	cmd := &cobra.Command{
		Use: "rollback TENANT --to VERSION", Short: "Give a tenant the preferences again that it had", Args: cobra.ExactArgs(1),
		Long:    "Give a tenant the preferences again that held in an earlier version. That makes a new version; none is lost.",
		Example: "  agentctl tenant prefs rollback example-clinic --to 1000123",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, there, err := openTenant(cmd, args[0])
			if err != nil {
				return err
			}
			was, err := client.PreferencesAt(cmd.Context(), args[0], version)
			if err != nil {
				return err
			}
			return c.make(cmd, client, there, was.Preferences)
		},
	}
	cmd.Flags().Int64Var(&version, "to", 0, "the version, as `agentctl tenant prefs history` lists them")
	_ = cmd.MarkFlagRequired("to") // fails only for a flag that does not exist
	c.bind(cmd)
	return cmd
}
