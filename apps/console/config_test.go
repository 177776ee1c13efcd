package main

import (
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		says string // empty: accepted
	}{
		"defaults":                       {nil, ""},
		"loopback of version 6":          {map[string]string{"CONSOLE_ADDR": "[::1]:8083"}, ""},
		"localhost":                      {map[string]string{"CONSOLE_ADDR": "localhost:8083"}, ""},
		"all addresses, in clear":        {map[string]string{"CONSOLE_ADDR": ":8083"}, "CONSOLE_ALLOW_PLAIN_HTTP"},
		"another address, in clear":      {map[string]string{"CONSOLE_ADDR": "192.0.2.1:8083"}, "CONSOLE_TLS_CERT"},
		"another name, in clear":         {map[string]string{"CONSOLE_ADDR": "console.example.com:8083"}, "tokens would travel in clear"},
		"in clear by choice":             {map[string]string{"CONSOLE_ADDR": ":8083", "CONSOLE_ALLOW_PLAIN_HTTP": "true"}, ""},
		"by TLS":                         {map[string]string{"CONSOLE_ADDR": ":8083", "CONSOLE_TLS_CERT": "c", "CONSOLE_TLS_KEY": "k"}, ""},
		"half of TLS":                    {map[string]string{"CONSOLE_TLS_CERT": "c"}, "set both, or none"},
		"no port":                        {map[string]string{"CONSOLE_ADDR": "127.0.0.1"}, "host:port"},
		"too short a retention":          {map[string]string{"AUDIT_RETENTION": "24h"}, "AUDIT_RETENTION"},
		"a provider without an audience": {map[string]string{"OIDC_ISSUER": "https://login.example.com"}, "OIDC_AUDIENCE"},
		"a client without a provider":    {map[string]string{"OIDC_CLIENT_ID": "console"}, "OIDC_ISSUER"},
		"a client nobody can return to": {map[string]string{
			"OIDC_ISSUER": "https://login.example.com", "OIDC_AUDIENCE": "console", "OIDC_CLIENT_ID": "console",
		}, "CONSOLE_PUBLIC_URL: is missing"},
		"sign-in with a browser": {map[string]string{
			"OIDC_ISSUER": "https://login.example.com", "OIDC_AUDIENCE": "console", "OIDC_CLIENT_ID": "console", "CONSOLE_PUBLIC_URL": "https://console.example.com/",
		}, ""},
		"no scope to sign in with": {map[string]string{
			"OIDC_ISSUER": "https://login.example.com", "OIDC_AUDIENCE": "console", "OIDC_CLIENT_ID": "console", "CONSOLE_PUBLIC_URL": "https://console.example.com",
			"OIDC_SIGN_IN_SCOPES": "profile",
		}, "OIDC_SIGN_IN_SCOPES"},
		"a client that is no party": {map[string]string{
			"OIDC_ISSUER": "https://login.example.com", "OIDC_AUDIENCE": "console", "OIDC_CLIENT_ID": "console", "CONSOLE_PUBLIC_URL": "https://console.example.com",
			"OIDC_AUTHORIZED_PARTIES": "agentctl",
		}, "OIDC_AUTHORIZED_PARTIES"},
		"browsers in clear":      {map[string]string{"CONSOLE_PUBLIC_URL": "http://console.example.com"}, "CONSOLE_PUBLIC_URL"},
		"this machine's browser": {map[string]string{"CONSOLE_PUBLIC_URL": "http://127.0.0.1:8083"}, ""},
		"traces":                 {map[string]string{"CONSOLE_TRACE_URL": "https://jaeger.example.com/trace/{trace_id}"}, ""},
		"traces without a place": {map[string]string{"CONSOLE_TRACE_URL": "https://jaeger.example.com/"}, "CONSOLE_TRACE_URL"},
		"traces that run":        {map[string]string{"CONSOLE_TRACE_URL": "javascript:alert({trace_id})"}, "CONSOLE_TRACE_URL"},
		"no limit":               {map[string]string{"CONSOLE_BAD_TOKENS_PER_MINUTE": "0"}, "CONSOLE_BAD_TOKENS_PER_MINUTE"},
		"namespaces of tenants":  {map[string]string{"DEDICATED_NAMESPACE_PREFIX": "tenant-"}, ""},
		"no namespace begins so": {map[string]string{"DEDICATED_NAMESPACE_PREFIX": "evil.tenant/"}, "DEDICATED_NAMESPACE_PREFIX"},
		"no upkeep":              {map[string]string{"CONSOLE_UPKEEP_INTERVAL": "0"}, "CONSOLE_UPKEEP_INTERVAL"},
		"proxies that are none":  {map[string]string{"TRUSTED_PROXIES": "x"}, "x"},
		"no grace":               {map[string]string{"SHUTDOWN_GRACE": "-1s"}, "SHUTDOWN_GRACE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("APP_PORT", "8084")
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			_, err := loadConfig()
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("error %v", err)
			}
		})
	}
}
