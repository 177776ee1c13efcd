package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
)

func numbers(records []audit.Record) []int64 {
	found := []int64{}
	for _, r := range records {
		found = append(found, r.Seq)
	}
	return found
}

func TestListSelects(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 3)
	other := event(4)
	other.TenantID, other.Actor, other.Operation = "other", "token:1", audit.OperationTokenCreate
	if err := w.console.Append(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	w.fill(t, 1)
	all := w.all(t)
	for name, c := range map[string]struct {
		q    audit.Query
		want []int64
	}{
		"all":       {audit.Query{}, []int64{5, 4, 3, 2, 1}},
		"tenant":    {audit.Query{TenantID: "example-clinic"}, []int64{5, 3, 2, 1}},
		"operation": {audit.Query{Operation: audit.OperationTokenCreate}, []int64{4}},
		"actor":     {audit.Query{Actor: "token:1"}, []int64{4}},
		"hostile":   {audit.Query{Actor: "' OR true --"}, []int64{}},
		"page":      {audit.Query{Limit: 2}, []int64{5, 4}},
		"next page": {audit.Query{Limit: 2, Before: 4}, []int64{3, 2}},
		"since":     {audit.Query{Since: all[3].At}, []int64{5, 4}},
		"until":     {audit.Query{Until: all[1].At}, []int64{1}},
		"together":  {audit.Query{TenantID: "example-clinic", Since: all[1].At, Before: 5, Limit: 9999}, []int64{3, 2}},
	} {
		got, err := w.console.List(t.Context(), c.q)
		if err != nil || !slices.Equal(numbers(got), c.want) {
			t.Errorf("%s: %v, %v; want %v", name, numbers(got), err, c.want)
		}
		if c.q.Limit != 0 {
			continue
		}
		var oldestFirst []audit.Record
		err = w.console.Each(t.Context(), c.q, func(r audit.Record) error {
			oldestFirst = append(oldestFirst, r)
			return nil
		})
		slices.Reverse(oldestFirst)
		if err != nil || !slices.Equal(numbers(oldestFirst), c.want) {
			t.Errorf("%s, each: %v, %v; want %v", name, numbers(oldestFirst), err, c.want)
		}
	}
	if _, err := w.app.List(t.Context(), audit.Query{}); !refused(err) {
		t.Errorf("an app lists the log: %v", err)
	}
	if _, err := w.app.Verify(t.Context()); !refused(err) {
		t.Errorf("an app verifies the log: %v", err)
	}
}

func TestEachStops(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 3)
	enough, n := errors.New("enough"), 0
	err := w.console.Each(t.Context(), audit.Query{}, func(audit.Record) error {
		if n++; n == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 2 {
		t.Errorf("%d records, %v", n, err)
	}
	n = 0
	err = w.console.Each(t.Context(), audit.Query{Limit: 2}, func(audit.Record) error { n++; return nil })
	if err != nil || n != 2 {
		t.Errorf("%d records, %v", n, err)
	}
}

func TestAnExportIsWhatTheAdminAPIShows(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 3)
	var file strings.Builder
	if err := w.console.Export(t.Context(), audit.Query{}, &file); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(file.String(), "\n")
	decoder := json.NewDecoder(strings.NewReader(first))
	decoder.DisallowUnknownFields()
	var shown adminapi.AuditRecord
	if err := decoder.Decode(&shown); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(shown)
	if err != nil || string(again) != first {
		t.Errorf("the API shows\n%s\nand the file\n%s", again, first)
	}
	if r := w.all(t)[0]; shown.Hash != r.Hash.String() || !shown.At.Equal(r.At) || shown.At.Location() != time.UTC {
		t.Errorf("shown %+v", shown)
	}
	v, err := audit.VerifyStream(strings.NewReader(file.String()+"\n"), audit.Anchor{Seq: 3, Hash: w.all(t)[2].Hash})
	if err != nil || !v.Intact() || v.Records != 3 {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestAFileThatWasEditedIsNoticed(t *testing.T) {
	w := newWorld(t)
	w.fill(t, 3)
	var file strings.Builder
	if err := w.console.Export(t.Context(), audit.Query{}, &file); err != nil {
		t.Fatal(err)
	}
	whole := file.String()
	lines := strings.SplitAfter(whole, "\n")
	edit := func(old, by string) string {
		t.Helper()
		if !strings.Contains(whole, old) {
			t.Fatalf("there is no %s in %s", old, whole)
		}
		return strings.Replace(whole, old, by, 1)
	}
	for name, c := range map[string]struct {
		file string
		says string
	}{
		"a changed value": {edit(`"actor":"operator@example.com"`, `"actor":"eve"`), "were changed"},
		"a removed line":  {lines[0] + lines[2], "stands behind entry 1"},
		"swapped lines":   {lines[1] + lines[0] + lines[2], "stands behind entry 2"},
		"a line twice":    {lines[0] + lines[0], "stands behind entry 1"},
		"no beginning":    {lines[1] + lines[2], "no entry tells of the removal"},
		// Such a line reads differently to people and to the decoder.
		"one more field":     {edit(`{"seq":1,`, `{"note":"approved","seq":1,`), "line 1"},
		"a field twice":      {edit(`{"seq":1,`, `{"actor":"eve","seq":1,`), "stands twice"},
		"in another case":    {edit(`{"seq":1,`, `{"Actor":"eve","seq":1,`), "misspelt"},
		"a detail twice":     {edit(`"detail":{`, `"detail":{"n":"7",`), "stands twice"},
		"something behind":   {strings.Replace(whole, "}\n", "} {}\n", 1), "stands behind it"},
		"no object":          {"[1]\n", "has no place"},
		"no JSON":            {"x\n", "line 1"},
		"half a line":        {whole[:40], "line 1"},
		"a hash of no hex":   {edit(`"hash":"`, `"hash":"z`), "is no hash"},
		"an endless line":    {strings.Repeat("x", 2<<20), "read line 1"},
		"a finer time":       {edit(`Z","operation"`, `999Z","operation"`), "finer than a microsecond"},
		"deep nesting":       {strings.Repeat(`{"detail":`, 50_000) + "\n", "has no place"},
		"a number as detail": {edit(`"n":"1"`, `"n":1`), "line 1"},
	} {
		v, err := audit.VerifyStream(strings.NewReader(c.file))
		if said := fmt.Sprint(v.Problem, err); v.Intact() && err == nil || !strings.Contains(said, c.says) {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	// What begins later can be anchored by who knows what came before.
	part := lines[1] + lines[2]
	if v, err := audit.VerifyStream(strings.NewReader(part), audit.Anchor{Seq: 1, Hash: w.all(t)[0].Hash}); err != nil || !v.Intact() {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err := audit.VerifyStream(strings.NewReader(part), audit.Anchor{Seq: 1}); err != nil || v.Intact() {
		t.Errorf("behind another entry: %+v, %v", v, err)
	}
}
