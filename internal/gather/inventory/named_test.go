package inventory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
)

func TestFindByName(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	put(t, d, gathertest.Tenant,
		inventory.System{Hostname: "DB01.example.com", Address: "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5"},
		inventory.System{Hostname: "files-01"},
		inventory.System{Hostname: "mail.example.com"},
		inventory.System{Hostname: "backup"},
		inventory.System{ID: "n", Hostname: "dc01.north.example.com", Client: "North"},
		inventory.System{ID: "s", Hostname: "dc01.south.example.com", Client: "South"})
	put(t, d, gathertest.Neighbour, inventory.System{Hostname: "secret01.example.com"})
	checkFindings(t, d, []findingTest{
		{"short for long", "db01 is slow", []string{"DB01.example.com 0.9 named as db01"}},
		{"in full", "db01.EXAMPLE.com. is slow", []string{"DB01.example.com 1.0 named as db01.EXAMPLE.com"}},
		{"short, then in full", "db01 is db01.example.com", []string{"DB01.example.com 1.0 named as db01.example.com"}},
		{"another domain", "db01.example.org", nil},
		{"long for short", "files-01.example.com", []string{"files-01 0.9 named as files-01.example.com"}},
		{"long for short, elsewhere", "files-01.example.org", []string{"files-01 0.9 named as files-01.example.org"}},
		{"a file", "files-01.log", nil},
		{"a word for a host of that name", "backup.example.com", []string{"backup 0.9 named as backup.example.com"}},
		{"a word in another's domain", "backup.example.org", nil},
		{"a file called like a host", "backup.log", nil},
		{"an everyday word", "no mail since the backup", nil},
		{"a word that is meant", "the host backup is down, so is MAIL", []string{
			"backup 0.9 named as backup", "mail.example.com 0.9 named as MAIL",
		}},
		{"several of one name", "dc01", []string{
			"dc01.north.example.com 0.8 named as dc01, as others are", "dc01.south.example.com 0.8 named as dc01, as others are",
		}},
		{"one of them", "dc01.south.example.com", []string{"dc01.south.example.com 1.0 named as dc01.south.example.com"}},
		{"the neighbour's", "secret01 secret01.example.com", nil},
		{"surest first, then in order", "db01, files-01, 192.0.2.9, mail.example.com", []string{
			"mail.example.com 1.0 named as mail.example.com", "DB01.example.com 0.9 named as db01", "files-01 0.9 named as files-01",
		}},
	})
	if items := find(t, d, "db01"); items[0].Address != "192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4" {
		t.Errorf("Address = %q, want the first four", items[0].Address)
	}
}

func TestFindByNameWhereNoSystemHasADomain(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	put(t, d, gathertest.Tenant, inventory.System{Hostname: "backup"})
	checkFindings(t, d, []findingTest{
		{"with domain", "backup.example.com", []string{"backup 0.9 named as backup.example.com"}},
		{"private domain", "backup.local", []string{"backup 0.9 named as backup.local"}},
		{"a file", "backup.log", nil},
		{"a sentence without a blank", "Failed.Backup", nil},
	})
}

func TestFindByAssetTag(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	put(t, d, gathertest.Tenant,
		inventory.System{Hostname: "Anna's notebook", AssetTag: "LT-00423"},
		inventory.System{Hostname: "reception", AssetTag: "PC1234"},
		inventory.System{Hostname: "scanner", AssetTag: "00417"},
		inventory.System{Hostname: "beamer", AssetTag: "ASSET 00418"},
		inventory.System{Hostname: "untagged"})
	checkFindings(t, d, []findingTest{
		{"as it is", "LT-00423 is broken", []string{"Anna's notebook 1.0 asset tag LT-00423"}},
		{"in other ways", "lt00423, LT 00423 and LT-00423", []string{"Anna's notebook 1.0 asset tag lt00423"}},
		{"two", "PC1234 prints, pc-1235 and LT-00423 do not", []string{"reception 1.0 asset tag PC1234", "Anna's notebook 1.0 asset tag LT-00423"}},
		{"a number that is announced", "asset tag 00417", []string{"scanner 1.0 asset tag 00417"}},
		{"a number that is not", "00417 pages, 00418 copies", nil},
		{"with a word in it", "asset 00418", []string{"beamer 1.0 asset tag asset 00418"}},
		{"part of another", "LT-004231 XLT-00423", nil},
	})
}

func TestFindSurvivesManyOfOneName(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	systems := []inventory.System{{Hostname: "db01.example.com"}}
	for i := range 40 {
		systems = append(systems, inventory.System{Hostname: fmt.Sprintf("www-1.c%d.example.com", i)})
	}
	put(t, d, gathertest.Tenant, systems...)
	items := find(t, d, strings.Repeat("www-1 ", 9)+"db01")
	if len(items) != 6 || items[0].Title != "db01.example.com" {
		t.Errorf("%q, want db01 first and few of the others", summaries(items))
	}
}
