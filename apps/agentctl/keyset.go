package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

const keysetHelp = `The keyset that seals the tenants' secrets is the secret tenant-keyset of the secret store. A key is replaced in three
steps, after each of which all processes have to be restarted with the new keyset:

  add       a new key, which opens and does not seal yet
  promote   new values are sealed with it; the console seals the old ones again in the background
  retire    the old key goes, once ` + "`agentctl keyset status`" + ` says that nothing is sealed with it any more

new makes the first keyset of an installation, with one key, on standard output.
add, promote and retire read the keyset from standard input and write the changed one to standard
output. None of the four speaks to anybody. Do not put a keyset into a file that others can read.`

func newKeysetCommand() *cobra.Command {
	return group(&cobra.Command{Use: "keyset", Short: "Look at, and change, the keys that seal the tenants' secrets", Long: keysetHelp},
		newKeysetStatusCommand(), newKeysetNewCommand(),
		newKeysetChangeCommand("add", "Add a key, which opens and does not seal yet", cobra.NoArgs,
			func(keyset string, _ []string) (string, string, error) {
				changed, id, err := tenant.AddKey(keyset)
				return changed, fmt.Sprintf("Key %d is added. When all processes have this keyset: agentctl keyset promote %[1]d", id), err
			}),
		newKeysetChangeCommand("promote KEY", "Have new values sealed with a key", cobra.ExactArgs(1),
			func(keyset string, args []string) (string, string, error) {
				id, err := parseKeyID(args[0])
				if err != nil {
					return "", "", err
				}
				changed, err := tenant.Promote(keyset, id)
				return changed, fmt.Sprintf("New values are sealed with key %d. `agentctl keyset status` says when the others are needed no more.", id), err
			}),
		newKeysetChangeCommand("retire KEY", "Remove a key: what is still sealed with it can never be opened again", cobra.ExactArgs(1),
			func(keyset string, args []string) (string, string, error) {
				id, err := parseKeyID(args[0])
				if err != nil {
					return "", "", err
				}
				changed, err := tenant.Retire(keyset, id)
				return changed, fmt.Sprintf("Key %d is removed.", id), err
			}))
}

func newKeysetNewCommand() *cobra.Command {
	return &cobra.Command{
		Use: "new", Short: "Make the first keyset of an installation", Args: cobra.NoArgs,
		Example: "  agentctl keyset new",
		Long:    "Make the first keyset of an installation. One that has a keyset keeps it: what is sealed can be opened with no other.\n\n" + keysetHelp,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keyset, err := tenant.GenerateKeyset()
			if err != nil {
				return err
			}
			return say(cmd, "%s", keyset)
		},
	}
}

// newKeysetChangeCommand makes a command that changes a keyset on its way from standard input to standard output.
func newKeysetChangeCommand(
	use, short string, args cobra.PositionalArgs, change func(keyset string, args []string) (changed, done string, err error),
) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args, Long: short + ".\n\n" + keysetHelp,
		Example: "  agentctl keyset " + strings.Replace(use, "KEY", "1520934", 1) + " < keyset > changed",
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := readInput(cmd, "-")
			if err != nil {
				return err
			}
			if len(strings.TrimSpace(string(data))) == 0 {
				return errors.New("standard input is empty: give the keyset, the secret tenant-keyset of the secret store")
			}
			changed, done, err := change(string(data), args)
			if err != nil {
				return err
			}
			if err := say(cmd, "%s", changed); err != nil {
				return err
			}
			cmd.PrintErrln(done)
			return nil
		},
	}
}

func parseKeyID(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no key: give the number that `agentctl keyset status` lists", text)
	}
	return uint32(id), nil
}

func newKeysetStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show which keys there are, and what is sealed with them", Args: cobra.NoArgs,
		Example: "  agentctl keyset status\n  agentctl keyset status --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			status, err := client.Keyset(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, status)
			}
			t := newTable(cmd, false, "KEY", "SEALED VALUES", "")
			for _, key := range status.Keys {
				note := ""
				switch {
				case key.Primary:
					note = "new values are sealed with it"
				case key.Values == 0:
					note = "nothing is sealed with it: it is new, or can be retired"
				}
				t.line(key.ID, key.Values, note)
			}
			if status.Unreadable == 0 {
				return t.close(nil)
			}
			return t.close(fmt.Errorf("%s cannot be opened: the key is in no keyset we have. Put that key back, or set these secrets anew",
				plural(status.Unreadable, "value")))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
