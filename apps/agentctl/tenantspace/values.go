package tenantspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Platform is the release of charts/ai-agents, as helm knows it.
type Platform struct {
	Namespace  string
	AppVersion string
	values     map[string]any
}

// Knows says whether the platform's gateway, console and own databases expect the tenant's enhancer.
func (p Platform) Knows(tenantID string) bool {
	tenants, _ := p.values["dedicatedTenants"].([]any)
	return slices.Contains(tenants, any(tenantID))
}

// WithTenant are the platform's dedicatedTenants and this one, as --set takes them.
func (p Platform) WithTenant(tenantID string) string {
	names := []string{}
	tenants, _ := p.values["dedicatedTenants"].([]any)
	for _, name := range tenants {
		names = append(names, fmt.Sprint(name))
	}
	return "dedicatedTenants={" + strings.Join(append(names, tenantID), ",") + "}"
}

// taken are the values of the platform that a tenant's chart has, too, by their paths. No secret is among them.
var taken = []string{ //nolint:gochecknoglobals // a table
	"image.registry", "image.tag", "image.digests", "image.pullPolicy", "image.pullSecrets", "priorityClassName", "trust", "dapr",
	"enhancer.settings", "enhancer.shutdown", "enhancer.workflow", "enhancer.resources", "enhancer.sidecar", "enhancer.nodeSelector", "enhancer.tolerations",
	"enhancer.podLabels", "enhancer.podAnnotations", "redis.external", "networkPolicies.enabled", "networkPolicies.metricsFrom", "networkPolicies.dns",
	"networkPolicies.postgresql", "networkPolicies.redis", "networkPolicies.kubernetesAPI", "networkPolicies.outside.ports", "networkPolicies.tracing",
	"monitoring.podMonitor", "monitoring.labels",
}

// Values are those of charts/tenant: the platform's, for the tenant, whose enhancer reaches the networks of egress outside of the cluster. api are
// the addresses of the Kubernetes API, for a platform that names everything in place of them. The keys of secrets are no part of them.
func (p Platform) Values(tenantID string, egress []netip.Prefix, api []netip.Addr) (map[string]any, error) {
	values := map[string]any{}
	for _, path := range taken {
		if value, ok := lookup(p.values, path); ok && value != nil {
			put(values, path, value)
		}
	}
	put(values, "tenant", tenantID)
	put(values, "platform.namespace", p.Namespace)
	if tag, _ := lookup(values, "image.tag"); tag == nil || tag == "" {
		put(values, "image.tag", p.AppVersion) // and not that of the chart that is at hand
	}
	if on, _ := lookup(p.values, "redis.enabled"); on == true {
		put(values, "redis.external", map[string]any{"address": "redis." + p.Namespace + ".svc:6379", "tls": false})
		put(values, "networkPolicies.redis", p.beside("redis", 6379)) //nolint:mnd // its port
	}
	if on, _ := lookup(p.values, "postgresql.enabled"); on == true {
		put(values, "networkPolicies.postgresql", p.beside("postgresql", 5432)) //nolint:mnd // its port
	}
	if len(egress) > 0 {
		put(values, "networkPolicies.outside.to", blocks(egress))
	}
	if peers, _ := lookup(values, "networkPolicies.kubernetesAPI.to"); everything(peers) {
		if len(api) == 0 {
			return nil, errors.New("networkPolicies.kubernetesAPI of the platform names everything, and the addresses of the Kubernetes API are not known: " +
				"name them there, or in a file of --values")
		}
		var networks []netip.Prefix
		for _, address := range api {
			networks = append(networks, netip.PrefixFrom(address, address.BitLen()))
		}
		put(values, "networkPolicies.kubernetesAPI.to", blocks(networks))
	}
	return values, nil
}

// beside are the platform's own database pods, as a rule of a policy names them.
func (p Platform) beside(name string, port int) map[string]any {
	return map[string]any{"port": port, "to": []any{map[string]any{
		"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": p.Namespace}},
		"podSelector":       map[string]any{"matchLabels": map[string]any{"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "ai-agents"}},
	}}}
}

func blocks(networks []netip.Prefix) []any {
	peers := make([]any, 0, len(networks))
	for _, network := range networks {
		peers = append(peers, map[string]any{"ipBlock": map[string]any{"cidr": network.Masked().String()}})
	}
	return peers
}

// everything says whether one of a rule's peers is any address, which the tenant's chart refuses.
func everything(peers any) bool {
	list, _ := peers.([]any)
	return slices.ContainsFunc(list, func(peer any) bool {
		block, _ := lookup(peer, "ipBlock.cidr")
		except, _ := lookup(peer, "ipBlock.except")
		cidr, _ := block.(string)
		excepted, _ := except.([]any)
		return strings.HasSuffix(cidr, "/0") && len(excepted) == 0
	})
}

func lookup(value any, path string) (any, bool) {
	for key := range strings.SplitSeq(path, ".") {
		fields, _ := value.(map[string]any)
		found, ok := fields[key]
		if !ok {
			return nil, false
		}
		value = found
	}
	return value, true
}

func put(values map[string]any, path string, value any) {
	for key, rest, more := strings.Cut(path, "."); more; key, rest, more = strings.Cut(path, ".") {
		below, ok := values[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			values[key] = below
		}
		values, path = below, rest
	}
	values[path] = value
}

// Write gives the values as YAML.
func Write(values map[string]any) ([]byte, error) {
	content, err := yaml.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("write the values: %w", err)
	}
	return content, nil
}

// readPlatform reads what `helm get values --all` and `helm get metadata` print.
func readPlatform(namespace, values, metadata string) (Platform, error) {
	p := Platform{Namespace: namespace}
	// JSON is YAML, whose reader keeps whole numbers whole.
	if err := yaml.Unmarshal([]byte(values), &p.values); err != nil {
		return p, fmt.Errorf("read the platform's values: %w", err)
	}
	var about struct {
		AppVersion string `json:"appVersion"`
	}
	if err := json.Unmarshal([]byte(metadata), &about); err != nil {
		return p, fmt.Errorf("read the platform's release: %w", err)
	}
	p.AppVersion = about.AppVersion
	return p, nil
}
