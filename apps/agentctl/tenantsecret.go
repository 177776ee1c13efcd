package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// defaultOverlap is time enough to change a sender.
	defaultOverlap = "24h"
	// secretBytes are as many as the hash has that the secret is the key of.
	secretBytes = 32
)

// rotation replaces a signing secret.
type rotation struct {
	overlap         time.Duration
	file            string
	generate, again bool
}

func newRotateSecretCommand() *cobra.Command {
	var (
		r       rotation
		overlap string
	)
	cmd := &cobra.Command{
		Use: "rotate-secret TENANT", Short: "Replace what the tenant signs its webhooks with", Args: cobra.ExactArgs(1),
		Long: `Replace the secret that the tenant's webhooks are signed with. The one until now is accepted for the overlap besides
the new one, so that the sender can be changed in its own time. When it has leaked: --overlap 0.

A generated secret is printed once, alone, on standard output: enter it at the sender.`,
		Example: `  agentctl tenant rotate-secret example-clinic --generate
  agentctl tenant rotate-secret example-clinic --secret-file new-secret --overlap 2d`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if r.overlap, err = parsePeriod(overlap); err != nil {
				return fmt.Errorf("--overlap: %w", err)
			}
			if r.generate == (r.file != "") {
				return errors.New("say where the new secret comes from: --generate, or --secret-file")
			}
			return r.do(cmd, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&overlap, "overlap", defaultOverlap, "for how long the secret until now is still accepted; at most 7d")
	flags.StringVar(&r.file, "secret-file", "", "file with the new secret; - for standard input")
	flags.BoolVar(&r.generate, "generate", false, "make a new secret, and print it")
	flags.BoolVar(&r.again, "again", false, "also while the secret before the present one is still accepted, which ends then")
	return cmd
}

func (r *rotation) do(cmd *cobra.Command, id string) error {
	client, there, err := openTenant(cmd, id)
	if err != nil {
		return err
	}
	// A sender that was not changed yet would be locked out by a second rotation.
	until := there.Secrets.PreviousSigningSecretUntil
	if until != nil && until.After(time.Now()) && r.overlap > 0 && !r.again {
		return fmt.Errorf("the secret before the present one of %s is accepted until %s, and would end now: add --again if its sender has "+
			"been changed, or wait", id, shown(*until))
	}
	secret, err := r.secret(cmd)
	if err != nil {
		return err
	}
	changed, err := client.RotateSigningSecret(cmd.Context(), id, there.ETag(), adminapi.RotateSigningSecret{
		Secret: secret.Reveal(), OverlapSeconds: int(r.overlap / time.Second),
	})
	if _, lost := errors.AsType[*adminapi.UnreachableError](err); lost && r.generate {
		// It may have been set, and then nobody else has it.
		return errors.Join(say(cmd, "%s", secret.Reveal()), fmt.Errorf("it is not known whether the secret above was set: "+
			"`agentctl tenant show %s` says when the signing secret was changed last: %w", id, err))
	}
	if err != nil {
		return fmt.Errorf("the signing secret of %s was not changed: %w", id, err)
	}
	before := "no more"
	if until := changed.Secrets.PreviousSigningSecretUntil; until != nil {
		before = "until " + shown(*until)
	}
	cmd.PrintErrf("The signing secret of %s is replaced. The one before is accepted %s.\n", id, before)
	if !r.generate {
		return nil
	}
	cmd.PrintErrln("The new one, which is not shown again:")
	return say(cmd, "%s", secret.Reveal())
}

func (r *rotation) secret(cmd *cobra.Command) (tenant.Secret, error) {
	if !r.generate {
		return readSecret(cmd, r.file, "the new signing secret")
	}
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // never fails
	return tenant.Secret(base64.RawURLEncoding.EncodeToString(random)), nil
}

func newSetAPIKeyCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "set-api-key TENANT", Short: "Replace the key to the tenant's ServiceDesk Plus", Args: cobra.ExactArgs(1),
		Long: `Replace the key to the tenant's ServiceDesk Plus: on premises the technician's authtoken, in the cloud a JSON object
with accounts_url, client_id, client_secret and refresh_token.`,
		Example: "  agentctl tenant set-api-key example-clinic --file -",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			secret, err := readSecret(cmd, file, "the new key")
			if err != nil {
				return err
			}
			if _, err := client.ReplaceAPIKey(cmd.Context(), args[0], anyVersion, adminapi.ReplaceSecret{Secret: secret.Reveal()}); err != nil {
				return err
			}
			return say(cmd, "the key of %[1]s to ServiceDesk Plus is replaced; try it with `agentctl tenant test %[1]s`", args[0])
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "file with the key; - for standard input")
	_ = cmd.MarkFlagRequired("file") // fails only for a flag that does not exist
	return cmd
}

func newSetKnowledgeKeyCommand() *cobra.Command {
	var (
		file   string
		remove bool
	)
	cmd := &cobra.Command{
		Use: "set-kb-key TENANT", Short: "Replace, or remove, the key to the tenant's knowledge base", Args: cobra.ExactArgs(1),
		Example: "  agentctl tenant set-kb-key example-clinic --file -\n  agentctl tenant set-kb-key example-clinic --remove",
		RunE: func(cmd *cobra.Command, args []string) error {
			if remove == (file != "") {
				return errors.New("say what becomes of the key: --file with a new one, or --remove")
			}
			client, err := openConsole(cmd)
			if err != nil {
				return err
			}
			var secret tenant.Secret
			done := "removed"
			if !remove {
				done = "replaced"
				if secret, err = readSecret(cmd, file, "the new key"); err != nil {
					return err
				}
			}
			if _, err := client.ReplaceKnowledgeKey(cmd.Context(), args[0], anyVersion, adminapi.ReplaceSecret{Secret: secret.Reveal()}); err != nil {
				return err
			}
			return say(cmd, "the key of %s to its knowledge base is %s", args[0], done)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "file with the key; - for standard input")
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the key")
	return cmd
}
