package cluster_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

func (p *platform) upgrades(t *testing.T) {
	tokens, enhancer := p.tokens(t), p.deployment(t, "enhancer").Spec.Template
	if _, err := p.helm(t, "upgrade", "--set", "gateway.replicas=3", "--set", "gateway.settings.LOG_LEVEL=debug"); err != nil {
		t.Fatal(err)
	}
	gateway := p.deployment(t, "gateway")
	if gateway.Status.AvailableReplicas != 3 || gateway.Annotations["deployment.kubernetes.io/revision"] != "2" {
		t.Errorf("the gateway has %d replicas of revision %s, want 3 of a second one, since a setting has changed",
			gateway.Status.AvailableReplicas, gateway.Annotations["deployment.kubernetes.io/revision"])
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
	if err := cluster.Await(bounded(t), "two gateways", func(ctx context.Context) error {
		found, err := running.Client().AppsV1().Deployments(platformNamespace).Get(ctx, "gateway", metav1.GetOptions{})
		if err == nil && (found.Status.Replicas != 2 || found.Status.AvailableReplicas != 2) {
			err = fmt.Errorf("there are %d", found.Status.Replicas)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
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
