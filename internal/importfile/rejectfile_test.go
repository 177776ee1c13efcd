package importfile_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/importfile"
)

// rejectsOf reads the file at path and writes what is rejected to a reject file, whose lines it gives.
func rejectsOf(t *testing.T, path string) (rejectPath string, lines []string) {
	t.Helper()
	r, err := importfile.Open(path, nil, importfile.Tickets(), importfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	file := importfile.RejectFileFor(path)
	for {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if reject, is := errors.AsType[*importfile.Reject](err); is {
			if err := file.Write(reject); err != nil {
				t.Fatal(err)
			}
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if file.Path() == "" {
		return "", nil
	}
	data, err := os.ReadFile(file.Path())
	if err != nil {
		t.Fatal(err)
	}
	return file.Path(), strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRejectsCanBeCorrected corrects entries of every form with the simplest of editors, and reads them.
func TestRejectsCanBeCorrected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		want       string // the only line of the reject file
		old, fix   string
		row        string
	}{
		"CSV, a bad value": {
			"t.csv", "Request ID;Colour;Subject;Created Time\n1;red;\"19\"\" <rack>\";03/04/2025\n",
			`{"line":2,"reason":"created_at: \"03/04/2025\" does not say which number is the day and which the month: ` +
				`write the year first, like 2025-04-03 or 2025-03-04","record":{"ticket_id":"1","subject":"19\" <rack>","created_at":"03/04/2025"}}`,
			`"created_at":"03/04/2025"`, `"created_at":"2025-04-03"`, `1=19" <rack>@1`,
		},
		"CSV, too few fields": {
			"t.csv", "ticket_id;subject;url\n1;Printer\n",
			`{"line":2,"reason":"has 2 fields, the header has 3: enclose a field that holds ';' or a line break in quotes",` +
				`"header":"ticket_id;subject;url","raw":"1;Printer"}`,
			"1;Printer", "1;Printer;", "1=Printer@1",
		},
		"CSV, broken quotes": {
			"t.csv", "ticket_id,subject\n1,\"say \"hi\"\nand\"\n",
			`{"line":2,"reason":"text follows a closing quote (\"): write the quotes of a field twice",` +
				`"header":"ticket_id,subject","raw":"1,\"say \"hi\"\nand\""}`,
			`say \"hi\"`, `say \"\"hi\"\"`, "1=say \"hi\"\nand@1",
		},
		"JSON, a bad value": {
			"t.jsonl", `{"ticket_id": 1, "subject": "Printer"}`,
			`{"line":1,"reason":"ticket_id: is a number; a string is wanted: \"1\"","record":{"ticket_id":1,"subject":"Printer"}}`,
			`"ticket_id":1`, `"ticket_id":"1"`, "1=Printer@1",
		},
		"JSON, broken": {
			"t.jsonl", `{"ticket_id": "1", "subject": "Printer"`,
			`{"line":1,"reason":"is no JSON: unexpected end of JSON input","raw":"{\"ticket_id\": \"1\", \"subject\": \"Printer\""}`,
			`Printer\""`, `Printer\"}"`, "1=Printer@1",
		},
	} {
		path, lines := rejectsOf(t, write(t, c.file, c.text))
		if diff := cmp.Diff([]string{c.want}, lines); diff != "" {
			t.Errorf("%s: reject file\n%s", name, diff)
			continue
		}
		if again, same := rejectsOf(t, path); again == path || len(same) != 1 || content1(t, same[0]) != content1(t, c.want) {
			t.Errorf("%s: imported as it is, it gives %q", name, same)
		}
		fixed := write(t, "t.csv.rejects.jsonl", strings.Replace(lines[0], c.old, c.fix, 1)+"\n")
		if got := readAll(t, fixed, nil); !cmp.Equal(got, content{Rows: []string{c.row}}) {
			t.Errorf("%s: corrected, it gives %+v", name, got)
		}
	}
}

// content1 is an entry without its line number, which is that of the file that was read.
func content1(t *testing.T, line string) string {
	t.Helper()
	var entry map[string]any
	if err := json.Unmarshal([]byte(line), &entry); err != nil {
		t.Fatal(err)
	}
	delete(entry, "line")
	text, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEntriesThatCannotBeImported(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		`{"line":7,"reason":"r","raw":"x","cut":true}`:                                        "1: only the beginning of this record is here: correct it in line 7",
		`{"line":7,"reason":"r","header":"colour","raw":"red"}`:                               "1: the header",
		`{"line":7,"reason":"r","header":"ticket_id,subject","raw":"1,a\n2,b"}`:               `1: "raw" has to hold one record`,
		`{"line":7,"reason":"r","header":"ticket_id,subject","raw":""}`:                       `1: "raw" has to hold one record`,
		`{"line":7,"reason":"r","header":"ticket_id,created,subject","raw":"1,yesterday,b"}`:  "1: created_at",
		`{"line":7,"reason":"r","record":{"ticket_id":"1","subject":"a"},"raw":"{}"}`:         `1: unknown field "line"`,
		`{"line":"7","reason":"r","record":{"ticket_id":"1","subject":"a"}}`:                  `1: unknown field "line"`,
		`{"line":7,"reason":"r","record":{"ticket_id":"1","subject":"a"},"extra":{}}`:         `1: unknown field "extra"`,
		`{"line":7,"reason":"r","record":{"line":7,"reason":"r","record":{"ticket_id":"1"}}}`: `1: unknown field "line"`,
	} {
		got := readTickets(t, "t.rejects.jsonl", []byte(line))
		if len(got.Rows) != 0 || len(got.Rejects) != 1 || !strings.HasPrefix(got.Rejects[0], says) {
			t.Errorf("%s: %+v, want %q", line, got, says)
		}
	}
}

func TestALongBrokenRecordIsCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 100_000)
	for file, text := range map[string]string{
		"t.csv":   "ticket_id,subject\n1,\"" + long + "\"x\n",
		"t.jsonl": strings.Repeat(long, 30),
	} {
		_, lines := rejectsOf(t, write(t, file, text))
		if len(lines) != 1 || len(lines[0]) > 70_000 || !strings.HasSuffix(lines[0], `,"cut":true}`) {
			t.Errorf("%s: %d lines, the first of %d bytes", file, len(lines), len(lines[0]))
		}
	}
}

