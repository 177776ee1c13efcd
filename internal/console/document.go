package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Version is that of the API's document. It changes with what the API can do, not with each release.
const Version = "1.0.0"

// description is what huma begins with. Its pages, its links to schemas and its own routes for the document are left out:
// they would be open to all, and answers would carry them everywhere.
func description() huma.Config {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	describePreferences(schemas)
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decodeJSON}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "AI Agents admin API", Version: Version,
				Description: "Tenants, their secrets and data, API tokens and the audit log. docs/admin-api.md tells how to use it.",
			},
			Components: &huma.Components{
				Schemas: schemas, Responses: errorResponses(schemas),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					bearer: {
						Type: "http", Scheme: "bearer",
						Description: "An API token, or the JWT of a person from the configured identity provider. " +
							"x-permission of an operation is the permission it takes.",
					},
					bootstrapScheme: {Type: "http", Scheme: "bearer", Description: "The bootstrap token."},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
	}
}

// Document is the API's OpenAPI document, in JSON and in YAML.
func (s *Server) Document() (asJSON, asYAML []byte, err error) {
	asJSON, err = json.Marshal(s.api.OpenAPI())
	if err != nil {
		return nil, nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	asYAML, err = s.api.OpenAPI().YAML()
	if err != nil {
		return nil, nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return asJSON, bytes.TrimLeft(asYAML, "\n"), nil
}

// serveDocument lets everybody read the document, and the schema of preferences: they are in the repository, and tell nothing about this installation.
func (s *Server) serveDocument(router *mux.Router) error {
	asJSON, asYAML, err := s.Document()
	if err != nil {
		return err
	}
	for name, d := range map[string]struct {
		media   string
		content []byte
	}{
		"openapi.json": {"application/vnd.oai.openapi+json;version=3.1", asJSON},
		"openapi.yaml": {"application/vnd.oai.openapi;version=3.1", asYAML},
		pathSchema[1:]: {"application/schema+json", tenant.PreferencesSchema()},
	} {
		router.Path(adminapi.Prefix + "/" + name).Methods(http.MethodGet).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			visiting(r.Context()).operation = "openapi"
			w.Header().Set("Content-Type", d.media)
			// The client has gone when this fails.
			_, _ = w.Write(d.content)
		})
	}
	return nil
}
