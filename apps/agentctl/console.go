package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"
	"github.com/spf13/cobra"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Flags of every command.
const (
	flagConsole  = "console"
	flagInsecure = "insecure"

	defaultConsole = "http://127.0.0.1:8083"
)

type settings struct {
	ConsoleURL string `envconfig:"CONSOLE_URL" default:"http://127.0.0.1:8083"`
	// Token wins over the file.
	Token          string `envconfig:"AGENTCTL_TOKEN"`
	TokenFile      string `envconfig:"AGENTCTL_TOKEN_FILE" default:"~/.config/ai-agents/token"`
	AllowPlainHTTP bool   `envconfig:"AGENTCTL_ALLOW_PLAIN_HTTP" default:"false"`

	// Who `agentctl login` asks.
	Issuer   string `envconfig:"AGENTCTL_OIDC_ISSUER"`
	ClientID string `envconfig:"AGENTCTL_OIDC_CLIENT_ID"`
}

// readSettings reads the environment, and the flags of every command, which win.
func readSettings(cmd *cobra.Command) (settings, error) {
	var cfg settings
	if err := envconfig.Process("", &cfg); err != nil {
		return cfg, fmt.Errorf("settings from the environment: %w", err)
	}
	if address, _ := cmd.Flags().GetString(flagConsole); address != "" {
		cfg.ConsoleURL = address
	}
	if insecure, _ := cmd.Flags().GetBool(flagInsecure); insecure {
		cfg.AllowPlainHTTP = true
	}
	if below, is := strings.CutPrefix(cfg.TokenFile, "~/"); is {
		home, err := os.UserHomeDir()
		if err != nil {
			return cfg, fmt.Errorf("there is no home folder for the token: set AGENTCTL_TOKEN_FILE: %w", err)
		}
		cfg.TokenFile = filepath.Join(home, below)
	}
	return cfg, nil
}

// client makes a client that presents token.
func (s settings) client(token tenant.Secret) (*adminapi.Client, error) {
	client, err := adminapi.NewClient(adminapi.Options{BaseURL: s.ConsoleURL, Token: token, AllowPlainHTTP: s.AllowPlainHTTP})
	if errors.Is(err, adminapi.ErrPlainHTTP) {
		return nil, fmt.Errorf("%w, or allow it with --insecure", err)
	}
	return client, err
}

// openConsole makes a client with the operator's token. It speaks to nobody yet.
func openConsole(cmd *cobra.Command) (*adminapi.Client, error) {
	cfg, err := readSettings(cmd)
	if err != nil {
		return nil, err
	}
	if cfg.Token != "" {
		return cfg.client(tenant.Secret(strings.TrimSpace(cfg.Token)))
	}
	token, err := tokenfile.Read(cfg.TokenFile)
	if errors.Is(err, tokenfile.ErrNone) {
		return nil, fmt.Errorf("%w\n"+
			"Get one with `agentctl login`, or on a new installation with `agentctl bootstrap`. AGENTCTL_TOKEN_FILE names another\n"+
			"file, AGENTCTL_TOKEN holds a token itself. With the local stack running: . .run/env", err)
	}
	if err != nil {
		return nil, err
	}
	client, err := cfg.client(token.Secret)
	if err != nil {
		return nil, err
	}
	if token.Console != "" && token.Console != client.Address() {
		return nil, fmt.Errorf("the token in %s is for the console at %s, and not for the one at %s.\n"+
			"Set CONSOLE_URL to that, or log in to this one; AGENTCTL_TOKEN_FILE keeps their tokens apart", cfg.TokenFile, token.Console, client.Address())
	}
	if !token.ExpiresAt.IsZero() && !token.ExpiresAt.After(time.Now()) {
		return nil, fmt.Errorf("the token in %s expired on %s: get another with `agentctl login`, or from someone who may run `agentctl token create`",
			cfg.TokenFile, shown(token.ExpiresAt))
	}
	return client, nil
}

// explain adds to an error what helps those who meet it for the first time.
func explain(err error) string {
	text := err.Error()
	if _, is := errors.AsType[*adminapi.UnreachableError](err); is {
		text += "\nIs it running, and is this its address? CONSOLE_URL, or --console, names another. " +
			"The local one: `make up`, then `. .run/env`."
	}
	return text
}

// shown is how times are printed.
func shown(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }
