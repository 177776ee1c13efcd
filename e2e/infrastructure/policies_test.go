package infrastructure_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/infrastructure"
)

// list is a text or a list of texts, as policies have both.
type list []string

func (l *list) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

type statement struct {
	Action    list            `json:"Action"`
	Resource  list            `json:"Resource"`
	Principal map[string]list `json:"Principal"`
	Condition map[string]any  `json:"Condition"`
}

// amiss says what of a policy is too wide. In a key's own policy the resource * is the key, and its account has to have all rights or nobody could change it.
func amiss(address, text string) error {
	var policy struct {
		Statement []statement `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	ofKey := strings.Contains(address, "aws_kms_key.")
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			account := ofKey && len(s.Principal["AWS"]) == 1 && strings.HasSuffix(s.Principal["AWS"][0], ":root")
			if strings.Contains(action, "*") && !account {
				return fmt.Errorf("any action %s", action)
			}
			_, verb, _ := strings.Cut(action, ":")
			reads := strings.HasPrefix(verb, "Describe") || strings.HasPrefix(verb, "GetInstanceTypes")
			for _, resource := range s.Resource {
				if resource == "*" && !ofKey && !reads {
					return fmt.Errorf("%s of anything", action)
				}
			}
			if strings.HasSuffix(action, "WithWebIdentity") && (len(s.Condition) == 0 || strings.Contains(fmt.Sprint(s.Condition), "*")) {
				return fmt.Errorf("%s by any service account", action)
			}
		}
		for kind, who := range s.Principal {
			if strings.Contains(strings.Join(who, ","), "*") {
				return fmt.Errorf("any %s", kind)
			}
		}
	}
	return nil
}

func policiesAreNarrow(t *testing.T, result infrastructure.Result) {
	t.Helper()
	const least = 16 // Eight roles, what three of them may, five keys.
	if len(result.Policies) < least {
		t.Errorf("only %d policies were looked at", len(result.Policies))
	}
	for address, policy := range result.Policies {
		if err := amiss(address, policy); err != nil {
			t.Errorf("%s allows %v", address, err)
		}
	}
}

func TestWidePoliciesAreNoticed(t *testing.T) {
	for name, policy := range map[string]string{
		"any action":          `{"Statement":[{"Action":"s3:*","Resource":"arn:aws:s3:::example"}]}`,
		"any resource":        `{"Statement":[{"Action":["secretsmanager:GetSecretValue"],"Resource":"*"}]}`,
		"any account":         `{"Statement":[{"Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}`,
		"any service account": `{"Statement":[{"Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:example"}}]}`,
		"no policy":           `[]`,
	} {
		if amiss("aws_iam_role.example", policy) == nil {
			t.Errorf("%s: nothing was said of it", name)
		}
	}
}
