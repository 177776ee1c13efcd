package inventory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// fill gives both tenants an inventory of a few thousand systems and networks.
func fill(t testing.TB, d *gathertest.Database) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO systems (tenant_id, system_id, hostname, asset_tag)
		 SELECT tenant_id, 'id-' || n, 'host-' || n || '.c' || n % 50 || '.example.com', 'LT-' || n
		 FROM tenant_configs, generate_series(1, 5000) n`,
		`INSERT INTO system_addresses (tenant_id, system_id, address)
		 SELECT tenant_id, 'id-' || n, inet '10.0.0.0' + n
		 FROM tenant_configs, generate_series(1, 5000) n`,
		`INSERT INTO subnets (tenant_id, network, name)
		 SELECT tenant_id, set_masklen(inet '10.0.0.0' + 256 * n, 24), 'LAN ' || n
		 FROM tenant_configs, generate_series(1, 5000) n`,
		`ANALYZE systems, system_addresses, subnets`,
	} {
		if _, err := d.Admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// lookups are the statements of a search by the name of the index that each must use, with what they find
// in what fill puts there.
func lookups() map[string]struct {
	sql  string
	args []any
} {
	addr := netip.MustParseAddr
	type lookup = struct {
		sql  string
		args []any
	}
	return map[string]lookup{
		"system_addresses_address": {byAddress, []any{[]netip.Addr{addr("10.0.0.7"), addr("2001:db8::1")}, MaxSystems}},
		"system_addresses_address, a network": {byRange, []any{
			[]netip.Addr{addr("10.0.1.0")}, []netip.Addr{addr("10.0.1.255")}, maxPerNetwork,
		}},
		"systems_name":   {fmt.Sprintf(byKey, "name_key"), []any{[]string{"host-7.c7.example.com", "no"}, maxPerName, shownAddresses}},
		"systems_short":  {fmt.Sprintf(byKey, "short_key"), []any{[]string{"host-7", "no"}, maxPerName, shownAddresses}},
		"systems_tag":    {fmt.Sprintf(byKey, "tag_key"), []any{[]string{"lt7", "no"}, maxPerName, shownAddresses}},
		"systems_domain": {ownDomains, []any{[]string{"c7.example.com", "example.org"}}},
		"subnets_pkey":   {bySubnet, []any{enclosing(addr("10.0.7.7"), 32)}},
	}
}

// TestLookupsUseTheirIndexes asks for the plans as app_user under row-level security, where conditions that
// are not leakproof are kept away from indexes. Nothing tells the planner what to prefer.
func TestLookupsUseTheirIndexes(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	fill(t, d)
	for index, lookup := range lookups() {
		t.Run(index, func(t *testing.T) {
			name, _, _ := strings.Cut(index, ",")
			err := d.DB.InTenant(t.Context(), gathertest.Tenant, func(tx postgres.Tx) error {
				plan := explain(t, tx, lookup.sql, lookup.args)
				if strings.Contains(plan, "Seq Scan") || !searches(plan, name) {
					t.Errorf("the plan reads a whole table, or %s other than by its key:\n%s", name, plan)
				}
				rows, err := tx.Query(t.Context(), lookup.sql, lookup.args...)
				if err != nil {
					return err
				}
				defer rows.Close()
				if !rows.Next() {
					t.Error("the statement finds nothing")
				}
				return rows.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func explain(t *testing.T, tx postgres.Tx, sql string, args []any) string {
	t.Helper()
	rows, err := tx.Query(t.Context(), "EXPLAIN "+sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// searches tells that the plan has a scan of the index whose condition names both the tenant and another column.
func searches(plan, index string) bool {
	lines := strings.Split(plan, "\n")
	return slices.ContainsFunc(lines, func(line string) bool {
		i := slices.Index(lines, line) + 1
		return strings.Contains(line, index+" ") && i < len(lines) && strings.Contains(lines[i], "Index Cond") &&
			strings.Contains(lines[i], "tenant_id") && strings.Contains(lines[i], " AND ")
	})
}

// TestOperatorsAreLeakproof says why the lookups are written as they are.
func TestOperatorsAreLeakproof(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	rows, err := d.Admin.Query(t.Context(), `
		SELECT oprname || ' ' || oprleft::regtype FROM pg_operator JOIN pg_proc p ON p.oid = oprcode
		WHERE oprleft = oprright AND oprleft IN ('inet'::regtype, 'text'::regtype)
		  AND oprname IN ('=', '<=', '>=', '>', '<<=', '>>=') AND proleakproof`)
	if err != nil {
		t.Fatal(err)
	}
	leakproof, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, used := range []string{"= inet", "<= inet", ">= inet", "= text", "> text"} {
		if !slices.Contains(leakproof, used) {
			t.Errorf("%s is not leakproof: under row-level security it uses no index", used)
		}
	}
	if slices.Contains(leakproof, "<<= inet") {
		t.Error("containment of networks has become leakproof: the lookups could be simpler")
	}
}
