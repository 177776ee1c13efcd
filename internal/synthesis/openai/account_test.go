package openai_test

import (
	"math"
	"net/http"
	"strings"
	"testing"
)

// What a server says of its usage is charged to the tenant: what there cannot be is not believed, and nothing of it fails an answer.
func TestUsageThatCannotBe(t *testing.T) {
	t.Parallel()
	const reported, estimated = false, true
	for name, tc := range map[string]struct {
		usage              string
		prompt, completion int // -1 for an estimate
		cached             int
		estimated, told    bool
	}{
		"true":                {`{"prompt_tokens": 70, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 30}}`, 70, 20, 30, reported, false},
		"much thought":        {`{"prompt_tokens": 70, "completion_tokens": 30000}`, 70, 30_000, 0, reported, false},
		"floats":              {`{"prompt_tokens": 70.0, "completion_tokens": 2e1}`, 70, 20, 0, reported, false},
		"texts":               {`{"prompt_tokens": "70", "completion_tokens": "20"}`, 70, 20, 0, reported, false},
		"nulls":               {`{"prompt_tokens": null, "completion_tokens": null}`, -1, -1, 0, estimated, false},
		"words":               {`{"prompt_tokens": "many", "completion_tokens": true}`, -1, -1, 0, estimated, false},
		"a text":              {`"none"`, -1, -1, 0, estimated, false},
		"a list":              {`[1, 2]`, -1, -1, 0, estimated, false},
		"details are a text":  {`{"prompt_tokens_details": "none", "prompt_tokens": 70, "completion_tokens": 20}`, 70, 20, 0, reported, false},
		"more than an int4":   {`{"prompt_tokens": 3e9, "completion_tokens": 20}`, -1, 20, 0, estimated, true},
		"more than an int8":   {`{"prompt_tokens": 70, "completion_tokens": 1e19}`, 70, -1, 0, estimated, true},
		"more than a float":   {`{"prompt_tokens": 1e999, "completion_tokens": 1e999}`, -1, -1, 0, estimated, true},
		"not a number":        {`{"prompt_tokens": "NaN", "completion_tokens": "Infinity"}`, -1, -1, 0, estimated, true},
		"negative":            {`{"prompt_tokens": -70, "completion_tokens": -20}`, -1, -1, 0, estimated, true},
		"more than was sent":  {`{"prompt_tokens": 200000, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 199000}}`, -1, 20, 0, estimated, true},
		"more than was asked": {`{"prompt_tokens": 70, "completion_tokens": 2000000}`, 70, -1, 0, estimated, true},
		"more cached":         {`{"prompt_tokens": 70, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 4e9}}`, 70, 20, 0, reported, false},
		"cached is negative":  {`{"prompt_tokens": 70, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": -4}}`, 70, 20, 0, reported, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, log := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"choices":[{"message":{"content":"{\"summary\":\"an example\"}"},"finish_reason":"stop"}],"usage":` + tc.usage + `}`))
			}), nil)
			got, err := client.Complete(t.Context(), prompt())
			if err != nil || len(got.Calls) != 1 || !strings.Contains(got.Text, "an example") {
				t.Fatalf("%+v, %v", got, err)
			}
			if tc.prompt < 0 {
				tc.prompt = (len(prompt().System+prompt().User) + 3) / 4
			}
			if tc.completion < 0 {
				tc.completion = (len(got.Text) + 3) / 4
			}
			call := got.Calls[0]
			if call.PromptTokens != tc.prompt || call.CompletionTokens != tc.completion || call.CachedTokens != tc.cached || call.Estimated != tc.estimated {
				t.Errorf("the call is %+v, want %+v", call, tc)
			}
			if cost := (float64(tc.prompt)*2.5 + float64(tc.completion)*10) / 1e6; math.Abs(call.CostUSD-cost) > 1e-12 {
				t.Errorf("it cost %v, want %v", call.CostUSD, cost)
			}
			if told := strings.Contains(log.String(), "is not possible"); told != tc.told {
				t.Errorf("logged %s", log)
			}
		})
	}
}
