package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/pause"
)

// fakePrograms are a helm and a kubectl that note what they are called with, and answer as a cluster would that has the platform. A call that holds the text in
// the file "fail" fails with what stands there behind it; one that holds the text in "hang" waits for an interrupt.
const fakePrograms = `#!/bin/sh
PATH=/usr/bin:/bin
here=$(dirname "$0")
call="$(basename "$0") $*"
echo "$call" >>"$here/calls"
if [ -f "$here/fail" ]; then
	read -r text <"$here/fail"
	case "$call" in *"$text"*) sed 1d "$here/fail" >&2; exit 1 ;; esac
fi
if [ -f "$here/hang" ]; then
	read -r text <"$here/hang"
	case "$call" in *"$text"*)
		trap 'echo interrupted >>"$here/calls"; exit 1' INT
		echo hangs >>"$here/calls"
		while :; do sleep 0.05; done ;;
	esac
fi
case "$call" in
"kubectl config current-context"*) echo example-cluster ;;
"kubectl get service kubernetes"*) printf 192.0.2.30 ;;
"kubectl get endpointslices"*) printf "192.0.2.31 192.0.2.32" ;;
"kubectl apply"*) cat >>"$here/applied" ;;
"kubectl get secret"*) cat "$here/secrets" ;;
"helm get values"*) cat "$here/platform" ;;
"helm get metadata"*) echo '{"appVersion":"1.2.3"}' ;;
"helm upgrade"*)
	for argument in "$@"; do
		if [ "$next" = yes ]; then cat "$argument" >>"$here/values"; fi
		next=no
		if [ "$argument" = --values ]; then next=yes; fi
	done ;;
esac
`

const fakePlatform = `{"dedicatedTenants": ["alpha"], "image": {"registry": "registry.example.com/ai-agents", "tag": ""}, "dapr": {"logLevel": "warn"},
	"enhancer": {"replicas": 9, "settings": {"LLM_MODEL": "example-model", "OUTBOUND_MAX_BYTES": 26214400}, "autoscaling": {"hpa": {"enabled": true}}},
	"secrets": {"values": {"tenant-keyset": "example-keyset"}}, "redis": {"enabled": true, "external": {"address": ""}}, "postgresql": {"enabled": false},
	"networkPolicies": {"enabled": true, "outside": {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [443]}, "ingressFrom": [{"podSelector": {}}],
		"postgresql": {"to": [{"ipBlock": {"cidr": "192.0.2.10/32"}}], "port": 5433},
		"kubernetesAPI": {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [443]}}}`

// fakeCluster is what helm and kubectl work on here.
type fakeCluster struct{ dir string }

func newFakeCluster(t *testing.T) fakeCluster {
	t.Helper()
	c := fakeCluster{t.TempDir()}
	for name, content := range map[string]string{
		"helm": fakePrograms, "kubectl": fakePrograms, "platform": fakePlatform,
		"secrets": "secret/database-url\nsecret/tenant-keyset\nsecret/redis-password\n", "calls": "",
	} {
		c.put(t, name, content)
	}
	t.Setenv("PATH", c.dir)
	return c
}

func (c fakeCluster) put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

func (c fakeCluster) read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}

// changes are the calls that change something.
func (c fakeCluster) changes(t *testing.T) (changes []string) {
	t.Helper()
	for line := range strings.Lines(c.read(t, "calls")) {
		if words := strings.Fields(line); len(words) > 1 && slices.Contains([]string{"upgrade", "uninstall", "apply", "delete"}, words[1]) {
			changes = append(changes, words[0]+" "+words[1])
		}
	}
	return changes
}

// provisioned gives agentctl a tenant alpha, a worker of the shared enhancer, and one of its own.
func provisioned(t *testing.T) (*world, fakeCluster) {
	t.Helper()
	w := environment(t)
	mustApply(t)
	for _, enhancer := range []string{"", "alpha"} {
		member := crew.Member{Replica: "of-" + enhancer, Enhancer: enhancer, Version: "v1.2.3", State: crew.Working}
		if _, err := crew.NewRegister(w.database.Open(t)).Beat(t.Context(), member); err != nil {
			t.Fatal(err)
		}
	}
	return w, newFakeCluster(t)
}

