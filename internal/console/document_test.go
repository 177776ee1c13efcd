package console_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var writeDocument = flag.Bool("write-openapi", false, "write docs/openapi.yaml anew")

func TestTheCommittedDocumentIsTheOneThatIsServed(t *testing.T) {
	w := newWorld(t)
	rec := w.callAs("", http.MethodGet, "/openapi.yaml", nil)
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	path := filepath.Join("..", "..", "docs", "openapi.yaml")
	if *writeDocument {
		if err := os.WriteFile(path, rec.Body.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(committed), rec.Body.String()); d != "" {
		t.Errorf("docs/openapi.yaml is not what is served; `make openapi` writes it anew:\n%s", d)
	}
}
