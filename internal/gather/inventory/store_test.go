package inventory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

// stored lists the rows of a tenant with their addresses; column is what is listed beside the id.
func stored(t *testing.T, d *gathertest.Database, tenantID, column string) []string {
	t.Helper()
	rows, err := d.Admin.Query(t.Context(), fmt.Sprintf(`
		SELECT s.system_id || ' ' || %s || ' ' || coalesce(string_agg(host(a.address), ',' ORDER BY a.address), '')
		FROM systems s LEFT JOIN system_addresses a USING (tenant_id, system_id)
		WHERE s.tenant_id = $1 GROUP BY s.tenant_id, s.system_id ORDER BY 1`, column), tenantID)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func checkStored(t *testing.T, d *gathertest.Database, column string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), stored(t, d, gathertest.Tenant, column)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func checkChange(t *testing.T, got, want gather.Change) {
	t.Helper()
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	a := inventory.System{Hostname: "A.example.com.", Address: "192.0.2.1", Role: "Database", Client: "Example", Location: "Rack 1"}
	b := inventory.System{ID: "17", Hostname: "b", Address: "2001:db8:0::1;192.0.2.2", AssetTag: "LT-1"}
	checkChange(t, put(t, d, gathertest.Tenant, a, b), gather.Change{Added: 2})
	checkStored(t, d, "hostname", "17 b 192.0.2.2,2001:db8::1", "a.example.com A.example.com 192.0.2.1")

	checkChange(t, put(t, d, gathertest.Tenant, b, a), gather.Change{Unchanged: 2})
	a.Role = "Web server"
	checkChange(t, put(t, d, gathertest.Tenant, a, b), gather.Change{Changed: 1, Unchanged: 1})
	b.Address = "192.0.2.2, 192.0.2.3"
	checkChange(t, put(t, d, gathertest.Tenant, a, b), gather.Change{Changed: 1, Unchanged: 1})
	checkStored(t, d, "role", "17  192.0.2.2,192.0.2.3", "a.example.com Web server 192.0.2.1")
	b.Address, b.Role = "", "Notebook"
	checkChange(t, put(t, d, gathertest.Tenant, b), gather.Change{Changed: 1})
	checkStored(t, d, "role", "17 Notebook ", "a.example.com Web server 192.0.2.1")
	checkChange(t, put(t, d, gathertest.Tenant), gather.Change{})
}

func TestPutWritesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	a := inventory.System{Hostname: "a", Address: "192.0.2.1"}
	b := inventory.System{Hostname: "b", Address: "192.0.2.2"}
	put(t, d, gathertest.Tenant, a, b)
	versions := func() map[string]string {
		t.Helper()
		found := map[string]string{}
		rows, err := d.Admin.Query(t.Context(), `
			SELECT system_id, ctid || ' ' || xmin FROM systems UNION ALL SELECT host(address), ctid || ' ' || xmin FROM system_addresses`)
		if err != nil {
			t.Fatal(err)
		}
		var key, version string
		if _, err := pgx.ForEachRow(rows, []any{&key, &version}, func() error { found[key] = version; return nil }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	before := versions()
	b.Role = "Scanner"
	put(t, d, gathertest.Tenant, a, b)
	after := versions()
	for _, key := range []string{"a", "192.0.2.1", "192.0.2.2"} {
		if before[key] != after[key] || before[key] == "" {
			t.Errorf("row %s was written though nothing in it changed", key)
		}
	}
	if before["b"] == after["b"] {
		t.Error("the row that changed was not written")
	}
}

func TestPutMergesLinesOfOneSystem(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	change := put(t, d, gathertest.Tenant,
		inventory.System{Hostname: "a", Address: "192.0.2.1"},
		inventory.System{Hostname: "b", Address: "192.0.2.9"},
		inventory.System{Hostname: "A", Address: "192.0.2.2 192.0.2.1", Role: "Database"})
	checkChange(t, change, gather.Change{Added: 2})
	checkStored(t, d, "role", "a Database 192.0.2.1,192.0.2.2", "b  192.0.2.9")
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	fine := inventory.System{Hostname: "fine", Address: "192.0.2.1"}
	for name, tc := range map[string]struct {
		systems []inventory.System
		want    []string
	}{
		"no host name":       {[]inventory.System{{Address: "192.0.2.1"}}, []string{"system 1", "hostname: is missing"}},
		"blank host name":    {[]inventory.System{{Hostname: " \t", AssetTag: "x1"}}, []string{`system 1 "x1"`, "hostname: is missing"}},
		"no match possible":  {[]inventory.System{{Hostname: "Anna's notebook"}}, []string{"address: is missing", "asset_tag", "Anna's notebook"}},
		"bad addresses":      {[]inventory.System{{Hostname: "x", Address: "192.0.2, 192.0.2.1/24"}}, []string{`"192.0.2" is no IPv4`, `"192.0.2.1/24" has a prefix length`}},
		"zone":               {[]inventory.System{{Hostname: "x", Address: "fe80::1%eth0"}}, []string{"without %eth0"}},
		"unspecified":        {[]inventory.System{{Hostname: "x", Address: "0.0.0.0"}}, []string{"leave it out"}},
		"too long":           {[]inventory.System{{Hostname: "x", Role: strings.Repeat("é", 501)}}, []string{"role: has 501 characters, shorten it to 500"}},
		"which one":          {[]inventory.System{fine, {ID: "17"}}, []string{`system 2 "17"`}},
		"all of them":        {[]inventory.System{{Address: "x"}, {Hostname: "y", Address: "z"}}, []string{"system 1", "hostname", `"x"`, "system 2", `"z"`}},
		"contradiction":      {[]inventory.System{{Hostname: "db01", Client: "A"}, {Hostname: "db01", Client: "B"}}, []string{"system 2", `client: is "B" here and "A" before`, "an id each"}},
		"one id, two names":  {[]inventory.System{{ID: "1", Hostname: "db01"}, {ID: "1", Hostname: "db02"}}, []string{`hostname: is "db02" here and "db01" before`}},
		"more than is shown": {make([]inventory.System, 500), []string{"system 20", "and more"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := inventory.NewStore(d.DB).Put(t.Context(), gathertest.Tenant, gather.OriginFile, tc.systems)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
	checkStored(t, d, "hostname")
}

func TestPutIsAllOrNone(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	store := inventory.NewStore(d.DB)
	fine := inventory.System{Hostname: "fine", Address: "192.0.2.1"}
	if _, err := store.Put(t.Context(), gathertest.Tenant, gather.OriginFile, []inventory.System{fine, {Hostname: "x", Address: "y"}}); err == nil {
		t.Error("a bad system was accepted")
	}
	if _, err := store.Put(t.Context(), gathertest.Tenant, "elsewhere", []inventory.System{fine}); err == nil {
		t.Error("an unknown origin was accepted")
	}
	if _, err := store.Put(t.Context(), "unknown-tenant", gather.OriginFile, []inventory.System{fine}); err == nil {
		t.Error("a tenant that does not exist got a system")
	}
	checkStored(t, d, "hostname")
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	store := inventory.NewStore(d.DB)
	putFrom := func(origin gather.Origin, systems ...inventory.System) gather.Change {
		t.Helper()
		change, err := store.Put(t.Context(), gathertest.Tenant, origin, systems)
		if err != nil {
			t.Fatal(err)
		}
		return change
	}
	a, b := inventory.System{Hostname: "scan01"}, inventory.System{Hostname: "scan02"}
	checkChange(t, putFrom(gather.OriginServiceDesk, a), gather.Change{Added: 1})
	checkChange(t, putFrom(gather.OriginFile, a, b), gather.Change{Added: 1, Unchanged: 1})
	checkStored(t, d, "origin", "scan01 servicedesk ", "scan02 file ")
	a.Role = "Scanner"
	checkChange(t, putFrom(gather.OriginFile, a), gather.Change{Changed: 1})
	checkChange(t, putFrom(gather.OriginServiceDesk, b), gather.Change{Changed: 1})
	checkStored(t, d, "origin || role", "scan01 servicedeskScanner ", "scan02 servicedesk ")
}

func TestIDsAndDelete(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	store := inventory.NewStore(d.DB)
	var systems []inventory.System
	for _, id := range []string{"b", "B", "a-1", "a_1", "a.1", "é"} {
		systems = append(systems, inventory.System{ID: id, Hostname: "h", Address: "192.0.2.1"})
	}
	if _, err := store.Put(t.Context(), gathertest.Tenant, gather.OriginServiceDesk, systems); err != nil {
		t.Fatal(err)
	}
	put(t, d, gathertest.Tenant, inventory.System{Hostname: "from-file"})
	put(t, d, gathertest.Neighbour, inventory.System{ID: "b", Hostname: "theirs"})

	var paged []string
	for after := ""; ; after = paged[len(paged)-1] {
		page, err := store.IDs(t.Context(), gathertest.Tenant, gather.OriginServiceDesk, after, 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
	}
	if want := []string{"B", "a-1", "a.1", "a_1", "b", "é"}; !slices.Equal(paged, want) {
		t.Errorf("ids %q, want %q", paged, want)
	}

	n, err := store.Delete(t.Context(), gathertest.Tenant, gather.OriginServiceDesk, []string{"b", "B", "from-file", "unknown"})
	if n != 2 || err != nil {
		t.Errorf("deleted %d (%v), want 2: what came from a file stays", n, err)
	}
	if left := stored(t, d, gathertest.Tenant, "hostname"); len(left) != 5 {
		t.Errorf("left are %q", left)
	}
	if theirs := stored(t, d, gathertest.Neighbour, "hostname"); len(theirs) != 1 {
		t.Error("the neighbour's system was deleted")
	}
}

func TestPutSubnets(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	store := inventory.NewStore(d.DB)
	lan := inventory.Subnet{Network: "192.0.2.0/24", Name: "LAN"}
	annex := inventory.Subnet{Network: "2001:DB8::/48", Location: "Annex"}
	for _, step := range []struct {
		origin  gather.Origin
		subnets []inventory.Subnet
		want    gather.Change
	}{
		{gather.OriginFile, []inventory.Subnet{lan, annex, lan}, gather.Change{Added: 2}},
		{gather.OriginFile, []inventory.Subnet{annex, lan}, gather.Change{Unchanged: 2}},
		{gather.OriginFile, []inventory.Subnet{{Network: "192.0.2.0/24", Name: "Clients"}}, gather.Change{Changed: 1}},
		{gather.OriginServiceDesk, []inventory.Subnet{annex}, gather.Change{Changed: 1}},
		{gather.OriginFile, []inventory.Subnet{annex}, gather.Change{Unchanged: 1}},
		{gather.OriginFile, nil, gather.Change{}},
	} {
		change, err := store.PutSubnets(t.Context(), gathertest.Tenant, step.origin, step.subnets)
		if err != nil {
			t.Fatal(err)
		}
		checkChange(t, change, step.want)
	}
	if items := find(t, d, "192.0.2.1"); len(items) != 1 || items[0].Title != "Clients (192.0.2.0/24)" {
		t.Errorf("found %q", summaries(items))
	}
}

func TestTheInventoryHoldsNothingDeceptive(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	text := tickettest.Deceptive
	checkChange(t, put(t, d, gathertest.Tenant, inventory.System{
		Hostname: "Host\u202e", Address: "192.0.2.1\u200b", Role: text, Client: text, Location: text,
	}), gather.Change{Added: 1})
	subnet := inventory.Subnet{Network: "192.0.2.0/24\u2069", Name: text, Location: text}
	if _, err := inventory.NewStore(d.DB).PutSubnets(t.Context(), gathertest.Tenant, gather.OriginFile, []inventory.Subnet{subnet}); err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"role FROM systems", "client FROM systems", "location FROM systems", "name FROM subnets", "location FROM subnets"} {
		var stored string
		if err := d.Admin.QueryRow(t.Context(), "SELECT "+column).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		tickettest.CheckDeceptive(t, column, stored)
	}
	checkStored(t, d, "hostname", "host Host 192.0.2.1")
}

func TestPutSubnetsRefuses(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	store := inventory.NewStore(d.DB)
	named := func(network string) inventory.Subnet { return inventory.Subnet{Network: network, Name: "x"} }
	for want, subnets := range map[string][]inventory.Subnet{
		"network: is missing":                       {named("")},
		"write it like 192.0.2.0/24":                {named("192.0.2.0")},
		"address in the network 192.0.2.0/24":       {named("192.0.2.7/24")},
		"IPv4 written as IPv6":                      {named("::ffff:192.0.2.0/120")},
		"holds every address":                       {named("::/0")},
		"name: is missing":                          {{Network: "192.0.2.0/24"}},
		"name: has 501 characters":                  {{Network: "192.0.2.0/24", Name: strings.Repeat("x", 501)}},
		`subnet 2 "192.0.2.0/24": was described`:    {named("192.0.2.0/24"), {Network: "192.0.2.0/24", Name: "y"}},
		`subnet 2 "2001:db8::/x": network: "2001:d`: {named("192.0.2.0/24"), named(" 2001:db8::/x")},
	} {
		if _, err := store.PutSubnets(t.Context(), gathertest.Tenant, gather.OriginFile, subnets); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", subnets, err, want)
		}
	}
	if items := find(t, d, "192.0.2.1"); len(items) != 0 {
		t.Errorf("stored all the same: %q", summaries(items))
	}
}
