package infrastructure

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Result is what a module's tests said.
type Result struct {
	// Passed are the runs that passed.
	Passed int
	// Outputs are those of each run that made something, as text; others than texts are left out.
	Outputs map[string]map[string]string
	// Policies are the IAM and key policies of all resources, by address.
	Policies map[string]string
	problems string
}

// message is a line of `tofu test -json`.
type message struct {
	Type    string `json:"type"`
	Message string `json:"@message"`
	Level   string `json:"@level"`
	Run     string `json:"@testrun"`
	TestRun struct {
		Status string `json:"status"`
	} `json:"test_run"`
	Diagnostic struct {
		Detail string `json:"detail"`
	} `json:"diagnostic"`
	State struct {
		Values struct {
			Outputs map[string]struct {
				Value any `json:"value"`
			} `json:"outputs"`
			Root module `json:"root_module"`
		} `json:"values"`
	} `json:"test_state"`
}

type module struct {
	Resources []struct {
		Address string         `json:"address"`
		Values  map[string]any `json:"values"`
	} `json:"resources"`
	Children []module `json:"child_modules"`
}

func (m module) policies(into map[string]string) {
	for _, resource := range m.Resources {
		for _, argument := range []string{"policy", "assume_role_policy"} {
			if text, ok := resource.Values[argument].(string); ok && strings.HasPrefix(text, "{") {
				into[resource.Address+"."+argument] = text
			}
		}
	}
	for _, child := range m.Children {
		child.policies(into)
	}
}

func read(said []byte) (Result, error) {
	result := Result{Outputs: map[string]map[string]string{}, Policies: map[string]string{}}
	var problems strings.Builder
	lines := bufio.NewScanner(bytes.NewReader(said))
	lines.Buffer(nil, len(said)+1)
	for lines.Scan() {
		var line message
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return result, fmt.Errorf("a line of tofu test is not as expected: %q: %w", lines.Text(), err)
		}
		switch {
		case line.Type == "test_run" && line.TestRun.Status == "pass":
			result.Passed++
		case line.Type == "test_state":
			line.State.Values.Root.policies(result.Policies)
			result.Outputs[line.Run] = map[string]string{}
			for name, output := range line.State.Values.Outputs {
				if text, ok := output.Value.(string); ok {
					result.Outputs[line.Run][name] = text
				}
			}
		case line.Level == "error":
			fmt.Fprintln(&problems, line.Message, line.Diagnostic.Detail)
		}
	}
	result.problems = problems.String()
	if result.Passed == 0 && result.problems == "" {
		return result, errNoRun
	}
	return result, nil
}
