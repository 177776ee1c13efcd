package adminapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// streaming makes a client of a console that streams lines, and then ends as end says.
func streaming(t *testing.T, end func(w http.ResponseWriter, r *http.Request), lines ...string) *Client {
	t.Helper()
	return dial(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", StreamType)
		for _, line := range lines {
			_, _ = io.WriteString(w, line+"\n")
			_ = http.NewResponseController(w).Flush()
		}
		if end != nil {
			end(w, r)
		}
	})
}

const summaryLine = `{"summary": {"added": 90, "changed": 5, "unchanged": 2, "read": 100, "skipped": 3, "removed": 1, "rejected": 0, "resumed": true, "limited": true}}`

func TestAnImportTellsHowItGoes(t *testing.T) {
	t.Parallel()
	c := streaming(t, nil, `{"progress": {"done": 10, "total": 100}}`, "", `{"progress": {"done": 10, "total": 100, "waiting_ms": 5000, "reason": "rate limit"}}`, summaryLine)
	var heard []ImportProgress
	got, err := c.Import(t.Context(), "alpha", StartImport{}, func(p ImportProgress) { heard = append(heard, p) })
	if err != nil {
		t.Fatal(err)
	}
	want := ImportSummary{Change: Change{Added: 90, Changed: 5, Unchanged: 2}, Read: 100, Skipped: 3, Removed: 1, Resumed: true, Limited: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]ImportProgress{{Done: 10, Total: 100}, {Done: 10, Total: 100, WaitingMS: 5000, Reason: "rate limit"}}, heard); diff != "" {
		t.Error(diff)
	}
}

func TestAStreamThatTellsOfAFailure(t *testing.T) {
	t.Parallel()
	c := streaming(t, nil, summaryLine, `{"error": "the server is down"}`)
	summary, err := c.Import(t.Context(), "alpha", StartImport{}, nil)
	if failure, is := errors.AsType[*StreamError](err); !is || failure.Text != "the server is down" || summary.Added != 90 {
		t.Errorf("%+v, %v", summary, err)
	}
	if _, err := streaming(t, nil, `{"error": "the index is busy"}`).Reindex(t.Context(), "alpha", Reindex{}); err == nil || err.Error() != "the index is busy" {
		t.Errorf("%v", err)
	}
}

// TestAStreamThatIsCutOff: an end without the last line is not an end, however the connection was closed.
func TestAStreamThatIsCutOff(t *testing.T) {
	t.Parallel()
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]*Client{
		"nothing":          streaming(t, nil),
		"no last line":     streaming(t, nil, `{"progress": {"done": 1}}`, "{}"),
		"a torn last line": streaming(t, nil, "{}", `{"summary": {"add`),
		"aborted":          streaming(t, abort, `{"progress": {"done": 1}}`),
	} {
		if _, err := c.Import(t.Context(), "alpha", StartImport{}, nil); !errors.Is(err, ErrCutOff) {
			t.Errorf("an import, %s: %v", name, err)
		}
		if _, err := c.Reindex(t.Context(), "alpha", Reindex{}); !errors.Is(err, ErrCutOff) {
			t.Errorf("an index, %s: %v", name, err)
		}
	}
	entries := 0
	err := streaming(t, abort, `{"seq": 1}`, `{"seq": 2}`).ExportAudit(t.Context(), AuditQuery{}, func(AuditRecord, []byte) error { entries++; return nil })
	if !errors.Is(err, ErrCutOff) || entries != 2 {
		t.Errorf("an export: %d, %v", entries, err)
	}
}

func TestAStreamEndsWhenItsReceiverHasEnough(t *testing.T) {
	t.Parallel()
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "{}\n")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	_, err := streaming(t, endless, `{"progress": {"done": 1}}`).Import(ctx, "alpha", StartImport{}, func(ImportProgress) { stop() })
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrCutOff) {
		t.Errorf("Ctrl-C: %v", err)
	}
	full := errors.New("the disk is full")
	err = streaming(t, endless, `{"seq": 1}`).ExportAudit(t.Context(), AuditQuery{}, func(AuditRecord, []byte) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("a receiver that fails: %v", err)
	}
	long := streaming(t, nil, strings.Repeat("x", maxLine+1))
	if _, err := long.Reindex(t.Context(), "alpha", Reindex{}); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Errorf("a line without an end: %v", err)
	}
	refusing := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusConflict, Problem{Detail: "example"})
	})
	if _, err := refusing.Import(t.Context(), "alpha", StartImport{}, nil); StatusOf(err) != http.StatusConflict {
		t.Errorf("one that does not begin: %v", err)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	var asked []string
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		n := 0
		if cursor := r.URL.Query().Get("cursor"); cursor != "" {
			_, _ = fmt.Sscan(cursor, &n)
		}
		page := Page[Job]{Items: []Job{{JobID: strconv.Itoa(n)}, {JobID: strconv.Itoa(n + 1)}}}
		if n < 4 {
			page.Next = strconv.Itoa(n + 2)
		}
		answer(w, http.StatusOK, page)
	})
	read := func(most int) (ids []string) {
		for job, err := range c.Jobs(t.Context(), "alpha", JobQuery{Status: "failed"}) {
			if err != nil {
				t.Fatal(err)
			}
			if ids = append(ids, job.JobID); len(ids) == most {
				break
			}
		}
		return ids
	}
	if got := read(99); !slices.Equal(got, []string{"0", "1", "2", "3", "4", "5"}) {
		t.Errorf("read %v", got)
	}
	if diff := cmp.Diff([]string{"limit=500&status=failed", "cursor=2&limit=500&status=failed", "cursor=4&limit=500&status=failed"}, asked); diff != "" {
		t.Error(diff)
	}
	asked = nil
	if got := read(2); len(got) != 2 || len(asked) != 1 {
		t.Errorf("read %v, and asked for %v", got, asked)
	}
	stuck := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, Page[Token]{Items: []Token{{}}, Next: "x"})
	})
	n := 0
	for _, err := range stuck.Tokens(t.Context()) {
		if n++; err != nil {
			if !errors.Is(err, errSameCursor) {
				t.Error(err)
			}
			break
		}
	}
	if n != 3 {
		t.Errorf("a list that does not go on gave %d answers", n)
	}
	failing := dial(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusForbidden, Problem{}) })
	n = 0
	for _, err := range failing.Audit(t.Context(), AuditQuery{Since: time.Unix(1, 0)}) {
		if n++; StatusOf(err) != http.StatusForbidden {
			t.Error(err)
		}
	}
	if n != 1 {
		t.Errorf("after an error, %d answers", n)
	}
}
