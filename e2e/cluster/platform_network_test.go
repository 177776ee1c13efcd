package cluster_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ai-agents/ai-agents/e2e/cluster"
	"github.com/ai-agents/ai-agents/e2e/cluster/netpol"
)

// ends are all peers that a connection of the platform could have, and the ports that each listens on, or would.
func (p *platform) ends(t *testing.T) (map[string]netpol.Peer, map[string][]netpol.Port) {
	t.Helper()
	inRelease := func(name string) netpol.Peer {
		return netpol.Peer{Namespace: platformNamespace, Labels: map[string]string{
			"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "ai-agents", "app.kubernetes.io/instance": platformRelease,
		}}
	}
	dapr := func(app string) netpol.Peer {
		return netpol.Peer{Namespace: cluster.DaprNamespace, Labels: onePod(t, cluster.DaprNamespace, "app="+app).Labels}
	}
	out := func(address string) netpol.Peer { return netpol.Peer{Address: netip.MustParseAddr(address)} }
	peers := map[string]netpol.Peer{
		"migrate": inRelease("migrate"), "a pod of the release": inRelease("other"),
		"a stranger beside it": {Namespace: platformNamespace, Labels: map[string]string{"app": "stranger"}},
		"a stranger":           {Namespace: "default", Labels: map[string]string{"app.kubernetes.io/name": "gateway"}},
		"ingress":              {Namespace: "ingress-nginx"}, "prometheus": {Namespace: "monitoring"}, "dns": {Namespace: "kube-system"},
		"operator": dapr("dapr-operator"), "sentry": dapr("dapr-sentry"),
		"placement": dapr("dapr-placement-server"), "scheduler": dapr("dapr-scheduler-server"),
		"postgres": out("192.0.2.10"), "redis": out("192.0.2.20"), "kubernetes": out("192.0.2.30"),
		"internet": out("203.0.113.5"), "metadata of the cloud": out("169.254.169.254"), "a private network": out("10.1.2.3"),
	}
	tcp := func(numbers ...int32) (ports []netpol.Port) {
		for _, number := range numbers {
			ports = append(ports, netpol.Port{Number: number, Protocol: "TCP"})
		}
		return ports
	}
	ports := map[string][]netpol.Port{
		"gateway": tcp(8080, 8081, 9101, 50001, 50002, 3500), "enhancer": tcp(8082, 9110, 50001, 50002, 3500), "console": tcp(8083, 8084, 9130, 50002, 3500),
		"migrate": tcp(80), "a pod of the release": tcp(80), "a stranger beside it": tcp(80, 443), "a stranger": tcp(80, 443), "ingress": tcp(443), "prometheus": tcp(9090),
		"dns":      {{Number: 53, Protocol: "UDP"}, {Number: 53, Protocol: "TCP"}, {Number: 80, Protocol: "TCP"}},
		"operator": tcp(6500, 443), "sentry": tcp(50001, 443), "placement": tcp(50005, 80), "scheduler": tcp(50006, 80),
		"postgres": tcp(5432, 22), "redis": tcp(6379, 22), "kubernetes": tcp(443, 6443, 22),
		"internet": tcp(443, 80, 25, 22), "metadata of the cloud": tcp(80, 443), "a private network": tcp(443, 5432),
	}
	for _, app := range platformApps {
		pod := p.pod(t, app)
		peers[app] = netpol.Peer{Namespace: pod.Namespace, Labels: pod.Labels}
	}
	return peers, ports
}

// wanted are the connections that the platform needs, as "from > to port"; every other one is to be denied.
func wanted() map[string]bool {
	all := map[string]bool{}
	for _, app := range platformApps {
		for _, to := range []string{
			"dns 53/UDP", "dns 53/TCP", "postgres 5432/TCP", "redis 6379/TCP", "kubernetes 443/TCP", "kubernetes 6443/TCP",
			"operator 6500/TCP", "sentry 50001/TCP", "placement 50005/TCP", "scheduler 50006/TCP",
		} {
			all[app+" > "+to] = true
		}
	}
	for _, one := range []string{
		"ingress > gateway 8080/TCP", "console > gateway 8080/TCP",
		"console > enhancer 50002/TCP", "enhancer > enhancer 50002/TCP",
		"prometheus > gateway 8081/TCP", "prometheus > gateway 9101/TCP", "prometheus > enhancer 8082/TCP", "prometheus > enhancer 9110/TCP",
		"prometheus > console 8084/TCP", "prometheus > console 9130/TCP",
		"enhancer > internet 443/TCP", "console > internet 443/TCP",
		"migrate > dns 53/UDP", "migrate > dns 53/TCP", "migrate > postgres 5432/TCP",
	} {
		all[one] = true
	}
	return all
}

