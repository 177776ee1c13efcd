package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/webhook"
)

// patience bounds one sample with all its attempts.
const patience = time.Minute

// samples gives the fenced blocks of docs/webhooks.md that are marked with `<!-- run: name -->`.
func samples(t *testing.T, name string) string {
	t.Helper()
	text := read(t, filepath.Join(repository(t), "docs", "webhooks.md"))
	var found strings.Builder
	for i, part := range strings.Split(text, "<!-- run: "+name+" -->\n```") {
		if i == 0 {
			continue
		}
		_, code, _ := strings.Cut(part, "\n")
		code, _, closed := strings.Cut(code, "\n```")
		if !closed {
			t.Fatalf("docs/webhooks.md: the sample %q does not end", name)
		}
		found.WriteString(code + "\n")
	}
	if found.Len() == 0 {
		t.Fatalf("docs/webhooks.md has no sample marked `<!-- run: %s -->`", name)
	}
	return found.String()
}

// run runs a program of the machine, whose absence is a failure: a sample that was not run proves nothing.
func run(t *testing.T, env []string, program, debianPackage string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: install it, on Debian or Ubuntu with `apt-get install %s`", program, debianPackage)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", program, err, output, complaints.String())
	}
	return string(output)
}

func TestTheSamplesForTheShell(t *testing.T) {
	t.Parallel()
	run(t, nil, "curl", "curl", "--version")
	run(t, nil, "openssl", "openssl", "version")
	gateway := newReceiver(t, 0)
	output := run(t, []string{
		"GATEWAY_URL=" + gateway.URL, "TENANT_ID=" + sampleTenant, "SIGNING_SECRET=" + sampleSecret,
	}, "bash", "bash", "-euo", "pipefail", "-c", samples(t, "shell"))
	for _, p := range gateway.taken(t, 2) { // signed in hexadecimal and in base64
		if p.Ticket.ID != "20501" || p.Event != "created" || p.Ticket.Subject == "" || p.Ticket.Description == "" {
			t.Errorf("ticket %+v, event %s", p.Ticket, p.Event)
		}
	}
	if !strings.Contains(output, "example-job") {
		t.Errorf("the samples do not show the answer: %q", output)
	}
}

// The vendor's own example of the function that the cloud sample signs with, so that at least its output
// is known to be understood: https://www.zoho.com/deluge/help/encryption/hmac-sha256.html
func TestTheSignatureOfDelugeIsUnderstood(t *testing.T) {
	t.Parallel()
	const key, data = "sk_5Ow7B_4eC39H", "{Order ID: 0932, Currency: USD, Amount: 2500}"
	for _, signature := range []string{
		"E3IZY+esQ59aLmPCYYVjk2R/P1G0k77r9ZGa9Lw94Zw=",
		"13721963e7ac439f5a2e63c261856393647f3f51b493beebf5919af4bc3de19c",
	} {
		if err := webhook.Verify(key, []byte(data), signature); err != nil {
			t.Errorf("%s: %v", signature, err)
		}
	}
}
