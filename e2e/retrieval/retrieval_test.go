package retrieval_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/retrieval"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// writeSets makes data sets so small that every figure is known.
func writeSets(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, lines := range map[string][]string{
		"stackfaq/docs.jsonl": {
			`{"thread": 0, "question": "Strikethrough in comments", "answer": "Use tildes around the words."}`,
			`{"thread": 1, "question": "Delete my account", "answer": "Open the settings and deactivate it."}`,
			`{"thread": 2, "question": "Recover a document", "answer": "Look into the trash of the drive."}`,
		},
		"stackfaq/queries.jsonl": {`{"thread": 0, "query": "how to strikethrough words"}`, `{"thread": 1, "query": "deactivating my account"}`},
		"kb/articles.jsonl.gz": {
			`{"id": "a", "title": "Printer jams", "sections": [["Cause", "Worn rollers."], ["Symptoms", "Paper gets stuck."]]}`,
			`{"id": "b", "title": "Mailbox is full", "sections": [["Cause", "Too many attachments."], ["Symptoms", "Mail bounces."]]}`,
		},
		"kb/queries.jsonl": {`{"article": "a", "drop_section": "Symptoms", "query": "the printer jams and has worn rollers"}`},
		"jira/issues.jsonl.gz": {
			`{"key": "X-3", "created": "2020-01-03T00:00:00.000+0000", "summary": "Namenode runs out of memory", "description": "As X-1 says."}`,
			`{"key": "X-1", "created": "2020-01-01T00:00:00.000+0000", "summary": "Namenode out of memory", "description": "It dies."}`,
			`{"key": "X-2", "created": "2020-01-02T00:00:00.000+0000", "summary": "Build fails", "description": "No compiler."}`,
			`{"key": "X-4", "created": "2020-01-04T00:00:00.000+0000", "summary": "Namenode runs out of memory", "description": "Later."}`,
		},
		"jira/qrels.jsonl": {`{"query": "X-3", "relevant": ["X-1"]}`},
	} {
		write(t, filepath.Join(dir, name), strings.Join(lines, "\n")+"\n")
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if strings.HasSuffix(path, ".gz") {
		w := gzip.NewWriter(&packed)
		_, _ = io.WriteString(w, content)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		content = packed.String()
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	dir := t.TempDir()
	home, err := postgrestest.Home(filepath.Join(dir, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	err = retrieval.Run(t.Context(), retrieval.Options{Data: writeSets(t), Sizes: []int{50, 100}, Dir: dir, Log: io.Discard}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the database is left behind in %s: %v", home, err)
	}
	for _, want := range [][]string{
		{"stackfaq", "P@1", "1.000", "1.000", "2 queries"},
		{"kb", "S@1", "1.000", "1.000"},
		{"jira", "RR@1", "1.000", "1.000"}, // X-4, which reads the same, came later
		{"endava", "NOT", "MEASURED"},      // is not there
		{"100 tickets", "search p50"},
		{"50 among all"},
	} {
		if !hasLine(out.String(), want) {
			t.Errorf("no line with %q in\n%s", want, out.String())
		}
	}
}

func hasLine(text string, parts []string) bool {
	for line := range strings.Lines(text) {
		has := true
		for _, part := range parts {
			has = has && strings.Contains(line, part)
		}
		if has {
			return true
		}
	}
	return false
}

func TestRunRefusesDamagedData(t *testing.T) {
	t.Parallel()
	dir := writeSets(t)
	write(t, filepath.Join(dir, "stackfaq", "queries.jsonl"), "{\"thread\": 0}\n{broken\n")
	err := retrieval.Run(t.Context(), retrieval.Options{Data: dir, Log: io.Discard}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "queries.jsonl, line 2") {
		t.Errorf("%v, want the file and the line", err)
	}
}
