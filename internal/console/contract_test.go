package console_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// document is the committed one, by which every request and answer of these tests is judged.
var document = sync.OnceValues(func() (validator.Validator, error) {
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	parsed, err := libopenapi.NewDocument(content)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(parsed, config.WithFormatAssertions(), config.WithoutSecurityValidation())
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// conform checks that the answer is one that the document describes and, when it is no error, that the request is, too: what
// a client of the document can send has to be right.
func conform(t *testing.T, req *http.Request, body []byte, rec *httptest.ResponseRecorder) {
	t.Helper()
	v, err := document()
	if err != nil {
		t.Fatal(err)
	}
	answer := rec.Result()
	kind := answer.Header.Get("Content-Type")
	// Not of the API, or not in JSON as a whole.
	if strings.Contains(req.URL.Path, "openapi") || strings.HasSuffix(req.URL.Path, "/schemas/preferences") || kind == "application/x-ndjson" || rec.Code == http.StatusMethodNotAllowed ||
		rec.Code == http.StatusNotModified || rec.Code == http.StatusNotFound && strings.Contains(rec.Body.String(), "nothing at this path") {
		return
	}
	answer.Body = io.NopCloser(bytes.NewReader(rec.Body.Bytes()))
	if ok, problems := v.ValidateHttpResponse(req, answer); !ok {
		t.Errorf("%s %s: the answer %d %s is not as documented: %s", req.Method, req.URL, rec.Code, rec.Body, told(problems))
	}
	if rec.Code >= http.StatusBadRequest {
		return
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	if ok, problems := v.ValidateHttpRequest(req); !ok {
		t.Errorf("%s %s was taken, and is not as documented: %s", req.Method, req.URL, told(problems))
	}
}

func told(problems []*errors.ValidationError) string {
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Message+": "+p.Reason)
		for _, s := range p.SchemaValidationErrors {
			texts = append(texts, s.FieldPath+" "+s.Reason)
		}
	}
	return strings.Join(texts, "; ")
}

func TestTheDocumentIsOpenAPI31(t *testing.T) {
	v, err := document()
	if err != nil {
		t.Fatal(err)
	}
	if ok, problems := v.ValidateDocument(); !ok {
		t.Error(told(problems))
	}
}

// The judge has to be able to say no.
func TestTheContractIsChecked(t *testing.T) {
	v, err := document()
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, adminapi.Prefix+"/tenants/alpha", http.NoBody)
	for name, body := range map[string]string{
		"a field is missing": `{"tenant_id":"alpha"}`, "a field too many": `{"title":"x","status":1,"detail":"y","secret":"z"}`,
	} {
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", "application/json")
		_, _ = rec.WriteString(body)
		if ok, _ := v.ValidateHttpResponse(req, rec.Result()); ok {
			t.Errorf("%s, and nobody complains", name)
		}
	}
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Type", "application/json")
	rec.WriteHeader(http.StatusTeapot)
	_, _ = rec.WriteString(`{}`)
	if ok, _ := v.ValidateHttpResponse(req, rec.Result()); ok {
		t.Error("a status that is not documented, and nobody complains")
	}
}
