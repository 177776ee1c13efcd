package plantest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/search/plantest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// verdict is a test that may fail without failing this one.
type verdict struct {
	testing.TB

	errors []string
}

func (v *verdict) Errorf(format string, args ...any) {
	v.errors = append(v.errors, fmt.Sprintf(format, args...))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	for _, statement := range []string{
		`INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		 SELECT unnest('{north,south}'::text[]), 'Example', 'https://sdp.example.com', 'onprem', 'sealed', 'sealed'`,
		`INSERT INTO search_collections (tenant_id, collection) SELECT tenant_id, 'tickets' FROM tenant_configs`,
		`INSERT INTO search_postings SELECT tenant_id, 'tickets', 1, n, 0, '' FROM tenant_configs, generate_series(1, 3000) n`,
		`ANALYZE`,
	} {
		if _, err := d.Admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	want := plantest.Lookup{
		Table: "search_postings", Index: "search_postings_pkey", Columns: []string{"tenant_id", "collection", "segment", "key"},
	}
	for name, c := range map[string]struct {
		sql   string
		args  []any
		wrong string // empty for a statement that looks up as wanted
	}{
		"by the key": {`SELECT documents FROM search_postings WHERE collection = $1 AND segment = $2 AND key = $3`, []any{"tickets", 1, 7}, ""},
		"by the key, with named arguments": {
			`SELECT documents FROM search_postings WHERE collection = @c AND segment = @s AND key = @k`, []any{pgx.NamedArgs{"c": "tickets", "s": 1, "k": 7}}, "",
		},
		"by part of the key":  {`SELECT documents FROM search_postings WHERE collection = $1 AND segment = $2 LIMIT 1`, []any{"tickets", 1}, "condition on key"},
		"all of the table":    {`SELECT sum(documents) FROM search_postings`, nil, "Seq Scan"},
		"without the table":   {`SELECT 1`, nil, "0 plans"},
		"by what is no index": {`SELECT documents FROM search_postings WHERE collection = $1 AND documents = 1`, []any{"tickets"}, "want it by search_postings_pkey"},
	} {
		t.Run(name, func(t *testing.T) {
			v := &verdict{TB: t}
			err := d.Open(t).InTenantSnapshot(t.Context(), "north", func(tx postgres.Tx) error {
				plans := plantest.Record(t, tx)
				rows, err := plans.Query(t.Context(), c.sql, c.args...)
				if err != nil {
					return err
				}
				rows.Close()
				plans.Check(v, want)
				return rows.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(v.errors, "\n"); (got == "") != (c.wrong == "") || !strings.Contains(got, c.wrong) {
				t.Errorf("Check says %q, want something about %q", got, c.wrong)
			}
		})
	}
}
