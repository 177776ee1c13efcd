package gotest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/gotest"
)

func TestRead(t *testing.T) {
	t.Parallel()
	outcomes, rest := gotest.Read([]byte(`not an event
{"Action":"output","Output":"cluster ready\n"}
{"Action":"pass","Test":"TestOne/part","Elapsed":1}
{"Action":"pass","Test":"TestOne","Elapsed":1.5}
{"Action":"output","Test":"TestTwo/part","Output":"it broke\n"}
{"Action":"fail","Test":"TestTwo","Elapsed":0.1}
{"Action":"skip","Test":"TestThree/part"}
{"Action":"pass","Test":"TestThree"}
{"Action":"run","Test":"TestFour"}
{"Action":"fail","Elapsed":2}
`))
	for name, want := range map[string]string{"TestOne": "ok", "TestTwo": "FAILED", "TestThree": "SKIPPED", "TestFour": "MISSING", "TestFive": "MISSING"} {
		if word, passed := outcomes[name].Word(); word != want || passed != (want == "ok") {
			t.Errorf("%s: %s, %t, want %s", name, word, passed, want)
		}
	}
	if one := outcomes["TestOne"]; one.Took != 1500*time.Millisecond || len(one.Parts) != 1 {
		t.Errorf("%+v", one)
	}
	if !strings.Contains(outcomes["TestTwo"].Output, "it broke") || !strings.Contains(rest, "not an event") || !strings.Contains(rest, "cluster ready") {
		t.Errorf("%q, %q", outcomes["TestTwo"].Output, rest)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	outcomes, said, err := gotest.Run(t.Context(), "../..", "internal/enhancement", gotest.Named("TestJobID", "TestThatIsNotThere"))
	if got := outcomes["TestJobID"]; err != nil || said != "" || got.Action != gotest.Pass || len(outcomes) != 1 {
		t.Errorf("%v, %q, %v", outcomes, said, err)
	}
	outcomes, said, err = gotest.Run(t.Context(), "../..", "internal/nowhere", "")
	if err != nil || said == "" || len(outcomes) != 0 {
		t.Errorf("%v, %q, %v: want to hear why nothing ran", outcomes, said, err)
	}
}
