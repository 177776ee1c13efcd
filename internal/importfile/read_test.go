package importfile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/importfile"
)

// content is what came out of a file, in short: "1=Printer@2" is ticket 1 with the subject Printer, from line 2.
type content struct {
	Rows    []string
	Rejects []string // "3: reason"
	Err     string
}

// readTickets reads a file of that name and content to its end.
func readTickets(t testing.TB, name string, data []byte) content {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return readAll(t, path, nil)
}

func readAll(t testing.TB, path string, stdin io.Reader) content {
	t.Helper()
	r, err := importfile.Open(path, stdin, importfile.Tickets(), importfile.Options{})
	if err != nil {
		return content{Err: err.Error()}
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var got content
	for {
		row, err := r.Next()
		reject, rejected := errors.AsType[*importfile.Reject](err)
		switch {
		case rejected:
			got.Rejects = append(got.Rejects, fmt.Sprintf("%d: %s", reject.Line, reject.Reason))
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return got
		case err != nil:
			got.Err = err.Error()
			return got
		default:
			got.Rows = append(got.Rows, fmt.Sprintf("%s=%s@%d", row.Value.ID, row.Value.Subject, row.Line))
		}
	}
}

func utf16(t *testing.T, endian unicode.Endianness) []byte {
	t.Helper()
	data, err := unicode.UTF16(endian, unicode.UseBOM).NewEncoder().Bytes([]byte(umlaut))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	bom    = "\xef\xbb\xbf"
	header = "ticket_id,subject,description\n"
	umlaut = "ticket_id,subject\n1,Büro\n"
	one    = `{"ticket_id": "1", "subject": "Printer"}`
)

// TestReadCSV compares all of what is read. Of a reason the part that is given must be in it.
func TestReadCSV(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", importfile.MaxRecord)
	for name, c := range map[string]struct {
		data string
		want content
	}{
		"plain":                {header + "1,Printer,d\n2,Scanner,d\n", content{Rows: []string{"1=Printer@2", "2=Scanner@3"}}},
		"no end of line":       {header + "1,Printer,d", content{Rows: []string{"1=Printer@2"}}},
		"CRLF":                 {"ticket_id,subject,description\r\n1,Printer,d\r\n", content{Rows: []string{"1=Printer@2"}}},
		"BOM":                  {bom + header + "1,Printer,d\n", content{Rows: []string{"1=Printer@2"}}},
		"BOM and quotes":       {bom + "\"ticket_id\",\"subject\"\n\"1\",\"Printer\"\n", content{Rows: []string{"1=Printer@2"}}},
		"semicolon":            {"ticket_id;subject\n1;Printer, big\n", content{Rows: []string{"1=Printer, big@2"}}},
		"tab":                  {"ticket_id\tsubject\n1\tPrinter\n", content{Rows: []string{"1=Printer@2"}}},
		"tab and quotes":       {"\"ticket_id\"\t\"subject\"\n\"1\"\t\"Pri\tnter\"\n", content{Rows: []string{"1=Pri\tnter@2"}}},
		"comma in a name":      {"ticket_id;subject;\"size, weight\"\n1;Printer;\n", content{Rows: []string{"1=Printer@2"}}},
		"Excel's sep":          {"sep=|\nticket_id|subject\n1|Printer\n", content{Rows: []string{"1=Printer@3"}}},
		"blank lines":          {"\n\n" + header + "\n1,Printer,d\n,,\n\n2,Scanner,d\n\n", content{Rows: []string{"1=Printer@5", "2=Scanner@8"}}},
		"doubled quotes":       {header + "1,\"the \"\"new\"\" one\",d\n", content{Rows: []string{`1=the "new" one@2`}}},
		"several lines":        {header + "1,\"a\nb\n\nc\",d\n2,Scanner,d\n", content{Rows: []string{"1=a\nb\n\nc@2", "2=Scanner@6"}}},
		"lines, CRLF":          {"ticket_id,subject\r\n1,\"a\r\nb\"\r\n2,c\r\n", content{Rows: []string{"1=a\r\nb@2", "2=c@4"}}},
		"aliases":              {"Request ID,Title,Details\n1,Printer,d\n", content{Rows: []string{"1=Printer@2"}}},
		"case and underscores": {"REQUEST_ID , SUBJECT\n1,Printer\n", content{Rows: []string{"1=Printer@2"}}},
		"other columns":        {"ticket_id,colour,subject\n1,red,Printer\n", content{Rows: []string{"1=Printer@2"}}},
		"header only":          {header, content{}},
		"extra empty fields":   {header + "1,Printer,d,,\n", content{Rows: []string{"1=Printer@2"}}},
		"empty":                {"", content{Err: "the file is empty"}},
		"blank":                {"\n \n", content{Err: "the file is empty"}},
		"no id":                {"subject,description\n1,d\n", content{Err: "lacks ticket_id|id|request id"}},
		"no text":              {"ticket_id,url\n1,d\n", content{Err: "lacks subject|title|summary or description"}},
		"no header":            {"1,Printer,d\n", content{Err: "lacks ticket_id"}},
		"column twice":         {"ticket_id,subject,Subject\n1,a,b\n", content{Err: `the column "Subject" twice`}},
		"carriage returns":     {"ticket_id,subject\r1,Printer\r", content{Err: "carriage return alone"}},
		"too few fields":       {header + "1,Printer\n2,Scanner,d\n", content{Rows: []string{"2=Scanner@3"}, Rejects: []string{"2: has 2 fields, the header has 3"}}},
		"too many fields":      {header + "1,a,b,c\n2,Scanner,d\n", content{Rows: []string{"2=Scanner@3"}, Rejects: []string{"2: has 4 fields"}}},
		"no id in a row":       {header + ",Printer,d\n2,Scanner,d\n", content{Rows: []string{"2=Scanner@3"}, Rejects: []string{"2: ticket_id: is missing"}}},
		"bare quote":           {header + "1,19\" rack,d\n2,Scanner,d\n", content{Rows: []string{"2=Scanner@3"}, Rejects: []string{"2: a quote (\") stands in a field"}}},
		"text after a quote": {
			header + "1,\"say \"hi\"\nmore, text\",d\n2,Scanner,d\n",
			content{Rows: []string{"2=Scanner@4"}, Rejects: []string{"2: text follows a closing quote"}},
		},
		"quote left open": {
			header + "1,\"Printer,d\n2,Scanner,d\n3,\"Fax\",d\n",
			content{Rows: []string{"2=Scanner@3", "3=Fax@4"}, Rejects: []string{"2: text follows a closing quote"}},
		},
		"quote open to the end": {
			header + "1,\"Printer,d\n2,Scanner,d\n",
			content{Rows: []string{"2=Scanner@3"}, Rejects: []string{"2: a quote (\") is not closed"}},
		},
		"last line broken": {header + "1,Printer,d\n2,\"", content{Rows: []string{"1=Printer@2"}, Rejects: []string{"3: a quote (\") is not closed"}}},
		"NUL":              {header + "1,Print\x00er,d\n2,Scanner,d\n", content{Rows: []string{"2=Scanner@3"}, Rejects: []string{"2: holds a NUL byte"}}},
		"Windows-1252":     {header + "1,B\xfcro,d\n2,Scanner,d\n", content{Rows: []string{"2=Scanner@3"}, Rejects: []string{"2: is not UTF-8"}}},
		"too long a line":  {header + "1," + long + ",d\n2,Scanner,d\n", content{Rows: []string{"2=Scanner@3"}, Rejects: []string{"2: is longer than 4 MiB"}}},
		"too long a quote": {
			header + "1,\"Printer\n2,Scanner,d\n3," + long + ",d\n4,Fax,d\n",
			content{Rows: []string{"2=Scanner@3", "4=Fax@5"}, Rejects: []string{"2: is longer than 4 MiB", "4: is longer"}},
		},
	} {
		got := readTickets(t, "tickets.csv", []byte(c.data))
		compare(t, name, got, c.want)
	}
}

func TestReadJSONLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", importfile.MaxRecord)
	two := `{"ticket_id": "2", "subject": "Scanner"}`
	for name, c := range map[string]struct {
		data string
		want content
	}{
		"plain":          {one + "\n" + two + "\n", content{Rows: []string{"1=Printer@1", "2=Scanner@2"}}},
		"no end of line": {one, content{Rows: []string{"1=Printer@1"}}},
		"CRLF, BOM":      {bom + one + "\r\n" + two + "\r\n", content{Rows: []string{"1=Printer@1", "2=Scanner@2"}}},
		"blank lines":    {"\n" + one + "\n\n \n" + two, content{Rows: []string{"1=Printer@2", "2=Scanner@5"}}},
		"empty":          {"", content{}},
		"null":           {`{"ticket_id": "1", "subject": "Printer", "resolved_at": null, "url": null}`, content{Rows: []string{"1=Printer@1"}}},
		"alias":          {`{"request id": "1", "Title": "Printer"}`, content{Rows: []string{"1=Printer@1"}}},
		"escapes":        {`{"ticket_id": "1", "subject": "a\nb \u00fc"}`, content{Rows: []string{"1=a\nb ü@1"}}},
		"array":          {"[" + one + "]", content{Err: "one JSON array"}},
		"broken":         {`{"ticket_id": "1", ` + "\n" + two, content{Rows: []string{"2=Scanner@2"}, Rejects: []string{"1: is no JSON"}}},
		"two in a line":  {one + two + "\n" + two, content{Rows: []string{"2=Scanner@2"}, Rejects: []string{"1: is no JSON"}}},
		"no object":      {"[1]\n7\nnull\n\"x\"", content{Err: "one JSON array"}},
		"other values":   {"7\nnull\n\"x\"", content{Rejects: []string{"1: is a JSON number", "2: is null", "3: is a JSON string"}}},
		"unknown field":  {`{"ticket_id": "1", "surprise": 1, "astonishment": 2}`, content{Rejects: []string{`1: unknown field "astonishment"; unknown field "surprise"`}}},
		"number":         {`{"ticket_id": 1, "subject": "Printer"}`, content{Rejects: []string{`1: ticket_id: is a number; a string is wanted: "1"`}}},
		"object":         {`{"ticket_id": {"a": 1}, "subject": ["b"], "url": true}`, content{Rejects: []string{"1: subject: is a list; a string is wanted; ticket_id: is an object; a string is wanted; url: is true"}}},
		"given twice":    {`{"id": "1", "ticket_id": "1", "subject": "Printer"}`, content{Rejects: []string{`1: ticket_id: is given twice, as "id" and as "ticket_id"`}}},
		"no id":          {`{"subject": "Printer"}` + "\n" + two, content{Rows: []string{"2=Scanner@2"}, Rejects: []string{"1: ticket_id: is missing"}}},
		"NUL":            {"{\"ticket_id\": \"1\", \"subject\": \"a\x00\"}", content{Rejects: []string{"1: holds a NUL byte"}}},
		"not UTF-8":      {"{\"ticket_id\": \"1\", \"subject\": \"B\xfcro\"}", content{Rejects: []string{"1: is not UTF-8"}}},
		"too long":       {`{"ticket_id": "1", "subject": "` + long + "\"}\n" + two, content{Rows: []string{"2=Scanner@2"}, Rejects: []string{"1: is longer than 4 MiB"}}},
		"too long, end":  {two + "\n" + long + long + long, content{Rows: []string{"2=Scanner@1"}, Rejects: []string{"2: is longer than 4 MiB"}}},
		"a bad date":     {`{"ticket_id": "1", "subject": "a", "created_at": "03/04/2025"}`, content{Rejects: []string{"1: created_at: \"03/04/2025\" does not say"}}},
	} {
		got := readTickets(t, "tickets.jsonl", []byte(c.data))
		compare(t, name, got, c.want)
	}
}

