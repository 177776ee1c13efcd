package tenant_test

import (
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestLinkTemplate(t *testing.T) {
	for template, want := range map[tenant.LinkTemplate]string{
		"":                                    "",
		"https://sdp.example.com/t/{id}/view": "https://sdp.example.com/t/KB%2F1%20&%23/view",
		"https://sdp.example.com/?woID={id}":  "https://sdp.example.com/?woID=KB%2F1+%26%23",
	} {
		if err := template.Validate(); err != nil {
			t.Errorf("%q: %v", template, err)
		}
		if got := template.For("KB/1 &#"); got != want {
			t.Errorf("%q for an id: %q, want %q", template, got, want)
		}
	}
}

func TestLinkTemplateRefuses(t *testing.T) {
	for _, template := range []tenant.LinkTemplate{
		"https://sdp.example.com/", "/tickets/{id}", "javascript:alert({id})", "https://{id}.example.com/", "https://user:secret@sdp.example.com/{id}",
		"{id}", "ftp://sdp.example.com/{id}",
	} {
		if template.Validate() == nil {
			t.Errorf("%q is taken", template)
		}
	}
}
