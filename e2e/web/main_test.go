// Package web_test uses the console's pages as people do, in a headless Chromium on the real stack: what is clicked on a page goes
// the whole way to a note on a ticket and back.
package web_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// updateImages has the pictures in docs/images/console taken anew.
var updateImages = flag.Bool("update-images", false, "take the pictures in docs/images/console anew")

// The stack that all tests of this package share, with a token that signs in on the pages.
var (
	running *stack.Stack
	users   *platform.Platform
	token   string
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ai-agents-web-")
	if err != nil {
		return 1, fmt.Errorf("make a run directory: %w", err)
	}
	running, err = stack.Start(ctx, stack.Options{
		Dir: dir, Ports: stack.Any, ReadyTimeout: 2 * time.Minute,
		Env: map[string]map[string]string{"enhancer": {
			"LLM_PRICE_PROMPT_PER_MTOK": "2.5", "LLM_PRICE_COMPLETION_PER_MTOK": "10", "RECONCILE_INTERVAL": "10000h",
		}},
	}.Covered())
	if err != nil {
		return 1, fmt.Errorf("start the stack (after `make build`): %w", err)
	}
	defer func() {
		err = errors.Join(err, running.Stop(ctx))
		if code == 0 && err == nil {
			err = stack.Remove(ctx, dir)
		} else {
			fmt.Fprintln(os.Stderr, "web: logs are in", dir+"/logs")
		}
	}()
	users, err = platform.Open(ctx, running)
	if err != nil {
		return 1, fmt.Errorf("reach the platform: %w", err)
	}
	defer users.Close()
	issued, err := users.Admin().CreateToken(ctx, adminapi.CreateToken{Name: "browser", Permissions: []string{string(access.RoleAdmin)}, ValidSeconds: 3600})
	if err != nil {
		return 1, fmt.Errorf("make a token for the browser: %w", err)
	}
	token = issued.Secret
	return m.Run(), nil
}
