package observe

import (
	"testing"
	"time"
)

func TestTreeOfATrace(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	trace := Trace{ID: "t", Spans: []Span{
		{ID: "1", Name: "webhook_received", Service: "gateway", Start: began, Duration: 12340 * time.Microsecond},
		{ID: "2", ParentID: "1", Name: "job_queued", Service: "gateway", Start: began.Add(time.Millisecond), Duration: time.Millisecond},
		{ID: "3", ParentID: "9", Name: "lost", Service: "daprd", Start: began.Add(2 * time.Millisecond)},
		{
			ID: "4", ParentID: "2", Name: "llm_call", Service: "enhancer", Start: began.Add(time.Second), Duration: 2 * time.Second,
			Tags: map[string]string{"error": "true"},
		},
		{
			ID: "5", ParentID: "4", Name: "SaveState", Service: "enhancer", Start: began.Add(time.Second),
			Tags: map[string]string{"error": "true", "otel.scope.name": "dapr-diagnostics"},
		},
	}}
	const want = "webhook_received                               gateway      12.3 ms  after    0.0 ms\n" +
		"  job_queued                                   gateway       1.0 ms  after    1.0 ms\n" +
		"    llm_call                                   enhancer   2000.0 ms  after 1000.0 ms  FAILED\n" +
		"      SaveState                                enhancer      0.0 ms  after 1000.0 ms  (answered with an error)\n" +
		"lost                                           daprd         0.0 ms  after    2.0 ms  (its parent 9 is missing)\n"
	if got := trace.Tree(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if named := trace.Named("llm_call"); len(named) != 1 || named[0].ID != "4" || !named[0].Failed() {
		t.Errorf("got %v", named)
	}
}