// compare takes a wanted error or reason for a part of the one that was got.
func compare(t *testing.T, name string, got, want content) {
	t.Helper()
	if !strings.Contains(got.Err, want.Err) || (want.Err == "") != (got.Err == "") {
		t.Errorf("%s: error %q, want %q", name, got.Err, want.Err)
	}
	if diff := cmp.Diff(want.Rows, got.Rows); diff != "" {
		t.Errorf("%s: rows\n%s", name, diff)
	}
	if len(got.Rejects) != len(want.Rejects) {
		t.Errorf("%s: rejects %q, want %q", name, got.Rejects, want.Rejects)
		return
	}
	for i := range want.Rejects {
		if !strings.HasPrefix(got.Rejects[i], want.Rejects[i]) {
			t.Errorf("%s: reject %q, want %q", name, got.Rejects[i], want.Rejects[i])
		}
	}
}

func TestFilesOfOtherForms(t *testing.T) {
	t.Parallel()
	whole := packed(t, strings.Repeat(one+"\n", 5000))
	for name, c := range map[string]struct {
		file string
		data []byte
		rows int
		err  string
	}{
		"UTF-16, little endian": {"t.csv", utf16(t, unicode.LittleEndian), 1, ""},
		"UTF-16, big endian":    {"t.csv", utf16(t, unicode.BigEndian), 1, ""},
		"UTF-16 without BOM":    {"t.csv", utf16(t, unicode.LittleEndian)[2:], 0, "full of NUL bytes"},
		"gzip":                  {"t.csv.gz", packed(t, umlaut), 1, ""},
		"gzip under no name":    {"t", packed(t, umlaut), 1, ""},
		"gzip of UTF-16":        {"t.csv.gz", packed(t, string(utf16(t, unicode.LittleEndian))), 1, ""},
		"gzip, JSON Lines":      {"t.jsonl.gz", whole, 5000, ""},
		"gzip, cut":             {"t.jsonl.gz", whole[:len(whole)/2], -1, "not complete"},
		"gzip, cut at once":     {"t.jsonl.gz", whole[:5], 0, "damaged"},
		"gzip, flipped":         {"t.jsonl.gz", flipped(whole, len(whole)-6), -1, "checksum"},
		"gzip of nothing":       {"t.csv.gz", packed(t, ""), 0, "the file is empty"},
		"workbook":              {"t.csv", []byte("PK\x03\x04 and so on"), 0, "Excel workbook"},
		"old workbook":          {"t.csv", []byte("\xd0\xcf\x11\xe0 and so on"), 0, "Excel workbook"},
		"binary":                {"t.csv", []byte("\x7fELF\x02\x01\x01\x00\x00"), 0, "is no text"},
		"JSON under no name":    {"t", []byte(one), 1, ""},
		"CSV under no name":     {"t", []byte(umlaut), 1, ""},
		"nothing under no name": {"t", nil, 0, "the file is empty"},
	} {
		got := readTickets(t, c.file, c.data)
		if !strings.Contains(got.Err, c.err) || (c.err == "") != (got.Err == "") {
			t.Errorf("%s: error %q, want %q", name, got.Err, c.err)
		}
		if c.rows >= 0 && len(got.Rows) != c.rows || c.rows < 0 && len(got.Rows) == 0 || len(got.Rejects) > 0 {
			t.Errorf("%s: %d rows, %q", name, len(got.Rows), got.Rejects)
		}
	}
	if got := readAll(t, t.TempDir(), nil); !strings.Contains(got.Err, "is a folder") {
		t.Errorf("a folder: %q", got.Err)
	}
	if got := readAll(t, filepath.Join(t.TempDir(), "none"), nil); !strings.Contains(got.Err, "no such file") {
		t.Errorf("no file: %q", got.Err)
	}
}