func isolation(t *testing.T) string {
	t.Helper()
	out := must(t, "", "tenant show alpha")
	if strings.Contains(out, `"isolation": "dedicated"`) {
		return "dedicated"
	}
	return "shared"
}

func TestProvisionATenant(t *testing.T) {
	_, c := provisioned(t)
	out := must(t, "", "tenant provision alpha --egress 203.0.113.9/24 --kube-context example")
	for _, says := range []string{"cluster example, namespace tenant-alpha", "restricted Pod Security", "enhancer-alpha is installed", "of-alpha takes work", "moved from shared to dedicated"} {
		if !strings.Contains(out, says) {
			t.Errorf("says nothing of %q: %s", says, out)
		}
	}
	if got := c.changes(t); !slices.Equal(got, []string{"kubectl apply", "helm upgrade"}) {
		t.Errorf("did %v", got)
	}
	for call := range strings.Lines(c.read(t, "calls")) {
		if !strings.Contains(call, "context example") {
			t.Errorf("on which cluster: %s", call)
		}
	}
	if namespace := c.read(t, "applied"); !strings.Contains(namespace, `"tenant-alpha"`) || !strings.Contains(namespace, `"pod-security.kubernetes.io/enforce":"restricted"`) {
		t.Errorf("applied %s", namespace)
	}
	values := c.read(t, "values")
	for _, want := range []string{
		"tenant: alpha", "namespace: ai-agents", "registry: registry.example.com/ai-agents", "tag: 1.2.3", "LLM_MODEL: example-model", "OUTBOUND_MAX_BYTES: 26214400",
		"address: redis.ai-agents.svc:6379", "cidr: 203.0.113.0/24", "cidr: 192.0.2.10/32", "port: 5433", "cidr: 192.0.2.30/32", "cidr: 192.0.2.31/32", "cidr: 192.0.2.32/32",
	} {
		if !strings.Contains(values, want) {
			t.Errorf("the values have no %q:\n%s", want, values)
		}
	}
	for _, unwanted := range []string{"example-keyset", "0.0.0.0/0", "replicas", "autoscaling", "ingressFrom", "enabled: false"} {
		if strings.Contains(values, unwanted) {
			t.Errorf("the values have %q:\n%s", unwanted, values)
		}
	}
	if isolation(t) != "dedicated" {
		t.Error("it was not moved")
	}
	if again := must(t, "", "tenant provision alpha --egress 203.0.113.9/24"); !strings.Contains(again, "dedicated already") || !strings.Contains(again, "cluster example-cluster") {
		t.Errorf("again: %s", again)
	}
}

