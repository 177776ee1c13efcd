package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// upload posts tickets and says how many bytes were allocated for it, over all.
func (w *world) upload(body string) (*httptest.ResponseRecorder, uint64) {
	w.t.Helper()
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, adminapi.Prefix+"/tenants/alpha/tickets/batch", strings.NewReader(body))
	req.RemoteAddr = "192.0.2.7:40000"
	req.Header.Set("Authorization", "Bearer "+w.admin)
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w.ServeHTTP(rec, req)
	runtime.ReadMemStats(&after)
	return rec, after.TotalAlloc - before.TotalAlloc
}

// full repeats part until a batch has the largest size, or nearly.
func full(begin, part, end string) string {
	return begin + strings.Repeat(part, (adminapi.MaxBatchBytes-len(begin)-len(end)-1)/len(part)) + end
}

func TestNoBodyTakesManyTimesItsSize(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	// The body itself, read into a buffer that grows, takes four times its size, and good rows once more as much.
	const times = 12
	var fields strings.Builder
	for i := 0; fields.Len() < 1<<19; i++ {
		fmt.Fprintf(&fields, `"a%d":1,`, i)
	}
	row := `{` + fields.String() + `"z":1},`
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"empty rows":              {full(`{"rows":[`, `{},`, `{}]}`), http.StatusUnprocessableEntity, "expected required property ticket_id"},
		"rows that are none":      {full(`{"rows":[`, `0,`, `0]}`), http.StatusUnprocessableEntity, "expected object"},
		"too many good rows":      {full(`{"rows":[`, `{"ticket_id":"1","subject":"VPN"},`, `{}]}`), http.StatusUnprocessableEntity, "1000"},
		"many fields":             {full(`{"rows":[`, row, `{}]}`), http.StatusUnprocessableEntity, "more fields than documented"},
		"many fields, one row":    {full(`{"rows":[{`, fields.String(), `"z":1}]}`), http.StatusUnprocessableEntity, "body.rows[0]"},
		"many fields, no row":     {full(`{`, fields.String(), `"rows":[]}`), http.StatusUnprocessableEntity, "besides rows"},
		"deep nesting":            {full(`{"rows":`, `[`, ``), http.StatusBadRequest, "is no JSON"},
		"deep nesting of rows":    {full(`{"rows":[`, `{"subject":`, ``), http.StatusBadRequest, "is no JSON"},
		"less deep nesting":       {full(`{"rows":[`, strings.Repeat(`[`, 9000)+strings.Repeat(`]`, 9000)+`,`, `{}]}`), http.StatusUnprocessableEntity, "expected object"},
		"a long list":             {full(`{"rows":[{"subject":[`, `0,`, `0]}]}`), http.StatusUnprocessableEntity, "body.rows[0]"},
		"one long text":           {full(`{"rows":[{"ticket_id":"1","subject":"`, `a`, `"}]}`), http.StatusUnprocessableEntity, "body.rows[0]"},
		"one long name":           {full(`{"`, `a`, `":1}`), http.StatusUnprocessableEntity, "KiB"},
		"a long name in a row":    {`{"rows":[{"` + strings.Repeat("a", 1<<19) + `":1}]}`, http.StatusUnprocessableEntity, "body.rows[0]"},
		"nothing but space":       {full(`{"rows":[`, ` `, `]}`), http.StatusUnprocessableEntity, "KiB"},
		"more than may be":        {strings.Repeat(" ", 31<<20), http.StatusRequestEntityTooLarge, "less at a time"},
		"an end that never comes": {full(`{"rows":[`, `{"ticket_id":"1","subject":"`+strings.Repeat("a", 1<<15)+`"},`, ``), http.StatusBadRequest, "is no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			rec, took := w.upload(c.body)
			p := refused(t, rec, c.status, c.says)
			if len(p.Errors) > 100 || rec.Body.Len() > 1<<16 {
				t.Errorf("%d faults in %d bytes", len(p.Errors), rec.Body.Len())
			}
			if most := uint64(max(len(c.body), 1<<20)); took > times*most {
				t.Errorf("%d bytes took %d, %d times as many", len(c.body), took, took/most)
			}
		})
	}
}

