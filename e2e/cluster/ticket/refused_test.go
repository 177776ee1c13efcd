package ticket_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/internal/preview"
)

// controlsAccess: the enhancer's Configuration lets the console's sidecar in and nobody else's. What the console's brings still has to prove itself to
// the app.
func (i *installation) controlsAccess(t *testing.T) {
	const body = `{"tenant_id":"x","document":"e30=","proof":"AAAA"}`
	path := "/v1.0/invoke/enhancer/method" + preview.Route
	status, answer, err := i.sidecars["gateway"].Ask(bounded(t), http.MethodPost, path, body)
	if err != nil || status != http.StatusForbidden || !strings.Contains(answer, "access control policy has denied access") {
		t.Errorf("the gateway's sidecar is answered %d %s, %v, want access control to deny it", status, answer, err)
	}
	status, answer, err = i.sidecars["console"].Ask(bounded(t), http.MethodPost, path, body)
	if err != nil || status != http.StatusForbidden || !strings.Contains(answer, "does not come from the console") {
		t.Errorf("the console's sidecar is answered %d %s, %v, want the enhancer's own answer", status, answer, err)
	}
	status, answer, err = i.sidecars["enhancer"].Ask(bounded(t), http.MethodPost, "/v1.0/invoke/gateway/method/events/tenant", "{}")
	if err != nil || status != http.StatusForbidden || !strings.Contains(answer, "access control policy has denied access") {
		t.Errorf("the enhancer's sidecar calls the gateway and is answered %d %s, %v", status, answer, err)
	}
	if shown := i.agentctl(t, "", "preview", "--tenant", tenantID, "--ticket", i.ticketID); !strings.Contains(shown, "Recommendations") {
		t.Errorf("the preview that the console asks for is\n%s", shown)
	}
}

func (i *installation) scopesComponents(t *testing.T) {
	names, err := i.sidecars["console"].Components(bounded(t))
	slices.Sort(names)
	if want := []string{"pubsub", "secretstore"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("the console has %v, %v, want %v", names, err, want)
	}
	for app, works := range map[string]bool{"enhancer": true, "console": false} {
		status, answer, err := i.sidecars[app].Ask(bounded(t), http.MethodGet, "/v1.0/state/statestore/example", "")
		if err != nil || works != (status == http.StatusNoContent) {
			t.Errorf("%s asks the state store and is answered %d %s, %v", app, status, answer, err)
		}
	}
	status, answer, err := i.sidecars["gateway"].Ask(bounded(t), http.MethodPost, "/v1.0/publish/pubsub/tenant:changed", "{}")
	if err != nil || status != http.StatusForbidden {
		t.Errorf("the gateway publishes on the console's topic and is answered %d %s, %v", status, answer, err)
	}
}

// refusesByRBAC takes one right from the enhancer's Role: its Configuration would still allow the secret, the API server does not.
func (i *installation) refusesByRBAC(t *testing.T) {
	ctx, roles := bounded(t), running.Client().RbacV1().Roles(platformNamespace)
	role, err := roles.Get(ctx, "enhancer-secrets", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	change := func(names []string) {
		t.Helper()
		now, err := roles.Get(ctx, role.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		now.Rules = []rbacv1.PolicyRule{*role.Rules[0].DeepCopy()}
		now.Rules[0].ResourceNames = names
		if _, err := roles.Update(ctx, now, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	without := slices.DeleteFunc(slices.Clone(role.Rules[0].ResourceNames), func(name string) bool { return name == "tenant-keyset" })
	if len(without) == len(role.Rules[0].ResourceNames) {
		t.Fatal("the enhancer's Role does not name the keyset")
	}
	change(without)
	defer change(role.Rules[0].ResourceNames)
	i.endsWithout(t, "enhancer", "tenant-keyset", `secrets \"tenant-keyset\" is forbidden`, "system:serviceaccount:"+platformNamespace+":enhancer")
}

// endsWithout starts the second pod of an app, which ends by itself and names the secret that it misses, with the reason.
func (i *installation) endsWithout(t *testing.T, app, secret string, reasons ...string) {
	t.Helper()
	sidecar, err := running.RunSidecar(bounded(t), app+"-second-dapr", &i.pods[app][1])
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := running.StopProcesses(context.WithoutCancel(t.Context()), app+"-second-dapr"); err != nil {
			t.Error(err)
		}
	}()
	said, err := running.RunAppToEnd(bounded(t), app+"-second", sidecar, app)
	if err == nil || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("the app ends with %v, want exit status 1", err)
	}
	for _, want := range append(reasons, "secrets are missing in store", ": "+secret) {
		if !strings.Contains(said, want) && !strings.Contains(said, strings.ReplaceAll(want, `\"`, `\\\"`)) {
			t.Errorf("the app does not say %q, but\n%s", want, said)
		}
	}
}

func (i *installation) namesMissingSecrets(t *testing.T) {
	const name = "console-database-url"
	ctx, secrets := bounded(t), running.Client().CoreV1().Secrets(platformNamespace)
	there, err := secrets.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := secrets.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := secrets.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: there.Data}, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	}()
	i.endsWithout(t, "console", name, "not found")
}

func (i *installation) namesWrongPasswords(t *testing.T) {
	const name = "redis-password"
	ctx, secrets := bounded(t), running.Client().CoreV1().Secrets(platformNamespace)
	change := func(value string) {
		t.Helper()
		now, err := secrets.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		now.Data[name] = []byte(value)
		if _, err := secrets.Update(ctx, now, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	change("another")
	defer change(password("redis"))
	said := i.fails(t, "enhancer")
	if !strings.Contains(said, "WRONGPASS") || strings.Contains(said, password("redis")) {
		t.Errorf("the sidecar says\n%s\nwant Redis' own word, and no password", said)
	}
}
