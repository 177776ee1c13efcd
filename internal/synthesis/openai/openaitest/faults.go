package openaitest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Endpoint is one of the two things that the server does.
type Endpoint string

// The endpoints.
const (
	EndpointChat       Endpoint = "chat"
	EndpointEmbeddings Endpoint = "embeddings"
)

// Faults make the server misbehave. The zero value is a server that works. Several may be set at once:
// the latency comes first, then hang or status, then what changes the answer.
type Faults struct {
	// Endpoint is the one that misbehaves; both when empty.
	Endpoint Endpoint `json:"endpoint,omitempty"`

	// LatencyMS delays the response, in milliseconds.
	LatencyMS int `json:"latency_ms,omitempty"`
	// Status is answered instead of what was asked for.
	Status int `json:"status,omitempty"`
	// RetryAfter goes with Status, in seconds; 0 sends no header.
	RetryAfter int `json:"retry_after,omitempty"`
	// HTMLPage makes the answer a proxy's page: with Status, or with 502.
	HTMLPage bool `json:"html_page,omitempty"`
	// Hang never answers, until the client or Close ends the request.
	Hang bool `json:"hang,omitempty"`
	// RejectResponseFormat answers 400 to requests that set response_format.
	RejectResponseFormat bool `json:"reject_response_format,omitempty"`

	// Shape is another form of answer to requests for completions.
	Shape Shape `json:"shape,omitempty"`

	// FailureInside answers 200 with an error in place of what was asked for, as some proxies do.
	FailureInside bool `json:"failure_inside,omitempty"`
	EmptyChoices  bool `json:"empty_choices,omitempty"`
	ContentFilter bool `json:"content_filter,omitempty"`
	NoUsage       bool `json:"no_usage,omitempty"`
	// Truncated cuts the answer in the middle and says so in finish_reason.
	Truncated bool `json:"truncated,omitempty"`
	// MalformedJSON spoils what the model writes, and the whole response of embeddings.
	MalformedJSON   bool `json:"malformed_json,omitempty"`
	ProseAroundJSON bool `json:"prose_around_json,omitempty"`

	// UnknownCitations cites sources that were not in the prompt.
	UnknownCitations bool `json:"unknown_citations,omitempty"`
	// TooLong answers about 2,000 words.
	TooLong       bool `json:"too_long,omitempty"`
	HTMLInjection bool `json:"html_injection,omitempty"`
	// ObeyInjection does what the texts in the prompt's data say, as a model without manners would.
	ObeyInjection bool `json:"obey_injection,omitempty"`
	// Confabulate invents error codes, numbers, addresses and citations, a few in each answer, the same ones for the same prompt.
	Confabulate bool `json:"confabulate,omitempty"`
	// Paraphrase says what is right in another order, with units, days, times and names in other forms than those of the data.
	Paraphrase bool `json:"paraphrase,omitempty"`
	// PlainText answers in lines instead of JSON.
	PlainText bool `json:"plain_text,omitempty"`
	// Answer is what the model writes, whatever it is asked.
	Answer string `json:"answer,omitempty"`

	// WrongCount leaves out the last of the embeddings.
	WrongCount bool `json:"wrong_count,omitempty"`
	// Shuffled gives embeddings in another order, each with its right index.
	Shuffled bool `json:"shuffled,omitempty"`
	// ZeroVector makes every embedding zero.
	ZeroVector bool `json:"zero_vector,omitempty"`
	// RefuseInput answers 400 to requests for embeddings of a text that contains it.
	RefuseInput string `json:"refuse_input,omitempty"`

	// Remaining is the number of requests that the faults still apply to; 0 for all until they are set anew.
	Remaining int `json:"remaining,omitempty"`
}

const maxLatency = 10 * time.Minute

// Validate names everything that is wrong with f at once.
func (f Faults) Validate() error {
	var errs []error
	if f.LatencyMS < 0 || f.latency() > maxLatency {
		errs = append(errs, fmt.Errorf("latency_ms must lie between 0 and %d", maxLatency.Milliseconds()))
	}
	statuses := []int{
		0, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}
	if !slices.Contains(statuses, f.Status) {
		errs = append(errs, fmt.Errorf("status must be one of %v", statuses))
	}
	if f.RetryAfter < 0 || (f.RetryAfter > 0 && f.Status != http.StatusTooManyRequests &&
		f.Status != http.StatusServiceUnavailable) {
		errs = append(errs, errors.New("retry_after must not be negative and goes with status 429 or 503"))
	}
	if f.Hang && f.failure() != 0 {
		errs = append(errs, errors.New("hang excludes status and html_page"))
	}
	if endpoints := []Endpoint{"", EndpointChat, EndpointEmbeddings}; !slices.Contains(endpoints, f.Endpoint) {
		errs = append(errs, fmt.Errorf("endpoint must be one of %q", endpoints))
	}
	if !f.Shape.valid() {
		errs = append(errs, fmt.Errorf("shape must be one of %q", Shapes()))
	}
	if f.Remaining < 0 {
		errs = append(errs, errors.New("remaining must not be negative"))
	}
	return errors.Join(errs...)
}

// failure is the HTTP status to answer instead of what was asked for; 0 for none.
func (f Faults) failure() int {
	if f.HTMLPage {
		return cmp.Or(f.Status, http.StatusBadGateway)
	}
	return f.Status
}

// wait is how long to pause before an answer; negative means for ever.
func (f Faults) wait() time.Duration {
	if f.Hang {
		return -1
	}
	return f.latency()
}

func (f Faults) latency() time.Duration { return time.Duration(f.LatencyMS) * time.Millisecond }
