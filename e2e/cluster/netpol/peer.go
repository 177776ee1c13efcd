package netpol

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// peer says whether a rule's peer, of a policy in namespace, means the other end.
func (p *Policies) peer(namespace string, rule *networkingv1.NetworkPolicyPeer, other Peer) (bool, error) {
	if rule.IPBlock != nil {
		return inBlock(rule.IPBlock, other.Address)
	}
	if other.Namespace == "" {
		return false, nil // selectors mean pods only
	}
	if rule.NamespaceSelector == nil {
		if other.Namespace != namespace {
			return false, nil
		}
	} else if ok, err := matches(rule.NamespaceSelector, p.namespaces[other.Namespace]); !ok || err != nil {
		return false, err
	}
	if rule.PodSelector == nil {
		return true, nil
	}
	return matches(rule.PodSelector, other.Labels)
}

func inBlock(block *networkingv1.IPBlock, address netip.Addr) (bool, error) {
	if !address.IsValid() {
		return false, nil
	}
	within, err := netip.ParsePrefix(block.CIDR)
	if err != nil {
		return false, fmt.Errorf("read an ipBlock: %w", err)
	}
	if !within.Contains(address) {
		return false, nil
	}
	for _, text := range block.Except {
		except, err := netip.ParsePrefix(text)
		if err != nil {
			return false, fmt.Errorf("read an exception of an ipBlock: %w", err)
		}
		if except.Contains(address) {
			return false, nil
		}
	}
	return true, nil
}

// portMatches says whether a rule's ports, any when there are none, have the port of target.
func portMatches(ports []networkingv1.NetworkPolicyPort, target Peer, port Port) bool {
	if len(ports) == 0 {
		return true
	}
	for i := range ports {
		rule := &ports[i]
		protocol := corev1.ProtocolTCP
		if rule.Protocol != nil {
			protocol = *rule.Protocol
		}
		if protocol == port.Protocol && numberMatches(rule, target, port.Number) {
			return true
		}
	}
	return false
}

func numberMatches(rule *networkingv1.NetworkPolicyPort, target Peer, number int32) bool {
	switch {
	case rule.Port == nil:
		return true
	case rule.Port.Type == intstr.String:
		named, ok := target.NamedPorts[rule.Port.StrVal]
		return ok && named == number
	case rule.EndPort != nil:
		return rule.Port.IntVal <= number && number <= *rule.EndPort
	default:
		return rule.Port.IntVal == number
	}
}
