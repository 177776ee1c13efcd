package cluster_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/e2e/charts"
	"github.com/ai-agents/ai-agents/e2e/cluster"
)

// tokens are what app and sidecar prove themselves with: an upgrade that made others would break pods that run.
func (p *platform) tokens(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, app := range platformApps {
		for _, kind := range []string{"dapr-api-token", "app-api-token"} {
			token := p.secret(t, app+"-"+kind)["token"]
			if len(token) < 16 {
				t.Errorf("the %s of %s has %d characters", kind, app, len(token))
			}
			all = append(append(all, token...), ' ')
		}
	}
	return all
}

// upgradesFromTheReleaseBefore replaces this release by the one before, as a rollback by chart does, and upgrades again: what cannot be changed in place, such
// as selectors, would be refused, and the same values have to do for both.
func (p *platform) upgradesFromTheReleaseBefore(t *testing.T) {
	chart, tag, err := charts.Previous(bounded(t), filepath.Join("..", ".."), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if tag == "" {
		t.Log("this checkout knows of no release: the one before is this chart with other images")
	}
	tokens, image := p.tokens(t), p.deployment(t, "gateway").Spec.Template.Spec.Containers[0].Image
	for _, c := range []struct{ chart, what string }{{chart, "the release before"}, {filepath.Join("..", "..", charts.Dir), "this release"}} {
		if _, err := p.helmOf(t, c.chart, "upgrade"); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		p.isAvailable(t)
		if !bytes.Equal(tokens, p.tokens(t)) {
			t.Errorf("%s made other tokens", c.what)
		}
		now := p.deployment(t, "gateway").Spec.Template.Spec.Containers[0].Image
		if (now == image) != (c.chart != chart) {
			t.Errorf("%s runs %s, and this one %s", c.what, now, image)
		}
	}
}

// failsToMigrate: the Job cannot run, nothing of the release is touched, and the Job is left to be looked at.
func (p *platform) failsToMigrate(t *testing.T) {
	before := map[string]int64{}
	for _, app := range platformApps {
		before[app] = p.deployment(t, app).Generation
	}
	_, err := p.helm(t, "upgrade", "--set", "migrate.existingSecret=not-there,gateway.settings.LOG_LEVEL=debug", "--timeout", "8s")
	if err == nil || !strings.Contains(err.Error(), "pre-upgrade hooks failed") {
		t.Fatalf("%v, want the upgrade to fail with its hook", err)
	}
	for _, app := range platformApps {
		if now := p.deployment(t, app).Generation; now != before[app] {
			t.Errorf("the Deployment of %s was changed, generation %d to %d", app, before[app], now)
		}
	}
	why := onePod(t, platformNamespace, "app.kubernetes.io/name=migrate").Status.ContainerStatuses
	if len(why) != 1 || why[0].State.Waiting == nil || !strings.Contains(why[0].State.Waiting.Message, "not-there") {
		t.Errorf("the pod of the failed migration does not say why: %v", why)
	}
}

func (p *platform) upgrades(t *testing.T) {
	tokens, enhancer, settings := p.tokens(t), p.deployment(t, "enhancer").Spec.Template, p.deployment(t, "gateway").Spec.Template.Annotations
	if _, err := p.helm(t, "upgrade", "--set", "gateway.replicas=3", "--set", "gateway.settings.LOG_LEVEL=debug"); err != nil {
		t.Fatal(err)
	}
	p.settled(t, "gateway", 3)
	if now := p.deployment(t, "gateway").Spec.Template.Annotations; fmt.Sprint(now) == fmt.Sprint(settings) {
		t.Errorf("a setting has changed, and the gateway's pods are made as before: %v", now)
	}
	if !bytes.Equal(tokens, p.tokens(t)) {
		t.Error("the upgrade made other tokens")
	}
	if now := p.deployment(t, "enhancer").Spec.Template; fmt.Sprint(now.Annotations) != fmt.Sprint(enhancer.Annotations) {
		t.Error("the upgrade of the gateway replaces the enhancer's pods, too")
	}
}

func (p *platform) rollsBack(t *testing.T) {
	tokens := p.tokens(t)
	if _, err := running.Helm(bounded(t), "rollback", platformRelease, "--namespace", platformNamespace, "--wait", "--timeout", "2m"); err != nil {
		t.Fatal(err)
	}
	p.settled(t, "gateway", 2)
	settings, err := running.Client().CoreV1().ConfigMaps(platformNamespace).Get(bounded(t), "gateway-settings", metav1.GetOptions{})
	if err != nil || settings.Data["LOG_LEVEL"] == "debug" {
		t.Errorf("LOG_LEVEL is %q, %v", settings.Data["LOG_LEVEL"], err)
	}
	if !bytes.Equal(tokens, p.tokens(t)) {
		t.Error("the rollback made other tokens")
	}
}

func (p *platform) uninstalls(t *testing.T) {
	ctx := bounded(t)
	if _, err := running.Helm(ctx, "uninstall", platformRelease, "--namespace", platformNamespace, "--wait", "--timeout", "2m"); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Await(ctx, "the release's objects to go", func(ctx context.Context) error {
		left, err := running.Kubectl(ctx, "get", "deployments,pods,services,jobs,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,"+
			"poddisruptionbudgets,components.dapr.io,configurations.dapr.io,subscriptions.dapr.io,resiliencies.dapr.io,workflowaccesspolicies.dapr.io",
			"-n", platformNamespace, "-l", "app.kubernetes.io/part-of=ai-agents", "-o", "name")
		if err == nil && strings.TrimSpace(left) != "" {
			err = fmt.Errorf("there is still %s", left)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if p.secret(t, "tenant-keyset")["tenant-keyset"] == nil {
		t.Error("the keyset is gone: nothing that tenants have stored can be opened any more")
	}
	if _, err := running.Kubectl(ctx, "get", "secret", "gateway-dapr-api-token", "-n", platformNamespace); err == nil {
		t.Error("a token of the release outlives it")
	}
}