func flipped(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 0xff
	return data
}

// TestSmallReads gives the text byte by byte, as a slow pipe would: nothing may depend on where a read ends.
func TestSmallReads(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"ticket_id,subject\r\n1,\"a \"\"b\"\"\r\nc\"\r\n2,\"d\ne\"x\n3,f\r\n",
		one + "\r\n\n{}\n" + one,
	} {
		whole := readAll(t, "-", strings.NewReader(text))
		slow := readAll(t, "-", &byteReader{text: text})
		if diff := cmp.Diff(whole, slow); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
		if len(whole.Rows) != 2 || len(whole.Rejects) != 1 {
			t.Errorf("%q gave %+v", text, whole)
		}
	}
}

type byteReader struct{ text string }

func (r *byteReader) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, io.EOF
	}
	p[0] = r.text[0]
	r.text = r.text[1:]
	return 1, nil
}

// failing gives its text and then an error.
type failing struct{ text io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.text.Read(p)
	if err != nil {
		return n, errors.New("example: the disk is gone")
	}
	return n, nil
}

func TestAReadErrorIsNotTheEnd(t *testing.T) {
	t.Parallel()
	for text, rows := range map[string]int{
		one + "\n" + one: 1, header + "1,Printer,d\n2,Scan": 1, "": 0, "\n\n": 0, "ticket_id,sub": 0,
		header + "1,\"Printer\nx\"y,d\n2,a,b\n3,": 1,
	} {
		got := readAll(t, "-", failing{strings.NewReader(text)})
		if !strings.Contains(got.Err, "the disk is gone") || len(got.Rows) != rows {
			t.Errorf("%q: %+v", text, got)
		}
	}
	idle := readAll(t, "-", &idleReader{})
	if !strings.Contains(idle.Err, io.ErrNoProgress.Error()) {
		t.Errorf("a reader that gives nothing: %+v", idle)
	}
}

