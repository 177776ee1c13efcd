package tenantstore_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func tables(t *testing.T, s *tenantstoretest.Store) (names []string) {
	t.Helper()
	err := s.ConsoleDB.InPlatform(t.Context(), func(tx postgres.Tx) error {
		var err error
		names, err = tenantstore.Tables(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func query[T any](t *testing.T, s *tenantstoretest.Store, sql string, args ...any) []T {
	t.Helper()
	rows, err := s.Database.Admin.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestNoTableWithATenantIsForgotten(t *testing.T) {
	s := tenantstoretest.New(t)
	exec(t, s, "CREATE TABLE of_a_later_release (tenant_id text REFERENCES tenant_configs, ticket text)")
	all := query[string](t, s, `
		SELECT table_name::text FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
		WHERE column_name = 'tenant_id' AND table_schema = 'public' AND table_type = 'BASE TABLE'`)
	got := tables(t, s)
	for _, name := range all {
		if slices.Contains(got, name) == slices.Contains(tenantstore.Kept, name) {
			t.Errorf("%s: purged %t, kept %t", name, slices.Contains(got, name), slices.Contains(tenantstore.Kept, name))
		}
	}
	if !slices.Contains(got, "of_a_later_release") || len(got) < 20 {
		t.Errorf("the tables are %q", got)
	}
}

func TestEachTableComesBeforeThoseThatItRefersTo(t *testing.T) {
	s := tenantstoretest.New(t)
	names := tables(t, s)
	references := query[[]string](t, s, "SELECT ARRAY[conrelid::regclass::text, confrelid::regclass::text] FROM pg_constraint WHERE contype = 'f'")
	if len(references) == 0 {
		t.Fatal("no foreign key is found: this test proves nothing")
	}
	for _, r := range references {
		child, parent := slices.Index(names, r[0]), slices.Index(names, r[1])
		if child >= 0 && parent >= 0 && child > parent {
			t.Errorf("%s comes after %s, to which it refers", r[0], r[1])
		}
	}
	if names[len(names)-1] != "tenant_configs" || slices.Index(names, "search_postings") > slices.Index(names, "search_collections") {
		t.Errorf("the order is %q", names)
	}
}

func TestChildrenFirst(t *testing.T) {
	for name, c := range map[string]struct {
		names  []string
		refers map[string][]string
		want   []string
	}{
		"a chain":         {[]string{"a", "b", "c", "tenant_configs"}, map[string][]string{"a": {"tenant_configs"}, "b": {"a"}, "c": {"b"}}, []string{"c", "b", "a", "tenant_configs"}},
		"a loose one":     {[]string{"a", "tenant_configs", "z"}, map[string][]string{"a": {"tenant_configs"}}, []string{"z", "a", "tenant_configs"}},
		"of a loose one":  {[]string{"a", "b", "tenant_configs"}, map[string][]string{"b": {"a"}}, []string{"b", "a", "tenant_configs"}},
		"to itself":       {[]string{"a", "tenant_configs"}, map[string][]string{"a": {"a", "tenant_configs"}}, []string{"a", "tenant_configs"}},
		"a circle":        {[]string{"a", "b", "tenant_configs"}, map[string][]string{"a": {"b"}, "b": {"a"}}, []string{"a", "b", "tenant_configs"}},
		"to other tables": {[]string{"a", "tenant_configs"}, map[string][]string{"a": {"elsewhere"}}, []string{"a", "tenant_configs"}},
	} {
		if got := tenantstore.ChildrenFirst(c.names, c.refers); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A table that the console may not delete from would end a purge halfway.
func TestTheConsoleMayPurgeEachTable(t *testing.T) {
	s := tenantstoretest.New(t)
	for _, name := range tables(t, s) {
		for _, right := range []string{"SELECT", "DELETE"} {
			if got := query[bool](t, s, "SELECT has_table_privilege('console_user', $1, $2)", name, right); !got[0] {
				t.Errorf("the console has no right to %s on %s", right, name)
			}
		}
	}
	// Rows are removed by their place in the table, and that of a partitioned one has several.
	if partitioned := query[string](t, s, `
		SELECT relname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'tenant_id'
		WHERE relkind = 'p' AND relname <> ALL ($1)`, tenantstore.Kept); len(partitioned) > 0 {
		t.Errorf("%q are partitioned: a batch of a purge would be as large as they have partitions", partitioned)
	}
}