func TestRejectFilesAreNotWrittenOver(t *testing.T) {
	t.Parallel()
	input := write(t, "t.csv", "ticket_id,subject\n,Printer\n")
	folder := filepath.Dir(input)
	var names []string
	for _, path := range []string{input, input, input, input + ".rejects-2.jsonl"} {
		rejects, lines := rejectsOf(t, path)
		if len(lines) != 1 {
			t.Errorf("%s: %q", path, lines)
		}
		names = append(names, strings.TrimPrefix(rejects, folder+"/"))
		info, err := os.Stat(rejects)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", rejects, info.Mode(), err)
		}
	}
	want := []string{"t.csv.rejects.jsonl", "t.csv.rejects-2.jsonl", "t.csv.rejects-3.jsonl", "t.csv.rejects-4.jsonl"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if _, err := importfile.NewRejectFile(input); err == nil || !strings.Contains(err.Error(), "--rejects") {
		t.Errorf("a file that is there: %v", err)
	}
	if rejects, _ := rejectsOf(t, write(t, "good.csv", "ticket_id,subject\n1,Printer\n")); rejects != "" {
		t.Errorf("no reject, and a file %s", rejects)
	}
	none := importfile.NoRejectFile()
	if err := errors.Join(none.Write(&importfile.Reject{}), none.Close()); err != nil || none.Path() != "" {
		t.Errorf("no file: %v, %q", err, none.Path())
	}
}

func TestARejectFileThatCannotBeMade(t *testing.T) {
	t.Parallel()
	file, err := importfile.NewRejectFile(filepath.Join(t.TempDir(), "none", "r.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Write(&importfile.Reject{Line: 1}); err == nil || !strings.Contains(err.Error(), "--rejects") {
		t.Errorf("error %v", err)
	}
}

// TestWindowsTextIsKeptReadable: Excel's "CSV" is not UTF-8, and its rejects are to be imported all the same.
func TestWindowsTextIsKeptReadable(t *testing.T) {
	t.Parallel()
	for file, text := range map[string]string{
		"t.csv": "ticket_id,subject\n1,B\xfcro\n", "t.jsonl": "{\"ticket_id\": \"1\", \"subject\": \"B\xfcro\"}\n",
	} {
		path, lines := rejectsOf(t, write(t, file, text))
		if len(lines) != 1 || !strings.Contains(lines[0], "is not UTF-8") {
			t.Fatalf("%s: %q", file, lines)
		}
		if got := readAll(t, path, nil); !cmp.Equal(got, content{Rows: []string{"1=Büro@1"}}) {
			t.Errorf("%s: %+v", file, got)
		}
	}
}

// FuzzCSV and FuzzJSONLines take any text. What is read does not depend on how the text arrives, no line is counted twice,
// and what is rejected for what it says is rejected again when it is imported as it is.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"1,a\n", "1,\"a\n\"\n2,b", "1,\"a\"b\"\n2,c\n", "\r\n\"\"\r,\"", "1\x00,\xff\n", ",\n,,\n", "1,\"\"\"\n\"\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { checkAnyText(t, "t.csv", "ticket_id,subject\n"+text) })
}

func FuzzJSONLines(f *testing.F) {
	for _, seed := range []string{one, one + "\n{", "[]\nnull\n1", `{"a":{}}`, `{"reason":"","raw":"{}"}`, "\x00\xff", `{"ticket_id":"\ud800","subject":"\u0000"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { checkAnyText(t, "t.jsonl", "{}\n"+text) })
}

func checkAnyText(t *testing.T, name, text string) {
	whole := readTickets(t, name, []byte(text))
	if len(text) < 1000 {
		slow := readAll(t, "-", io.MultiReader(strings.NewReader(text[:1]), &byteReader{text: text[1:]}))
		if diff := cmp.Diff(whole, slow); diff != "" {
			t.Errorf("read byte by byte:\n%s", diff)
		}
	}
	if lines := strings.Count(text, "\n") + 1; whole.Err == "" && len(whole.Rows)+len(whole.Rejects) > lines {
		t.Errorf("%d rows and %d rejects of %d lines", len(whole.Rows), len(whole.Rejects), lines)
	}
	if whole.Err != "" {
		return
	}
	path, lines := rejectsOf(t, write(t, name, text))
	if len(lines) != len(whole.Rejects) {
		t.Errorf("%d rejects, then %d", len(whole.Rejects), len(lines))
	}
	if path == "" || !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return // bytes that are no text are gone from the reject file
	}
	again := readAll(t, path, nil)
	if len(again.Rows) != 0 || len(again.Rejects) != len(lines) || again.Err != "" {
		t.Errorf("rejects %q, imported as they are, give %+v", lines, again)
	}
}
