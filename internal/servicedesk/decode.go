package servicedesk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// envelope is any answer of the API. Where the editions and builds are not consistent about a key, all
// spellings are accepted.
type envelope struct {
	// at is the server's clock when it answered, as the header Date has it; zero when it has none.
	at time.Time

	Status          oneOrMany[status]  `json:"response_status"`
	ListInfo        listInfo           `json:"list_info"`
	Request         *wireRequest       `json:"request"`
	ArchiveRequest  *wireRequest       `json:"archive_request"`
	ArchivedRequest *wireRequest       `json:"archived_request"`
	Requests        rows[wireRequest]  `json:"requests"`
	Resolution      *wireResolution    `json:"resolution"`
	Note            *wireNote          `json:"note"`
	RequestNote     *wireNote          `json:"request_note"`
	Notes           rows[wireNote]     `json:"notes"`
	RequestNotes    rows[wireNote]     `json:"request_notes"`
	Solution        *wireSolution      `json:"solution"`
	Solutions       rows[wireSolution] `json:"solutions"`
	Workstation     *wireAsset         `json:"workstation"`
	Workstations    rows[wireAsset]    `json:"workstations"`
	AssetAsset      *wireAsset         `json:"asset_asset"`
	Asset           *wireAsset         `json:"asset"`
	AssetAssets     rows[wireAsset]    `json:"asset_assets"`
	Assets          rows[wireAsset]    `json:"assets"`
}

type listInfo struct {
	HasMoreRows text `json:"has_more_rows"`
	TotalCount  text `json:"total_count"`
}

type status struct {
	Code     text               `json:"status_code"`
	Status   text               `json:"status"`
	Messages oneOrMany[message] `json:"messages"`
}

type message struct {
	Code    text `json:"status_code"`
	Field   text `json:"field"`
	Message text `json:"message"`
}

// interpret turns one HTTP answer into an envelope, or into an Error that still lacks
// its operation. The HTTP status alone is never trusted: SDP answers 200 to calls that failed.
func interpret(httpStatus int, body []byte) (envelope, *Error) {
	env, err := decodeResponse(body)
	if err != nil {
		return envelope{}, undecodable(httpStatus, body, err)
	}
	failed, code, said := env.failure()
	if !failed && httpStatus >= http.StatusOK && httpStatus < http.StatusMultipleChoices {
		return env, nil
	}
	return envelope{}, &Error{
		HTTPStatus: httpStatus,
		Code:       code,
		Kind:       classify(httpStatus, code, said),
		Message:    excerpt(said),

		RateLimited: rateLimited(httpStatus, code, said),
		uncertain:   leavesDoubt(httpStatus),
	}
}

// undecodable describes an answer that is not the API's: a proxy's error page, a login
// page, the page of the throttle, or JSON cut short.
func undecodable(httpStatus int, body []byte, cause error) *Error {
	e := &Error{HTTPStatus: httpStatus, err: cause}
	e.uncertain = leavesDoubt(httpStatus) || httpStatus < http.StatusMultipleChoices
	page := bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
	if page {
		// Other bodies are not quoted: half a ticket does not belong in a log.
		e.Message = excerpt(visibleText(string(body)))
	}
	e.Kind, e.RateLimited = classify(httpStatus, 0, e.Message), rateLimited(httpStatus, 0, e.Message)
	if e.Kind == KindNotFound {
		// The API says "not found" in JSON. A page says it for a proxy that lost its way.
		e.Kind = KindRetry
	}
	return e
}

// leavesDoubt reports whether a write refused so may have been committed all the same.
func leavesDoubt(httpStatus int) bool {
	return httpStatus >= http.StatusInternalServerError || httpStatus == http.StatusRequestTimeout
}

func decodeResponse(body []byte) (envelope, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 || body[0] != '{' {
		return envelope{}, errors.New("the answer is not a JSON object")
	}
	var env envelope
	if err := json.Unmarshal(body, &env); err != nil {
		return envelope{}, fmt.Errorf("the answer cannot be decoded: %w", err)
	}
	return env, nil
}

// failure reports whether any status in the answer is not a success, with the innermost
// code and everything that was said about it.
func (e envelope) failure() (failed bool, code int, said string) {
	var parts []string
	for _, s := range e.Status {
		if s.ok() {
			continue
		}
		failed = true
		if code == 0 {
			code = s.Code.number()
		}
		for i, m := range s.Messages {
			if c := m.Code.number(); c != 0 && i == 0 {
				code = c
			}
			parts = append(parts, strings.TrimSpace(string(m.Message)+" "+string(m.Field)))
		}
	}
	return failed, code, strings.Join(parts, "; ")
}

func (s status) ok() bool {
	if s.Status != "" {
		return strings.EqualFold(string(s.Status), "success")
	}
	code := s.Code.number()
	return code == 0 || code >= codeSuccess && code < codeWarning
}

