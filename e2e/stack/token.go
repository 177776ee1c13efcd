package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// console is the app that has the admin API.
	console = "console"
	// tokenFor is how long the operator's token has to be good when the stack is started.
	tokenFor = 7 * 24 * time.Hour
)

// TokenFile holds the token with which the operator of this stack may do everything.
func (s *Stack) TokenFile() string { return tokenPath(s.dir) }

func tokenPath(dir string) string { return filepath.Join(dir, "agentctl-token") }

// Admin is a client of the console that may do everything.
func (s *Stack) Admin() (*adminapi.Client, error) {
	token, err := tokenfile.Read(s.TokenFile())
	if err != nil {
		return nil, err
	}
	return adminapi.NewClient(adminapi.Options{BaseURL: s.ConsoleURL(), Token: token.Secret})
}

// renewBootstrap makes a new bootstrap token when the operator's token is gone or has not long to live: the old one
// may have been used, which it can be once.
func (l *launch) renewBootstrap() error {
	token, err := tokenfile.Read(tokenPath(l.opts.Dir))
	if err == nil && time.Until(token.ExpiresAt) > tokenFor {
		return nil
	}
	if l.secrets.store[secretBootstrap], err = random(); err != nil {
		return err
	}
	if _, err := tokenfile.Remove(tokenPath(l.opts.Dir)); err != nil {
		return err
	}
	return writeJSON(l.secrets.path, l.secrets.store)
}

// bootstrap sees to it that there is an operator's token that the console accepts.
func (l *launch) bootstrap(ctx context.Context) error {
	if l.stack.processes[console] == nil {
		return nil
	}
	return l.report("operator's token", func() error {
		client, err := l.stack.Admin()
		if err == nil {
			_, err = client.WhoAmI(ctx)
		}
		// The database may be a new one, which does not know the token of the old.
		if !errors.Is(err, tokenfile.ErrNone) && adminapi.StatusOf(err) != http.StatusUnauthorized {
			return err
		}
		return l.stack.exchange(ctx)
	})
}

// exchange gets the operator's token for the bootstrap token.
func (s *Stack) exchange(ctx context.Context) error {
	client, err := adminapi.NewClient(adminapi.Options{BaseURL: s.ConsoleURL(), Token: tenant.Secret(s.BootstrapToken())})
	if err != nil {
		return err
	}
	issued, err := client.Bootstrap(ctx)
	if err != nil {
		return fmt.Errorf("get the operator's token: %w", err)
	}
	return tokenfile.Write(s.TokenFile(), tokenfile.Token{Secret: tenant.Secret(issued.Secret), ExpiresAt: issued.ExpiresAt})
}
