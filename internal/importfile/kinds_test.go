package importfile_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/importfile"
)

// rowsOf reads text, in which every record is good.
func rowsOf[T importfile.Record](t *testing.T, schema *importfile.Schema[T], text string) []T {
	t.Helper()
	r, err := importfile.Open("-", strings.NewReader(text), schema, importfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var rows []T
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row.Value)
	}
}

// same checks that the CSV text under other names and the JSON under the columns' own give want.
func same[T importfile.Record](t *testing.T, schema *importfile.Schema[T], csv, json string, want T) {
	t.Helper()
	for name, text := range map[string]string{"CSV": csv, "JSON": json} {
		if diff := cmp.Diff([]T{want}, rowsOf(t, schema, text)); diff != "" {
			t.Errorf("%s, %s:\n%s", schema.Kind, name, diff)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	same(t, importfile.Tickets(),
		"Request ID,Title,Details,Solution,Created Time,Completed Time,Last Updated Time,Link,Requester Name,Assigned To\n1,s,d,r,2026-01-01,2026-01-02,2026-01-03,https://example.com,Jane Example,Front Desk\n",
		`{"ticket_id":"1","subject":"s","description":"d","resolution":"r","created_at":"2026-01-01T00:00:00Z","resolved_at":1767312000000,`+
			`"updated_at":"2026-01-03","url":"https://example.com","requester":"Jane Example","technician":"Front Desk"}`,
		history.PastTicket{
			ID: "1", Subject: "s", Description: "d", Resolution: "r", CreatedAt: day(1), ResolvedAt: day(2), UpdatedAt: day(3), URL: "https://example.com",
			Requester: "Jane Example", Technician: "Front Desk",
		})
	same(t, importfile.Articles(), "id,subject,content,modified time,link\nKB-1,t,b,2026-01-01,https://example.com\n",
		`{"article_id":"KB-1","title":"t","body":"b","updated_at":"2026-01-01","url":"https://example.com"}`,
		knowledge.Article{ID: "KB-1", Title: "t", Body: "b", UpdatedAt: day(1), URL: "https://example.com"})
	same(t, importfile.Systems(), "CI ID,Computer Name,IP Address,Tag,Product Type,Customer,Site\n7,vpn01.example.com,\"192.0.2.1, 192.0.2.2\",LT-1,VPN,Example,Room A\n",
		`{"id":"7","hostname":"vpn01.example.com","address":"192.0.2.1, 192.0.2.2","asset_tag":"LT-1","role":"VPN","client":"Example","location":"Room A"}`,
		inventory.System{
			ID: "7", Hostname: "vpn01.example.com", Address: "192.0.2.1, 192.0.2.2", AssetTag: "LT-1", Role: "VPN", Client: "Example", Location: "Room A",
		})
	same(t, importfile.Subnets(), "cidr;vlan;purpose;account;site\n192.0.2.0/24;Office;Clients;Example;Room A\n",
		`{"network":"192.0.2.0/24","name":"Office","role":"Clients","client":"Example","location":"Room A"}`,
		inventory.Subnet{Network: "192.0.2.0/24", Name: "Office", Role: "Clients", Client: "Example", Location: "Room A"})
}

func TestWhenARowChanged(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	when := importfile.Tickets().When
	for want, p := range map[time.Time]history.PastTicket{
		day(3): {CreatedAt: day(1), ResolvedAt: day(2), UpdatedAt: day(3)}, day(2): {CreatedAt: day(1), ResolvedAt: day(2)},
		day(1): {CreatedAt: day(1)}, {}: {},
	} {
		if got := when(p); !got.Equal(want) {
			t.Errorf("%+v: %v, want %v", p, got, want)
		}
	}
}

// TestSystemsOfOneID: many inventories export a line for each address.
func TestSystemsOfOneID(t *testing.T) {
	t.Parallel()
	schema := importfile.Systems()
	first := inventory.System{Hostname: "Vpn01.example.com.", Address: "192.0.2.1", Role: "VPN"}
	second := inventory.System{Hostname: "vpn01.example.com", Address: "192.0.2.2", Role: " VPN ", Client: "Example"}
	if a, b := schema.Key(first), schema.Key(second); a != b || schema.Key(inventory.System{ID: "7", Hostname: "x"}) != "7" {
		t.Errorf("keys %q and %q", a, b)
	}
	merged := first
	if err := schema.Merge(&merged, second); err != nil {
		t.Fatal(err)
	}
	if merged.Address != "192.0.2.1, 192.0.2.2" || merged.Client != "Example" || merged.Validate() != nil {
		t.Errorf("%+v", merged)
	}
	before := merged
	err := schema.Merge(&merged, inventory.System{Hostname: "vpn01.example.com", Address: "192.0.2.3", Role: "Printer", Location: "Room A"})
	if err == nil || !strings.Contains(err.Error(), `role: is "VPN" there and "Printer" here`) || merged != before {
		t.Errorf("a contradiction: %v, %+v", err, merged)
	}
	crowd := inventory.System{Hostname: "vpn01.example.com", Address: strings.Repeat("192.0.2.1 ", 1000)}
	if err := schema.Merge(&merged, crowd); err == nil || merged != before {
		t.Errorf("too many addresses: %v", err)
	}
}

func TestSubnetsOfOneNetwork(t *testing.T) {
	t.Parallel()
	key := importfile.Subnets().Key
	if a, b := key(inventory.Subnet{Network: " 2001:db8:0::/48"}), key(inventory.Subnet{Network: "2001:db8::/48"}); a != b {
		t.Errorf("keys %q and %q", a, b)
	}
	if key(inventory.Subnet{Network: "x"}) == key(inventory.Subnet{Network: "y"}) {
		t.Error("what is no network has one key")
	}
}

func TestMarkup(t *testing.T) {
	t.Parallel()
	const tagged, plain = "<p>a &amp; b</p><pre>if x &lt; y\n  z</pre>", "a &amp; b\n<host>"
	for mode, want := range map[string][2]string{
		"auto": {"a & b\n\nif x < y\n  z", plain}, "yes": {"a & b\n\nif x < y\n  z", "a & b\n<host>"}, "no": {tagged, plain},
	} {
		markup, err := importfile.Markup(mode)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{markup(tagged), markup(plain)}; got != want {
			t.Errorf("%s: %q, want %q", mode, got, want)
		}
	}
	if _, err := importfile.Markup("maybe"); err == nil || !strings.Contains(err.Error(), "auto, yes or no") {
		t.Errorf("error %v", err)
	}
}
