package inventory_test

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// before is the version of the schema in which a system was one row for each of its addresses.
const before = 4

func TestMigrationKeepsTheInventory(t *testing.T) {
	t.Parallel()
	d := postgrestest.Empty(t)
	m, err := postgres.OpenMigrator(d.AdminURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	up := func() {
		t.Helper()
		if err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	down := func() {
		t.Helper()
		if err := m.DownTo(t.Context(), before); err != nil {
			t.Fatal(err)
		}
	}
	up()
	down()
	for _, statement := range []string{
		`INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		 SELECT t, 'Example', 'https://sdp.example.com', 'onprem', 'x', 'x' FROM unnest('{north,south}'::text[]) t`,
		`INSERT INTO systems (tenant_id, hostname, address, role, client) VALUES
		 ('north', 'VPN01.example.com', '192.0.2.10', 'VPN', 'A'), ('north', 'vpn01.example.com', '2001:db8::10', 'VPN', 'A'),
		 ('north', 'dc01', '192.0.2.11', 'DNS', 'A'), ('north', 'dc01', '198.51.100.11', 'DNS', 'B'),
		 ('south', 'dc01', '192.0.2.11', 'DNS', 'C')`,
	} {
		if _, err := d.Admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	up()
	const systems = `
		SELECT concat_ws(' ', tenant_id, system_id, role, client, origin, string_agg(host(address), ',' ORDER BY address))
		FROM systems JOIN system_addresses USING (tenant_id, system_id)
		GROUP BY tenant_id, system_id ORDER BY 1`
	want := []string{
		"north dc01 DNS A file 192.0.2.11", "north dc01#2 DNS B file 198.51.100.11",
		"north vpn01.example.com VPN A file 192.0.2.10,2001:db8::10", "south dc01 DNS C file 192.0.2.11",
	}
	if diff := cmp.Diff(want, lines(t, d.Admin, systems)); diff != "" {
		t.Errorf("after up (-want +got):\n%s", diff)
	}
	down()
	const rows = `SELECT concat_ws(' ', tenant_id, lower(hostname), host(address), role, client) FROM systems ORDER BY 1`
	want = []string{
		"north dc01 192.0.2.11 DNS A", "north dc01 198.51.100.11 DNS B",
		"north vpn01.example.com 192.0.2.10 VPN A", "north vpn01.example.com 2001:db8::10 VPN A", "south dc01 192.0.2.11 DNS C",
	}
	if diff := cmp.Diff(want, lines(t, d.Admin, rows)); diff != "" {
		t.Errorf("after down (-want +got):\n%s", diff)
	}
}

func lines(t *testing.T, db *pgxpool.Pool, query string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}
