package console

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// There is no way to the operations past the declaration: neither by leaving it out, nor by one that nobody can have, nor
// by registering with huma directly, nor hidden from the document.
func TestAnOperationWithoutADeclarationIsRefusedAtStart(t *testing.T) {
	handler := func(context.Context, *struct{}) (*struct{}, error) { return &struct{}{}, nil }
	for name, routes := range map[string]func(*Server){
		"none": func(s *Server) { register(s, operation{id: "x", method: http.MethodGet, path: "/x"}, handler) },
		"unknown": func(s *Server) {
			register(s, operation{id: "x", method: http.MethodGet, path: "/x", needs: "x:read"}, handler)
		},
		"by huma": func(s *Server) {
			huma.Register(s.api, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: adminapi.Prefix + "/x"}, handler)
		},
		"hidden": func(s *Server) {
			huma.Register(s.api, huma.Operation{Method: http.MethodGet, Path: adminapi.Prefix + "/x", Hidden: true}, handler)
		},
	} {
		_, err := newServer(Config{BadTokens: 1}, Deps{Now: time.Now}, routes)
		if err == nil || !strings.Contains(err.Error(), "GET /api/v1/x") {
			t.Errorf("%s: %v", name, err)
		}
	}
	fine := func(s *Server) {
		register(s, operation{id: "x", method: http.MethodGet, path: "/x", needs: identified}, handler)
	}
	if _, err := newServer(Config{BadTokens: 1}, Deps{Now: time.Now}, fine); err != nil {
		t.Error(err)
	}
}
