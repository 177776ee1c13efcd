package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 20

var (
	errNoJaeger = errors.New("there is no Jaeger here: see Options.Parts")
	// ErrNoTrace says that Jaeger does not have the trace, or not yet.
	ErrNoTrace = errors.New("there is no such trace")
)

// Trace is what Jaeger has of one, the earliest span first.
type Trace struct {
	ID    string // 32 hexadecimal digits
	Spans []Span
}

// Span is one step of a trace.
type Span struct {
	ID       string // 16 hexadecimal digits
	ParentID string // empty for a root
	Name     string
	Service  string // that reported it
	Start    time.Time
	Duration time.Duration
	Tags     map[string]string // attributes, whatever their type, as text
}

// Failed reports whether the span's status is an error.
func (s *Span) Failed() bool {
	return s.Tags["error"] == "true" || s.Tags["otel.status_code"] == "ERROR"
}

// Named returns the spans of that name, the earliest first.
func (t *Trace) Named(name string) []Span {
	var found []Span
	for i := range t.Spans {
		if t.Spans[i].Name == name {
			found = append(found, t.Spans[i])
		}
	}
	return found
}

// Trace fetches a trace; ErrNoTrace when Jaeger has none of that id.
func (o *Observability) Trace(ctx context.Context, id string) (Trace, error) {
	found, err := o.traces(ctx, "/api/traces/"+url.PathEscape(id))
	if err != nil {
		return Trace{}, fmt.Errorf("fetch trace %s: %w", id, err)
	}
	if len(found) == 0 {
		return Trace{}, fmt.Errorf("fetch trace %s: %w", id, ErrNoTrace)
	}
	return found[0], nil
}

// Services are the names under which spans were reported.
func (o *Observability) Services(ctx context.Context) ([]string, error) {
	var answer struct {
		Data []string `json:"data"`
	}
	if err := o.ask(ctx, "/api/services", &answer); err != nil {
		return nil, fmt.Errorf("list the services: %w", err)
	}
	return answer.Data, nil
}

// TracesWith finds traces in which a span has the attribute, by whatever service.
func (o *Observability) TracesWith(ctx context.Context, attribute, value string) ([]Trace, error) {
	services, err := o.Services(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := json.Marshal(map[string]string{attribute: value})
	if err != nil {
		return nil, fmt.Errorf("look for traces: %w", err)
	}
	byID := map[string]Trace{}
	for _, service := range services {
		query := url.Values{"service": {service}, "tags": {string(tags)}, "limit": {"1000"}}
		found, err := o.traces(ctx, "/api/traces?"+query.Encode())
		if err != nil {
			return nil, fmt.Errorf("look for traces with %s %s: %w", attribute, value, err)
		}
		for _, t := range found {
			byID[t.ID] = t
		}
	}
	all := make([]Trace, 0, len(byID))
	for _, t := range byID {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Trace) int { return a.start().Compare(b.start()) })
	return all, nil
}

// AwaitTrace waits for a trace in which a span has the attribute and every one of the names is there, as long as ctx allows: spans
// arrive one by one. The error shows the trace as far as it got, or is ErrNoTrace.
func (o *Observability) AwaitTrace(ctx context.Context, attribute, value string, names ...string) (Trace, error) {
	for {
		found, err := o.TracesWith(ctx, attribute, value)
		if err != nil {
			return Trace{}, err
		}
		err = fmt.Errorf("%w with %s %s", ErrNoTrace, attribute, value)
		for i := range found {
			missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return len(found[i].Named(name)) > 0 })
			if len(missing) == 0 {
				return found[i], nil
			}
			err = fmt.Errorf("trace %s lacks %s:\n%s", found[i].ID, strings.Join(missing, ", "), found[i].Tree())
		}
		if ended := pause.For(ctx, poll); ended != nil {
			return Trace{}, errors.Join(err, context.Cause(ctx))
		}
	}
}

func (t *Trace) start() time.Time {
	if len(t.Spans) == 0 {
		return time.Time{}
	}
	return t.Spans[0].Start
}

// ask calls Jaeger's query API, the one that its pages use.
func (o *Observability) ask(ctx context.Context, path string, answer any) error {
	if o.JaegerURL() == "" {
		return errNoJaeger
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.JaegerURL()+path, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask Jaeger: %w", err)
	}
	body, err := o.do(request)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("read Jaeger's answer: %w", err)
	}
	return nil
}

// errNotFound is an answer 404.
var errNotFound = errors.New("not found")

func (o *Observability) do(request *http.Request) ([]byte, error) {
	response, err := o.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", request.URL.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer of %s: %w", request.URL.Host, err)
	case response.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("%s: %w", request.URL.Path, errNotFound)
	case response.StatusCode/100 != 2:
		return nil, fmt.Errorf("%s answered %s: %s", request.URL.Path, response.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}
