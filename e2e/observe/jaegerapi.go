package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// jaegerTraces is the JSON of Jaeger's /api/traces, as far as it is used here.
type jaegerTraces struct {
	Data []struct {
		TraceID   string       `json:"traceID"`
		Spans     []jaegerSpan `json:"spans"`
		Processes map[string]struct {
			ServiceName string `json:"serviceName"`
		} `json:"processes"`
	} `json:"data"`
}

type jaegerSpan struct {
	SpanID        string `json:"spanID"`
	OperationName string `json:"operationName"`
	ProcessID     string `json:"processID"`
	StartTime     int64  `json:"startTime"` // in microseconds since 1970
	Duration      int64  `json:"duration"`  // in microseconds
	References    []struct {
		RefType string `json:"refType"`
		TraceID string `json:"traceID"`
		SpanID  string `json:"spanID"`
	} `json:"references"`
	Tags []struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	} `json:"tags"`
}

func (o *Observability) traces(ctx context.Context, path string) ([]Trace, error) {
	var answer jaegerTraces
	err := o.ask(ctx, path, &answer)
	if errors.Is(err, errNotFound) { // so it answers for an unknown id
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	traces := make([]Trace, len(answer.Data))
	for i, data := range answer.Data {
		traces[i].ID = data.TraceID
		for j := range data.Spans {
			span := data.Spans[j].span(data.TraceID)
			span.Service = data.Processes[data.Spans[j].ProcessID].ServiceName
			traces[i].Spans = append(traces[i].Spans, span)
		}
		slices.SortFunc(traces[i].Spans, func(a, b Span) int {
			return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
		})
	}
	return traces, nil
}

func (s *jaegerSpan) span(traceID string) Span {
	span := Span{
		ID: s.SpanID, Name: s.OperationName, Start: time.UnixMicro(s.StartTime), Tags: map[string]string{},
		Duration: time.Duration(s.Duration) * time.Microsecond,
	}
	for _, reference := range s.References {
		// A link to another span, or to one of another trace, makes no parent.
		if reference.RefType == "CHILD_OF" && reference.TraceID == traceID {
			span.ParentID = reference.SpanID
		}
	}
	for _, tag := range s.Tags {
		span.Tags[tag.Key] = fmt.Sprint(tag.Value)
	}
	return span
}
