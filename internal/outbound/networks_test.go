package outbound_test

import (
	"strings"
	"testing"

	"github.com/kelseyhightower/envconfig"

	"github.com/ai-agents/ai-agents/internal/outbound"
)

func TestTheSetting(t *testing.T) {
	for value, want := range map[string]string{
		"": "", "10.0.0.0/8": "10.0.0.0/8", "192.0.2.1 , fd12::/16": "192.0.2.1/32 fd12::/16", "0.0.0.0/0": "0.0.0.0/0",
	} {
		t.Setenv("OUTBOUND_ALLOWED_NETWORKS", value)
		var cfg outbound.Config
		if err := envconfig.Process("", &cfg); err != nil {
			t.Errorf("%q: %v", value, err)
		}
		var got []string
		for _, network := range cfg.AllowedNetworks {
			got = append(got, network.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", value, got, want)
		}
	}
}

func TestASettingThatIsWrongSaysWhy(t *testing.T) {
	for value, says := range map[string]string{
		"sdp.example.com":      "sdp.example.com",
		"10.0.0.0/33":          "10.0.0.0/33",
		"10.0.0.0/8;192.0.2.1": "10.0.0.0/8;192.0.2.1",
		"10.1.2.3/8":           `"10.1.2.3" for the address, or "10.0.0.0/8" for the network`,
		"::ffff:10.0.0.0/104":  "::ffff:10.0.0.0/104",
		"fe80::1%eth0":         "fe80::1%eth0",
	} {
		t.Setenv("OUTBOUND_ALLOWED_NETWORKS", value)
		var cfg outbound.Config
		if err := envconfig.Process("", &cfg); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "OUTBOUND_ALLOWED_NETWORKS") {
			t.Errorf("%q: %v, want the setting and %s", value, err, says)
		}
	}
}

func TestListsThatOpenMuchAreWarnedOf(t *testing.T) {
	for allowed, says := range map[string]string{
		"":                   "",
		"10.0.0.0/8":         "",
		"0.0.0.0/0":          "every address",
		"::/0":               "every address",
		"127.0.0.1":          "this machine itself",
		"::1":                "this machine itself",
		"0.0.0.0/1":          "this machine itself",
		"169.254.169.254":    "no effect",
		"169.254.169.254/31": "no effect",
		"fe80::/10":          "no effect",
	} {
		var log strings.Builder
		logged(t, allowed, &log)
		if says == "" && log.Len() > 0 || !strings.Contains(log.String(), says) {
			t.Errorf("%q: %q, want something about %q", allowed, log.String(), says)
		}
	}
}
