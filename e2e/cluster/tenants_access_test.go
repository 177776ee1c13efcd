package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/e2e/cluster"
	"github.com/ai-agents/ai-agents/e2e/cluster/netpol"
)

// may asks the API server whether a user with these groups may do a request such as "get secrets database-url" or "patch deployments.apps/scale" in the namespace.
func may(t *testing.T, namespace, request, user string, groups ...string) bool {
	t.Helper()
	words := strings.Fields(request)
	resource, subresource, _ := strings.Cut(words[1], "/")
	resource, group, _ := strings.Cut(resource, ".")
	asked := authorizationv1.ResourceAttributes{Namespace: namespace, Verb: words[0], Group: group, Resource: resource, Subresource: subresource}
	if len(words) > 2 {
		asked.Name = words[2]
	}
	review, err := running.Client().AuthorizationV1().SubjectAccessReviews().Create(bounded(t), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{User: user, Groups: append(groups, "system:authenticated"), ResourceAttributes: &asked},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}

func (p *platform) tenantDenials(t *testing.T) {
	for _, tenant := range dedicatedTenants {
		own, other := "tenant-"+tenant, map[string]string{"alpha": "tenant-beta", "beta": "tenant-alpha"}[tenant]
		for request, want := range map[string]bool{
			own + " get secrets database-url": true, own + " get secrets llm-api-key": true, own + " get secrets redis-password": true,
			own + " get secrets enhancer-" + tenant + "-dapr-api-token": false, own + " list secrets": false, own + " create pods": false,
			own + " get components.dapr.io": false, own + " create serviceaccounts/token": false,
			other + " get secrets database-url": false, other + " get pods": false, platformNamespace + " get secrets tenant-keyset": false,
		} {
			namespace, asked, _ := strings.Cut(request, " ")
			account := "system:serviceaccount:" + own + ":enhancer-" + tenant
			if got := may(t, namespace, asked, account, "system:serviceaccounts", "system:serviceaccounts:"+own); got != want {
				t.Errorf("the enhancer of %s may %s: %t, want %t", tenant, request, got, want)
			}
		}
	}
	for request, want := range map[string]struct{ operator, auditor bool }{
		"get pods": {true, true}, "get pods/log": {true, true}, "get deployments.apps": {true, true}, "get components.dapr.io": {true, true},
		"delete pods": {true, false}, "patch deployments.apps/scale": {true, false}, "create pods/eviction": {true, false},
		"get secrets": {}, "list secrets": {}, "get secrets database-url": {}, "create pods": {}, "create pods/exec": {}, "create pods/portforward": {},
		"patch deployments.apps": {}, "patch pods": {}, "patch pods/ephemeralcontainers": {}, "create serviceaccounts/token": {}, "impersonate serviceaccounts": {},
		"patch configmaps": {}, "delete networkpolicies.networking.k8s.io": {}, "patch resourcequotas": {}, "create rolebindings.rbac.authorization.k8s.io": {},
		"patch components.dapr.io": {},
	} {
		if got := may(t, "tenant-alpha", request, "operator@example.com"); got != want.operator {
			t.Errorf("an operator may %s: %t, want %t", request, got, want.operator)
		}
		if got := may(t, "tenant-alpha", request, "somebody@example.com", "example-auditors"); got != want.auditor {
			t.Errorf("one who may look may %s: %t, want %t", request, got, want.auditor)
		}
	}
	for _, namespace := range []string{platformNamespace, cluster.DaprNamespace, "default"} {
		if may(t, namespace, "get pods", "operator@example.com") {
			t.Errorf("an operator of tenants' namespaces may look at %s", namespace)
		}
	}
	// The same question, as an operator asks it.
	if answer, err := running.Kubectl(bounded(t), "auth", "can-i", "get", "secrets", "-n", "tenant-alpha", "--as", "operator@example.com"); err == nil || strings.TrimSpace(answer) != "no" {
		t.Errorf("kubectl says %q, %v", answer, err)
	}
}

// tenantEnds are the pods of platform and tenants, others around them, and the ports that each listens on, or would.
func (p *platform) tenantEnds(t *testing.T) (peers map[string]netpol.Peer, ports map[string][]netpol.Port) {
	t.Helper()
	peers, ports = p.ends(t)
	tcp := func(numbers ...int32) (all []netpol.Port) {
		for _, number := range numbers {
			all = append(all, netpol.Port{Number: number, Protocol: "TCP"})
		}
		return all
	}
	for _, tenant := range dedicatedTenants {
		pod := tenantPod(t, tenant)
		peers[tenant] = netpol.Peer{Namespace: pod.Namespace, Labels: pod.Labels, Address: netip.MustParseAddr("10.9.9.9")}
		ports[tenant] = tcp(8082, 9110, 50001, 50002, 3500, 443)
		peers["something in "+tenant] = netpol.Peer{Namespace: pod.Namespace, Labels: map[string]string{"app": "something"}, Address: netip.MustParseAddr("10.9.9.8")}
		ports["something in "+tenant] = tcp(80, 443)
	}
	peers["their systems"] = netpol.Peer{Address: netip.MustParseAddr("203.0.113.5")}
	ports["their systems"] = tcp(443, 22)
	peers["internet"] = netpol.Peer{Address: netip.MustParseAddr("198.51.100.5")}
	return peers, ports
}

// wantedOf are the connections that tenants' pods need; every other one to or from them is to be denied.
func wantedOf(tenants []string) map[string]bool {
	all := map[string]bool{}
	for _, tenant := range tenants {
		for _, to := range []string{
			"dns 53/UDP", "dns 53/TCP", "postgres 5432/TCP", "redis 6379/TCP", "kubernetes 443/TCP", "kubernetes 6443/TCP",
			"operator 6500/TCP", "sentry 50001/TCP", "placement 50005/TCP", "scheduler 50006/TCP", "their systems 443/TCP", tenant + " 50002/TCP",
		} {
			all[tenant+" > "+to] = true
		}
		all["console > "+tenant+" 50002/TCP"] = true
		all["prometheus > "+tenant+" 8082/TCP"], all["prometheus > "+tenant+" 9110/TCP"] = true, true
	}
	return all
}

func (p *platform) tenantPolicies(t *testing.T) {
	policies, err := running.Client().NetworkingV1().NetworkPolicies("").List(bounded(t), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spaces := map[string]map[string]string{}
	for _, name := range []string{platformNamespace, cluster.DaprNamespace, "default", "ingress-nginx", "monitoring", "kube-system", "tenant-alpha", "tenant-beta"} {
		spaces[name] = map[string]string{"kubernetes.io/metadata.name": name}
	}
	evaluated := netpol.New(policies.Items, spaces)
	peers, ports := p.tenantEnds(t)
	theirs := []string{"alpha", "beta", "something in alpha", "something in beta"}
	want, pairs := wantedOf(dedicatedTenants), 0
	for _, from := range slices.Sorted(maps.Keys(peers)) {
		for _, to := range slices.Sorted(maps.Keys(peers)) {
			if !slices.Contains(theirs, from) && !slices.Contains(theirs, to) {
				continue // the platform's own are evaluated before
			}
			for _, port := range ports[to] {
				pairs++
				name := fmt.Sprintf("%s > %s %d/%s", from, to, port.Number, port.Protocol)
				got, err := evaluated.Allowed(peers[from], peers[to], port)
				if err != nil {
					t.Fatal(err)
				}
				if got != want[name] {
					t.Errorf("%s is allowed: %t, want %t", name, got, want[name])
				}
				delete(want, name)
			}
		}
	}
	for name := range want {
		t.Errorf("%s was not evaluated", name)
	}
	t.Logf("%d connections evaluated", pairs)
}

func (p *platform) tenantQuota(t *testing.T) {
	ctx := bounded(t)
	if err := cluster.Await(ctx, "the quota to be counted", func(ctx context.Context) error {
		quota, err := running.Client().CoreV1().ResourceQuotas("tenant-alpha").Get(ctx, "tenant", metav1.GetOptions{})
		if err == nil && quota.Status.Used.Pods().Value() != 2 {
			err = fmt.Errorf("it counts %v", quota.Status.Used)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, err := running.Kubectl(ctx, "create", "deployment", "second", "-n", "tenant-alpha", "--image", "app.example.com/app:1")
	if err == nil || !strings.Contains(err.Error(), "exceeded quota: tenant") {
		t.Errorf("%v, want a second Deployment to be refused", err)
	}
	volume := "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: tenant-alpha}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
	if err := running.Apply(ctx, volume); err == nil || !strings.Contains(err.Error(), "exceeded quota: tenant") {
		t.Errorf("%v, want a volume to be refused", err)
	}
	if err := running.Apply(ctx, pod("large", "tenant-alpha", "resources: {limits: {memory: 5Gi}}")); err == nil || !strings.Contains(err.Error(), "maximum memory usage per Container is 4Gi") {
		t.Errorf("%v, want a container beyond the limit to be refused", err)
	}
	// Without limits of its own it gets those of the LimitRange, and there is room for it.
	if err := running.Apply(ctx, pod("unlimited", "tenant-alpha", "")); err != nil {
		t.Fatal(err)
	}
	limited, err := running.Client().CoreV1().Pods("tenant-alpha").Get(ctx, "unlimited", metav1.GetOptions{})
	if err != nil || limited.Spec.Containers[0].Resources.Limits.Memory().String() != "256Mi" {
		t.Errorf("%+v, %v", limited.Spec.Containers, err)
	}
	if _, err := running.Kubectl(ctx, "delete", "pod", "unlimited", "-n", "tenant-alpha", "--grace-period=0", "--force"); err != nil {
		t.Error(err)
	}
}

func (p *platform) removesOneTenant(t *testing.T) {
	ctx, alpha := bounded(t), tenantSpace(t, "alpha")
	beta, err := running.Client().AppsV1().Deployments("tenant-beta").Get(ctx, "enhancer-beta", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // again is no error
		if err := alpha.Uninstall(ctx, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if err := cluster.Await(ctx, "the objects of alpha to go", func(ctx context.Context) error {
		left, err := running.Kubectl(ctx, "get", "deployments,pods,services,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,resourcequotas,limitranges,"+
			"components.dapr.io,configurations.dapr.io,subscriptions.dapr.io", "-n", alpha.Name(), "-l", "app.kubernetes.io/part-of=ai-agents", "-o", "name")
		if err == nil && strings.TrimSpace(left) != "" {
			err = errors.New("there is still " + left)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if missing, err := alpha.Missing(ctx); err != nil || len(missing) > 0 {
		t.Errorf("the uninstall took the Secrets %v, %v", missing, err)
	}
	after, err := running.Client().AppsV1().Deployments("tenant-beta").Get(ctx, "enhancer-beta", metav1.GetOptions{})
	if err != nil || after.Status.AvailableReplicas != 2 || after.ResourceVersion != beta.ResourceVersion {
		t.Errorf("beta's enhancer was touched: %+v, %v", after.Status, err)
	}
	if _, err := running.Kubectl(ctx, "get", "component.dapr.io", "pubsub", "-n", "tenant-beta"); err != nil {
		t.Error(err)
	}
	if p.deployment(t, "gateway").Status.AvailableReplicas < 2 {
		t.Error("the platform's gateway is not available")
	}
	if err := alpha.RemoveNamespace(ctx, time.Minute); err != nil {
		t.Error(err)
	}
}
