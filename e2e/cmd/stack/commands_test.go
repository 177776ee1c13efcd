package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

func TestWithoutAStack(t *testing.T) {
	t.Parallel()
	for args, tc := range map[string]struct {
		code int
		says string
	}{
		"":                {exitUsage, "usage:"},
		"sideways":        {exitUsage, "usage:"},
		"up --nonsense":   {exitUsage, "nonsense"},
		"status up":       {exitUsage, "usage:"},
		"status --dir":    {exitUsage, "-dir"},
		"status --dir %":  {exitNotRunning, "make up"},
		"env --dir %":     {exitNotRunning, "make up"},
		"down --dir %":    {0, "Nothing is running"},
		"clean --dir %/x": {0, ""},
	} {
		var out bytes.Buffer
		fields := strings.Fields(strings.ReplaceAll(args, "%", t.TempDir()))
		err := run(t.Context(), fields, &out)
		code := 0
		if err != nil {
			code = exitCode(err)
			out.WriteString(err.Error())
		}
		if code != tc.code || !strings.Contains(out.String(), tc.says) {
			t.Errorf("stack %s: got %d and %q, want %d and %q", args, code, out.String(), tc.code, tc.says)
		}
	}
}

func TestExitCodeOfAFailure(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{errDead: 1, stack.ErrRunning: 1, errors.New("x"): 1} {
		if got := exitCode(err); got != want {
			t.Errorf("%v: got %d, want %d", err, got, want)
		}
	}
}