type idleReader struct{}

func (*idleReader) Read([]byte) (int, error) { return 0, nil }

func TestWarnings(t *testing.T) {
	t.Parallel()
	const text = "Request ID,ID,Summary,Colour,Subject,Completed Time,Resolved Time,,Shape\n" +
		"no,1,no,red,Printer,no,2026-01-02,,round\n"
	r, err := importfile.Open("-", strings.NewReader(text), importfile.Tickets(), importfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`column "Request ID" is ignored: ticket_id is read from "ID"`,
		`column "Summary" is ignored: subject is read from "Subject"`,
		`column "Completed Time" is ignored: resolved_at is read from "Resolved Time"`,
		`columns that tickets do not have are ignored: "Colour", "Shape"`,
	}
	if diff := cmp.Diff(want, r.Warnings()); diff != "" {
		t.Error(diff)
	}
	row, err := r.Next()
	if err != nil || row.Value.ID != "1" || row.Value.Subject != "Printer" || row.Value.ResolvedAt.Day() != 2 {
		t.Errorf("%+v, %v", row, err)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	const text = "ticket_id,subject,description,resolution,created time,resolved time,updated_at,url,completed time\n" +
		"1,<b>s</b>,<b>d</b>,<b>r</b>,2026-01-02 03:04:05,2026-01-03T03:04:05+01:00,1767582245000,https://example.com/1,no date\n"
	r, err := importfile.Open("-", strings.NewReader(text), importfile.Tickets(), importfile.Options{
		Markup: func(html string) string { return "text of " + html },
	})
	if err != nil {
		t.Fatal(err)
	}
	row, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	want := history.PastTicket{
		ID: "1", Subject: "<b>s</b>", Description: "text of <b>d</b>", Resolution: "text of <b>r</b>", URL: "https://example.com/1",
		CreatedAt:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		ResolvedAt: time.Date(2026, 1, 3, 2, 4, 5, 0, time.UTC),
		UpdatedAt:  time.Date(2026, 1, 5, 3, 4, 5, 0, time.UTC),
	}
	if diff := cmp.Diff(want, row.Value); diff != "" {
		t.Error(diff)
	}
	if got := r.Warnings(); len(got) != 1 || !strings.Contains(got[0], `"completed time" is ignored: resolved_at is read from "resolved time"`) {
		t.Errorf("warnings %q", got)
	}
	if r.Offset() != int64(len(text)) || r.Size() != 0 {
		t.Errorf("offset %d, size %d", r.Offset(), r.Size())
	}
}