func (e envelope) note() *wireNote {
	if e.Note != nil {
		return e.Note
	}
	return e.RequestNote
}

func (e envelope) noteList() []wireNote {
	if e.Notes != nil {
		return e.Notes
	}
	return e.RequestNotes
}

// more reports whether another page follows one of got items. A server that does not say
// so is asked again as long as its pages are full.
func (e envelope) more(got, rowCount int) bool {
	switch e.ListInfo.HasMoreRows {
	case "":
		return got >= rowCount
	case "true", "1":
		return got > 0
	default:
		return false
	}
}

// maxRows bounds the lists in an answer: ten times what is asked for at once (MaxRowCount). Without it, four megabytes of
// empty objects would become a gigabyte of rows.
const maxRows = 10 * MaxRowCount

// rows is a list with a bound.
type rows[T any] []T

func (r *rows[T]) UnmarshalJSON(b []byte) error {
	*r = nil
	if b[0] == 'n' {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if start, err := dec.Token(); err != nil || start != json.Delim('[') {
		return errors.New("list: expected an array")
	}
	*r = rows[T]{}
	for dec.More() {
		if len(*r) == maxRows {
			return fmt.Errorf("list: longer than %d", maxRows)
		}
		var one T
		if err := dec.Decode(&one); err != nil {
			return fmt.Errorf("list: %w", err)
		}
		*r = append(*r, one)
	}
	return nil
}

// oneOrMany accepts an object where an array is expected; SDP sends either.
type oneOrMany[T any] []T

func (o *oneOrMany[T]) UnmarshalJSON(b []byte) error {
	*o = nil
	switch b[0] {
	case '[':
		var many rows[T]
		if err := many.UnmarshalJSON(b); err != nil {
			return err
		}
		*o = oneOrMany[T](many)
	case '{':
		var one T
		if err := json.Unmarshal(b, &one); err != nil {
			return fmt.Errorf("object: %w", err)
		}
		*o = oneOrMany[T]{one}
	}
	return nil
}

// text is a scalar of any type in its literal form, so that an 18-digit id sent as a
// number keeps all its digits. null and unexpected shapes are empty.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch b[0] {
	case '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return fmt.Errorf("string: %w", err)
		}
		*t = text(s)
	case 'n', '{', '[':
	default:
		*t = text(b)
	}
	return nil
}

func (t text) number() int {
	n, err := strconv.Atoi(strings.TrimSpace(string(t)))
	if err != nil {
		return 0
	}
	return n
}

// reference is a link to another entity; any field, or all of it, may be missing.
type reference struct {
	ID           text `json:"id"`
	Name         text `json:"name"`
	Email        text `json:"email_id"`
	InternalName text `json:"internal_name"`
}

func (r *reference) UnmarshalJSON(b []byte) error {
	type plain reference
	*r = reference{}
	switch b[0] {
	case '{':
		if err := json.Unmarshal(b, (*plain)(r)); err != nil {
			return fmt.Errorf("reference: %w", err)
		}
	case '"':
		if err := json.Unmarshal(b, &r.Name); err != nil {
			return fmt.Errorf("reference: %w", err)
		}
	}
	return nil
}

// words are texts in an array, or in one text separated by commas.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	*w = nil
	var many rows[text]
	if b[0] == '[' {
		if err := many.UnmarshalJSON(b); err != nil {
			return fmt.Errorf("texts: %w", err)
		}
	} else {
		many = make(rows[text], 1)
		if err := json.Unmarshal(b, &many[0]); err != nil {
			return fmt.Errorf("text: %w", err)
		}
	}
	for _, some := range many {
		for word := range strings.SplitSeq(string(some), ",") {
			if len(*w) == maxRows {
				return fmt.Errorf("texts: more than %d", maxRows)
			}
			if word = strings.TrimSpace(word); word != "" {
				*w = append(*w, word)
			}
		}
	}
	return nil
}

// stamp is a point in time, sent as milliseconds since the epoch in a string.
type stamp struct{ time.Time }

func (s *stamp) UnmarshalJSON(b []byte) error {
	s.Time = time.Time{}
	var literal text
	if b[0] == '{' {
		var object struct {
			Value text `json:"value"`
		}
		if err := json.Unmarshal(b, &object); err != nil {
			return fmt.Errorf("time: %w", err)
		}
		literal = object.Value
	} else if err := json.Unmarshal(b, &literal); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	if ms, err := strconv.ParseInt(string(literal), 10, 64); err == nil {
		s.Time = time.UnixMilli(ms).UTC()
	}
	return nil
}

const excerptLength = 200

// excerpt makes text of the server fit for one line of a log.
func excerpt(s string) string {
	s = strings.Join(strings.Fields(ticket.Normalize(s)), " ")
	if runes := []rune(s); len(runes) > excerptLength {
		return string(runes[:excerptLength]) + "…"
	}
	return s
}