func (p *platform) networkPolicies(t *testing.T) {
	found, err := running.Client().NetworkingV1().NetworkPolicies(platformNamespace).List(bounded(t), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	peers, ports := p.ends(t)
	wrong, pairs := unwanted(t, found.Items, peers, ports)
	for _, connection := range wrong {
		t.Error(connection)
	}
	t.Logf("%d connections evaluated", pairs)
	if t.Failed() {
		return
	}
	// Every policy, and every rule of one, is needed: without it something is denied that is wanted, or allowed that is not.
	for name, less := range lesser(found.Items) {
		if wrong, _ := unwanted(t, less, peers, ports); len(wrong) == 0 {
			t.Errorf("nothing is noticed %s", name)
		}
	}
	all := networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: platformNamespace}, Spec: networkingv1.NetworkPolicySpec{
		Ingress: []networkingv1.NetworkPolicyIngressRule{{}}, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
	}}
	if wrong, _ := unwanted(t, append(slices.Clone(found.Items), all), peers, ports); len(wrong) == 0 {
		t.Error("nothing is noticed with a policy that lets everybody in")
	}
}

// lesser are the policies without one of them, or without one rule of one, by what is missing.
func lesser(policies []networkingv1.NetworkPolicy) map[string][]networkingv1.NetworkPolicy {
	all := map[string][]networkingv1.NetworkPolicy{}
	for i := range policies {
		name := policies[i].Name
		all["without the policy "+name] = slices.Delete(slices.Clone(policies), i, i+1)
		for j := range policies[i].Spec.Ingress {
			less := slices.Clone(policies)
			less[i].Spec.Ingress = slices.Delete(slices.Clone(less[i].Spec.Ingress), j, j+1)
			all[fmt.Sprintf("without rule %d of %s for who comes in", j, name)] = less
		}
		for j := range policies[i].Spec.Egress {
			less := slices.Clone(policies)
			less[i].Spec.Egress = slices.Delete(slices.Clone(less[i].Spec.Egress), j, j+1)
			all[fmt.Sprintf("without rule %d of %s for what goes out", j, name)] = less
		}
	}
	return all
}

// unwanted are the connections that the policies treat otherwise than wanted, and the number of those that were evaluated.
func unwanted(t *testing.T, policies []networkingv1.NetworkPolicy, peers map[string]netpol.Peer, ports map[string][]netpol.Port) (wrong []string, pairs int) {
	t.Helper()
	spaces := map[string]map[string]string{}
	for _, name := range []string{platformNamespace, cluster.DaprNamespace, "default", "ingress-nginx", "monitoring", "kube-system"} {
		spaces[name] = map[string]string{"kubernetes.io/metadata.name": name}
	}
	evaluated := netpol.New(policies, spaces)
	want, own := wanted(), append(slices.Clone(platformApps), "migrate", "a pod of the release")
	for _, from := range slices.Sorted(maps.Keys(peers)) {
		for _, to := range slices.Sorted(maps.Keys(peers)) {
			// The platform's policies are its own; what others do among themselves is theirs.
			if !slices.Contains(own, from) && !slices.Contains(own, to) {
				continue
			}
			for _, port := range ports[to] {
				pairs++
				name := fmt.Sprintf("%s > %s %d/%s", from, to, port.Number, port.Protocol)
				got, err := evaluated.Allowed(peers[from], peers[to], port)
				if err != nil {
					t.Fatal(err)
				}
				if got != want[name] {
					wrong = append(wrong, fmt.Sprintf("%s is allowed: %t, want %t", name, got, want[name]))
				}
				delete(want, name)
			}
		}
	}
	for name := range want {
		wrong = append(wrong, name+" was not evaluated")
	}
	return wrong, pairs
}
