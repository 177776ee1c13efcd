package tenantspace //nolint:testpackage // what helm prints is read by what is not exported

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func mustRead(t *testing.T, values string) Platform {
	t.Helper()
	p, err := readPlatform("example-platform", values, `{"appVersion": "1.2.3"}`)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestValuesAreThePlatforms(t *testing.T) {
	t.Parallel()
	p := mustRead(t, `{"image": {"tag": "4.5.6", "pullSecrets": null}, "enhancer": {"settings": {"LIMIT": 26214400, "SHARE": 0.1}},
		"secrets": {"values": {"database-url": "example-secret"}}, "postgresql": {"enabled": true}, "redis": {"enabled": false, "external": {"address": "redis.example.com:6380", "tls": true}},
		"networkPolicies": {"kubernetesAPI": {"to": [{"ipBlock": {"cidr": "192.0.2.30/32"}}], "ports": [6443]}, "redis": {"to": [{"ipBlock": {"cidr": "192.0.2.20/32"}}], "port": 6380}}}`)
	values, err := p.Values("alpha", []netip.Prefix{netip.MustParsePrefix("2001:db8::1/64")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"tenant": "alpha", "platform.namespace": "example-platform", "image.tag": "4.5.6", "enhancer.settings.LIMIT": 26214400, "enhancer.settings.SHARE": 0.1,
		"redis.external.address": "redis.example.com:6380", "networkPolicies.redis.port": 6380, "networkPolicies.postgresql.port": 5432,
		"networkPolicies.outside.to": []any{map[string]any{"ipBlock": map[string]any{"cidr": "2001:db8::/64"}}},
	} {
		if got, _ := lookup(values, path); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	for _, path := range []string{"secrets", "postgresql", "image.pullSecrets"} {
		if got, ok := lookup(values, path); ok {
			t.Errorf("%s is taken over: %v", path, got)
		}
	}
	content, err := Write(values)
	if err != nil || !strings.Contains(string(content), "LIMIT: 26214400\n") {
		t.Errorf("written as %s, %v", content, err)
	}
}

// The tenant's chart refuses a policy that names everything: the addresses are asked for, or the operator is.
func TestTheAPIIsNamed(t *testing.T) {
	t.Parallel()
	p := mustRead(t, `{"networkPolicies": {"kubernetesAPI": {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [443]}}}`)
	if _, err := p.Values("alpha", nil, nil); err == nil || !strings.Contains(err.Error(), "kubernetesAPI") {
		t.Errorf("%v, want it to say what is not known", err)
	}
	values, err := p.Values("alpha", nil, []netip.Addr{netip.MustParseAddr("192.0.2.30"), netip.MustParseAddr("2001:db8::1")})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{map[string]any{"ipBlock": map[string]any{"cidr": "192.0.2.30/32"}}, map[string]any{"ipBlock": map[string]any{"cidr": "2001:db8::1/128"}}}
	if got, _ := lookup(values, "networkPolicies.kubernetesAPI.to"); !reflect.DeepEqual(got, want) {
		t.Errorf("the API is at %v", got)
	}
	if got, _ := lookup(values, "image.tag"); got != "1.2.3" {
		t.Errorf("the image is %v, want that of the platform's release", got)
	}
}

func TestWhatHelmSaysIsRead(t *testing.T) {
	t.Parallel()
	for _, said := range [][2]string{{"[", "{}"}, {"{}", "no JSON"}} {
		if _, err := readPlatform("x", said[0], said[1]); err == nil {
			t.Errorf("%q and %q are read", said[0], said[1])
		}
	}
	p := mustRead(t, `{"dedicatedTenants": ["beta"]}`)
	if p.Knows("alpha") || !p.Knows("beta") || p.WithTenant("alpha") != "dedicatedTenants={beta,alpha}" || mustRead(t, `{}`).WithTenant("alpha") != "dedicatedTenants={alpha}" {
		t.Error("whom the platform knows is not read")
	}
}