func TestProvisionChangesNothingBeforeItCan(t *testing.T) {
	_, c := provisioned(t)
	const egress = " --egress 203.0.113.0/24"
	fails(t, "", "tenant provision beta"+egress, "no such tenant")
	fails(t, "", "tenant provision alpha", "--egress", "sdp.example.com")
	fails(t, "", "tenant provision alpha --egress 0.0.0.0/0", "is everything")
	fails(t, "", "tenant provision alpha --egress sdp.example.com", "is no network")
	fails(t, "", "tenant provision alpha --values none.yaml"+egress, "none.yaml")
	c.put(t, "platform", `{"dedicatedTenants": ["beta"]}`)
	fails(t, "", "tenant provision alpha"+egress, "the platform does not know of it", "dedicatedTenants={beta,alpha}")
	c.put(t, "platform", fakePlatform)
	c.put(t, "fail", "get values\nError: release: not found\n")
	fails(t, "", "tenant provision alpha"+egress, "release: not found", "--platform-namespace")
	c.put(t, "fail", "endpointslices\nForbidden\n")
	fails(t, "", "tenant provision alpha"+egress, "addresses of the Kubernetes API", "Forbidden")
	c.put(t, "fail", "current-context\nerror: current-context is not set\n")
	fails(t, "", "tenant provision alpha"+egress, "which cluster", "not set")
	c.put(t, "fail", "nothing\n")
	out := filepath.Join(t.TempDir(), "alpha.yaml")
	if shown := must(t, "", "tenant provision alpha --dry-run --values-out "+out+egress); !strings.Contains(shown, "tenant: alpha") || !strings.Contains(shown, "nothing was changed") {
		t.Errorf("shows %s", shown)
	}
	if written, err := os.ReadFile(out); err != nil || !strings.Contains(string(written), "tenant: alpha") {
		t.Errorf("wrote %s, %v", written, err)
	}
	for _, missing := range []string{"helm", "kubectl"} {
		alone := t.TempDir()
		for _, name := range []string{"helm", "kubectl"} {
			if name != missing {
				if err := os.Symlink(filepath.Join(c.dir, name), filepath.Join(alone, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Setenv("PATH", alone)
		fails(t, "", "tenant provision alpha"+egress, "PATH has no "+missing)
		fails(t, "", "tenant deprovision alpha --yes", "PATH has no "+missing)
	}
	if did := c.changes(t); len(did) > 0 {
		t.Errorf("did %v", did)
	}
	if isolation(t) != "shared" {
		t.Error("it was moved")
	}
}

func TestProvisionStopsWhereItFails(t *testing.T) {
	w, c := provisioned(t)
	const command = "tenant provision alpha --egress 203.0.113.0/24"
	c.put(t, "fail", "kubectl apply\nForbidden: no namespaces for you\n")
	fails(t, "", command, "no namespaces for you")
	c.put(t, "fail", "nothing\n")
	c.put(t, "secrets", "secret/database-url\n")
	fails(t, "", command, "create secret generic tenant-keyset", "create secret generic redis-password", "again")
	values := write(t, "own.yaml", "secrets: {values: {tenant-keyset: example, redis-password: example}}\n")
	c.put(t, "fail", "helm upgrade\nError: context deadline exceeded\n")
	fails(t, "", command+" --values "+values, "deadline exceeded", "describe")
	c.put(t, "fail", "helm upgrade\nError: another operation (install/upgrade/rollback) is in progress\n")
	fails(t, "", command+" --values "+values, "helm rollback tenant-alpha")
	c.put(t, "fail", "nothing\n")
	c.put(t, "secrets", "secret/database-url\nsecret/tenant-keyset\nsecret/redis-password\n")
	w.exec(t, "UPDATE workers SET enhancer = 'beta' WHERE enhancer = 'alpha'")
	fails(t, "", command+" --timeout 1ms", "no worker of enhancer-alpha", "kubectl --namespace tenant-alpha logs")
	if isolation(t) != "shared" {
		t.Error("it was moved, and nobody works for it")
	}
	w.exec(t, "UPDATE workers SET enhancer = 'alpha' WHERE enhancer = 'beta'")
	if out := must(t, "", command+" --no-move"); !strings.Contains(out, "stays shared") || isolation(t) != "shared" {
		t.Errorf("says %s", out)
	}
}

// Killed, helm would leave a release that looks as if it were still being installed.
func TestAnInterruptReachesHelm(t *testing.T) {
	_, c := provisioned(t)
	c.put(t, "hang", "helm upgrade\n")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		for !strings.Contains(c.read(t, "calls"), "hangs") {
			if pause.For(ctx, 10*time.Millisecond) != nil {
				return
			}
		}
		interrupt()
	}()
	_, err := agentctl(ctx, "", "tenant", "provision", "alpha", "--egress", "203.0.113.0/24")
	if !errors.Is(err, context.Canceled) || !strings.Contains(c.read(t, "calls"), "interrupted") {
		t.Errorf("%v, after\n%s", err, c.read(t, "calls"))
	}
	c.put(t, "hang", "nothing\n")
	if out := must(t, "", "tenant provision alpha --egress 203.0.113.0/24"); !strings.Contains(out, "moved from shared to dedicated") {
		t.Errorf("given again: %s", out)
	}
}
