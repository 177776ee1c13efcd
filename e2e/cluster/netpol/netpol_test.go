package netpol_test

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/ai-agents/ai-agents/e2e/cluster/netpol"
)

var (
	namespaces = map[string]map[string]string{"shop": {"team": "shop"}, "data": {"team": "data"}, "open": {}}
	web        = netpol.Peer{Namespace: "shop", Labels: map[string]string{"app": "web"}, NamedPorts: map[string]int32{"http": 8080}}
	cart       = netpol.Peer{Namespace: "shop", Labels: map[string]string{"app": "cart"}}
	store      = netpol.Peer{Namespace: "data", Labels: map[string]string{"app": "store"}}
	stranger   = netpol.Peer{Namespace: "open", Labels: map[string]string{"app": "web"}}
	outside    = netpol.Peer{Address: netip.MustParseAddr("192.0.2.7")}
	excepted   = netpol.Peer{Address: netip.MustParseAddr("192.0.2.200")}
)

func policies(t *testing.T, specs ...string) *netpol.Policies {
	t.Helper()
	var all []networkingv1.NetworkPolicy
	for _, text := range specs {
		var policy networkingv1.NetworkPolicy
		if err := yaml.Unmarshal([]byte(text), &policy); err != nil {
			t.Fatal(err)
		}
		all = append(all, policy)
	}
	return netpol.New(all, namespaces)
}

const (
	denyShop   = `{metadata: {namespace: shop}, spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}`
	webToCart  = `{metadata: {namespace: shop}, spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: cart}}}], ports: [{port: 7000, endPort: 7010}]}]}}`
	cartByWeb  = `{metadata: {namespace: shop}, spec: {podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}}`
	webByAny   = `{metadata: {namespace: shop}, spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: http}]}]}}`
	cartToData = `{metadata: {namespace: shop}, spec: {podSelector: {matchLabels: {app: cart}}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: data}}, podSelector: {matchLabels: {app: store}}}], ports: [{port: 53, protocol: UDP}]}]}}`
	webOut     = `{metadata: {namespace: shop}, spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.128/25]}}]}]}}`
	unreadable = `{metadata: {namespace: shop}, spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: nonsense}}]}]}}`
)

func TestAllowed(t *testing.T) {
	t.Parallel()
	all := []string{denyShop, webToCart, cartByWeb, webByAny, cartToData, webOut}
	udp := netpol.Port{Number: 53, Protocol: corev1.ProtocolUDP}
	for name, c := range map[string]struct {
		with     []string
		from, to netpol.Peer
		port     netpol.Port
		want     bool
	}{
		"no policy at all":               {nil, stranger, web, netpol.Port{Number: 1}, true},
		"denied by default, in":          {all, stranger, cart, netpol.Port{Number: 7000}, false},
		"denied by default, out":         {all, web, store, netpol.Port{Number: 7000}, false},
		"both sides allow":               {all, web, cart, netpol.Port{Number: 7005}, true},
		"behind the range":               {all, web, cart, netpol.Port{Number: 7011}, false},
		"only the way back":              {all, cart, web, netpol.Port{Number: 8080}, false},
		"a port by name, from anywhere":  {all, outside, web, netpol.Port{Number: 8080}, true},
		"another port":                   {all, outside, web, netpol.Port{Number: 8081}, false},
		"the same label elsewhere":       {all, stranger, cart, netpol.Port{Number: 7005}, false},
		"namespace and pod, UDP":         {all, cart, store, udp, true},
		"namespace and pod, wrong proto": {all, cart, store, netpol.Port{Number: 53}, false},
		"to a block":                     {all, web, outside, netpol.Port{Number: 443}, true},
		"to its exception":               {all, web, excepted, netpol.Port{Number: 443}, false},
		"a block is no pod":              {all, web, stranger, netpol.Port{Number: 443}, false},
		"without types, out is open":     {[]string{cartByWeb}, cart, store, netpol.Port{Number: 1}, true},
		"without types, in is not":       {[]string{cartByWeb}, store, cart, netpol.Port{Number: 1}, false},
	} {
		got, err := policies(t, c.with...).Allowed(c.from, c.to, c.port)
		if err != nil || got != c.want {
			t.Errorf("%s: %t, %v, want %t", name, got, err, c.want)
		}
	}
}

func TestAnUnreadablePolicyIsAnError(t *testing.T) {
	t.Parallel()
	if allowed, err := policies(t, unreadable).Allowed(web, outside, netpol.Port{Number: 1}); allowed || err == nil {
		t.Errorf("%t, %v", allowed, err)
	}
}