func TestAThousandLongTicketsFitABatch(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	var rows []string
	for i := range adminapi.MaxBatch {
		rows = append(rows, fmt.Sprintf(`{"ticket_id":"%d","description":%q}`, i, strings.Repeat("The printer is offline. ", 640)))
	}
	body := `{"rows":[` + strings.Join(rows, ",") + `]}`
	if len(body) < 14<<20 {
		t.Fatalf("only %d bytes", len(body))
	}
	rec, _ := w.upload(body)
	if got := read[adminapi.Change](t, rec, http.StatusOK); got.Added != adminapi.MaxBatch {
		t.Errorf("added %+v", got)
	}
}

func TestABatchIsReadStrictly(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	const good = `{"ticket_id":"1","subject":"VPN"}`
	for body, c := range map[string]struct {
		status int
		says   string
	}{
		``:                                     {http.StatusBadRequest, "body"},
		`[]`:                                   {http.StatusBadRequest, "expected object"},
		`nonsense`:                             {http.StatusBadRequest, "is no JSON"},
		`{}`:                                   {http.StatusUnprocessableEntity, "expected required property rows"},
		`{"rows":{}}`:                          {http.StatusUnprocessableEntity, "expected array"},
		`{"rows":["x"]}`:                       {http.StatusUnprocessableEntity, "body.rows[0]"},
		`{"rows":[null]}`:                      {http.StatusUnprocessableEntity, "body.rows[0]"},
		`{"Rows":[` + good + `]}`:              {http.StatusUnprocessableEntity, "besides rows"},
		`{"rows":[` + good + `],"more":1}`:     {http.StatusUnprocessableEntity, "besides rows"},
		`{"rows":[` + good + `],"rows":[]}`:    {http.StatusUnprocessableEntity, "twice"},
		`{"rows":[` + good + `]} {}`:           {http.StatusBadRequest, "follows"},
		`{"rows":[` + good + `]} x`:            {http.StatusBadRequest, "is no JSON"},
		`{"rows":[` + good + `]`:               {http.StatusBadRequest, "is no JSON"},
		`{"rows":[` + good + ` ` + good + `]}`: {http.StatusBadRequest, "is no JSON"},
		`{"rows":[{"ticket_id":"1","Subject":"VPN"}]}`:                                 {http.StatusUnprocessableEntity, "body.rows[0].Subject"},
		`{"rows":[{"ticket_id":"1","subject":"VPN","subject":"x"}]}`:                   {http.StatusUnprocessableEntity, "twice"},
		`{"rows":[{"ticket_id":1,"subject":"VPN"}]}`:                                   {http.StatusUnprocessableEntity, "body.rows[0].ticket_id"},
		`{"rows":[{"ticket_id":"1","subject":1e999}]}`:                                 {http.StatusUnprocessableEntity, "body.rows[0]"},
		`{"rows":[{"ticket_id":"1","subject":["VPN"]}]}`:                               {http.StatusUnprocessableEntity, "list or an object"},
		`{"rows":[` + good + `,{"ticket_id":"2","subject":"x","updated_at":"today"}]}`: {http.StatusUnprocessableEntity, "body.rows[1].updated_at"},
		`{"rows":[` + good + `,{"subject":"x"},{"ticket_id":"3"}]}`:                    {http.StatusUnprocessableEntity, "body.rows[2].description"},
	} {
		t.Run(body, func(t *testing.T) {
			rec, _ := w.upload(body)
			refused(t, rec, c.status, c.says)
		})
	}
	path := "/tenants/alpha/tickets/batch"
	refused(t, w.call(http.MethodPost, path, `{"rows":[`+good+`]}`, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType)
	read[adminapi.Change](t, w.call(http.MethodPost, path, " {\n\"rows\" : [ "+good+" ] }\n", "Content-Type", "application/json; charset=utf-8"), http.StatusOK)
}
