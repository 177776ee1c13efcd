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
	Outputs  map[string]map[string]string
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
		} `json:"values"`
	} `json:"test_state"`
}

func read(said []byte) (Result, error) {
	result := Result{Outputs: map[string]map[string]string{}}
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
