// Package netpol owns the question whether NetworkPolicies let one pod talk to another, answered from the policies alone: nothing here
// enforces them. It follows https://kubernetes.io/docs/concepts/services-networking/network-policies/: policies add up, a pod that none
// selects for a direction is open in it, and both sides have to allow a connection.
package netpol

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Peer is one end of a connection: a pod, or an address outside of the cluster.
type Peer struct {
	Namespace string
	Labels    map[string]string
	// NamedPorts of the pod's containers; a policy may name a port in place of its number.
	NamedPorts map[string]int32
	// Address is what ipBlock is compared with. A peer without a namespace is outside of the cluster, and has only that.
	Address netip.Addr
}

// Port is where a connection goes to. The protocol is TCP when empty.
type Port struct {
	Number   int32
	Protocol corev1.Protocol
}

// Policies are those of a cluster.
type Policies struct {
	policies   []networkingv1.NetworkPolicy
	namespaces map[string]labels.Set
}

// New takes policies and the labels of all namespaces by name.
func New(policies []networkingv1.NetworkPolicy, namespaces map[string]map[string]string) *Policies {
	sets := map[string]labels.Set{}
	for name, set := range namespaces {
		sets[name] = set
	}
	return &Policies{policies, sets}
}

// Allowed says whether a connection from one peer to the other's port gets through. An unreadable policy is an error.
func (p *Policies) Allowed(from, to Peer, port Port) (bool, error) {
	if port.Protocol == "" {
		port.Protocol = corev1.ProtocolTCP
	}
	out, err := p.egress(from, to, port)
	if err != nil || !out {
		return false, err
	}
	return p.ingress(from, to, port)
}

func (p *Policies) egress(from, to Peer, port Port) (bool, error) {
	return p.direction(networkingv1.PolicyTypeEgress, from, func(policy *networkingv1.NetworkPolicy) (bool, error) {
		for i := range policy.Spec.Egress {
			rule := &policy.Spec.Egress[i]
			if ok, err := p.rule(policy.Namespace, rule.To, rule.Ports, to, to, port); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	})
}

func (p *Policies) ingress(from, to Peer, port Port) (bool, error) {
	return p.direction(networkingv1.PolicyTypeIngress, to, func(policy *networkingv1.NetworkPolicy) (bool, error) {
		for i := range policy.Spec.Ingress {
			rule := &policy.Spec.Ingress[i]
			if ok, err := p.rule(policy.Namespace, rule.From, rule.Ports, from, to, port); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	})
}

// direction is open for a peer that no policy selects; otherwise one that selects it has to allow.
func (p *Policies) direction(kind networkingv1.PolicyType, subject Peer, allows func(*networkingv1.NetworkPolicy) (bool, error)) (bool, error) {
	isolated := false
	for i := range p.policies {
		policy := &p.policies[i]
		if policy.Namespace != subject.Namespace || !applies(policy, kind) {
			continue
		}
		selected, err := matches(&policy.Spec.PodSelector, subject.Labels)
		if err != nil {
			return false, fmt.Errorf("policy %s/%s: %w", policy.Namespace, policy.Name, err)
		}
		if !selected {
			continue
		}
		isolated = true
		if ok, err := allows(policy); ok || err != nil {
			return ok, err
		}
	}
	return !isolated, nil
}

// applies fills in what a policy without types means: ingress, and egress where it has such rules.
func applies(policy *networkingv1.NetworkPolicy, kind networkingv1.PolicyType) bool {
	if len(policy.Spec.PolicyTypes) == 0 {
		return kind == networkingv1.PolicyTypeIngress || len(policy.Spec.Egress) > 0
	}
	return slices.Contains(policy.Spec.PolicyTypes, kind)
}

// rule says whether one rule matches the peer at the other end and the port, which belongs to target.
func (p *Policies) rule(
	namespace string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, other, target Peer, port Port,
) (bool, error) {
	if !portMatches(ports, target, port) {
		return false, nil
	}
	if len(peers) == 0 {
		return true, nil
	}
	for i := range peers {
		if ok, err := p.peer(namespace, &peers[i], other); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func matches(selector *metav1.LabelSelector, set map[string]string) (bool, error) {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return false, fmt.Errorf("read a selector: %w", err)
	}
	return s.Matches(labels.Set(set)), nil
}
