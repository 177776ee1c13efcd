package console

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// operation is one thing that the API can be asked to do.
type operation struct {
	id, method, path string
	needs            requirement
	summary, detail  string
	// status of the answer; 200 when 0.
	status int
	// errors are the statuses besides those that every operation may have.
	errors []int
	// maxBody in bytes; 64 KiB when 0. More is only for an operation that decodes the body itself.
	maxBody int64
	// body is for such an operation: the schema that the document has. Its input has the body as RawBody.
	body *huma.Schema
	// bodyTime is how long the body may take to arrive; 10 s when 0.
	bodyTime time.Duration
	// patience is how long it may take once the body is read; requestTimeout when 0. A stream may take any time.
	patience time.Duration
	// tenantInQuery: the tenant that is asked for is the query parameter tenant_id.
	tenantInQuery bool
	// line is the type of a stream's lines.
	line reflect.Type
}

const (
	defaultMaxBody  = 64 << 10
	defaultBodyTime = 10 * time.Second
	// bearer and bootstrapScheme are the names of the security schemes.
	bearer, bootstrapScheme = "bearer", "bootstrap"
	// mediaJSON is that of all other bodies, and mediaLines the media type of streams: JSON, an object a line.
	mediaLines = "application/x-ndjson"
	mediaJSON  = "application/json"
)

// register adds the operation. What handler returns as error is explained to the client in one place.
func register[I, O any](s *Server, o operation, handler func(context.Context, *I) (*O, error)) {
	op := o.huma(s.api.OpenAPI().Components.Schemas)
	if o.body != nil {
		// huma would describe the raw body in the end, whatever it is given here.
		defer func() { s.document(op).RequestBody.Content[mediaJSON].Schema = o.body }()
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		visiting(ctx).unhurried()
		if o.line == nil {
			bounded, cancel := context.WithTimeout(ctx, cmp.Or(o.patience, requestTimeout))
			defer cancel()
			ctx = bounded
		}
		ctx = tenantstore.ChangedBy(ctx, visiting(ctx).actor())
		if wrong := storable(in); len(wrong) > 0 {
			return nil, invalid(wrong...)
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.explain(ctx, err)
		}
		return out, nil
	})
}

// document gives the operation as the document has it.
func (s *Server) document(op huma.Operation) *huma.Operation {
	path := s.api.OpenAPI().Paths[op.Path]
	for _, documented := range []*huma.Operation{path.Get, path.Post, path.Put, path.Delete} {
		if documented != nil && documented.OperationID == op.OperationID {
			return documented
		}
	}
	panic("the operation " + op.OperationID + " is not in the document")
}

func (o operation) huma(schemas huma.Registry) huma.Operation {
	op := huma.Operation{
		OperationID: o.id, Method: o.method, Path: adminapi.Prefix + o.path, Summary: o.summary, Description: o.detail,
		DefaultStatus: o.status, MaxBodyBytes: o.maxBody, BodyReadTimeout: o.bodyTime,
		SkipValidateBody: o.body != nil, RejectUnknownQueryParameters: true,
		Metadata:   map[string]any{metaRequirement: o.needs},
		Extensions: map[string]any{"x-permission": string(o.needs)},
		Security:   []map[string][]string{{o.scheme(): {}}},
		Responses:  map[string]*huma.Response{},
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = defaultMaxBody
	}
	if op.BodyReadTimeout == 0 {
		op.BodyReadTimeout = defaultBodyTime
	}
	if o.line == nil {
		op.Metadata[metaPatience] = cmp.Or(o.patience, requestTimeout)
	}
	if op.MaxBodyBytes > defaultMaxBody {
		op.Metadata[metaUpload] = true
	}
	if o.tenantInQuery {
		op.Metadata[metaTenantQuery] = true
	}
	for _, status := range append(usualErrors(), o.errors...) {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + responseName(status)}
	}
	if o.line != nil {
		op.Responses["200"] = &huma.Response{
			Description: "A stream of JSON objects, one a line.",
			Content:     map[string]*huma.MediaType{mediaLines: {Schema: schemas.Schema(o.line, true, "")}},
		}
	}
	return op
}

// scheme is how a client of the operation shows who it is.
func (o operation) scheme() string {
	if o.needs == bootstrapping {
		return bootstrapScheme
	}
	return bearer
}

// bodyErrors are the statuses that an operation with a body may answer with besides.
func bodyErrors(others ...int) []int {
	return append(others, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
}

// usualErrors are the statuses that every operation may answer with.
func usualErrors() []int {
	return []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
}

// errorResponses are what the operations' errors refer to. 304 is none, and has no body.
func errorResponses(schemas huma.Registry) map[string]*huma.Response {
	faulty := schemas.Schema(reflect.TypeFor[Problem](), true, "")
	responses := map[string]*huma.Response{
		responseName(http.StatusNotModified): {Description: "You have the current version."},
	}
	for _, status := range append(usualErrors(), http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed,
		http.StatusPreconditionRequired, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusBadGateway,
	) {
		responses[responseName(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{mediaProblem: {Schema: faulty}},
		}
	}
	return responses
}

// responseName is the status in one word.
func responseName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }
