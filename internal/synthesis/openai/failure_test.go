package openai_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

const personal = "Jane Example cannot print since she moved to room 12"

// What is stored, logged and shown of a failure is for more people than may read the ticket.
func TestAServersErrorDoesNotRepeatTheTicket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		says   string // still
	}{
		"FastAPI's input": {
			http.StatusUnprocessableEntity, `{"detail":[{"type":"string_too_long","loc":["body","messages",1,"content"],` +
				`"msg":"String should be shorter","input":"` + personal + `","ctx":{"max_length":10}}]}`,
			"status 422: body.messages.1.content: String should be shorter string_too_long",
		},
		"an input inside of an error":  {http.StatusBadRequest, `{"error":{"message":[{"msg":"too long","loc":["body"],"type":"x","input":"Jane Example"}],"code":1}}`, "body: too long x"},
		"an object":                    {http.StatusUnprocessableEntity, `{"detail":{"input":"Jane Example"}}`, "in a form that is not known"},
		"an object with no known name": {http.StatusBadRequest, `{"given":"Jane Example"}`, "in a form that is not known"},
		"a list":                       {http.StatusBadRequest, `["Jane Example"]`, "in a form that is not known"},
		"in its words":                 {http.StatusBadRequest, `{"error":{"message":"bad prompt: '` + personal + `'"}}`, "repeats the prompt"},
		"in capitals and lines":        {http.StatusBadRequest, `{"error":"` + strings.ToUpper(strings.Replace(personal, " ", "\\n ", 3)) + `"}`, "repeats the prompt"},
		"cut in the middle of it":      {http.StatusBadRequest, `{"error":"` + strings.Repeat("x", 185) + " " + personal + `"}`, "repeats the prompt"},
		"not JSON":                     {http.StatusBadGateway, "<html>" + personal, "repeats the prompt"},
		"inside of a success":          {http.StatusOK, `{"error":{"message":"bad prompt: '` + personal + `'"}}`, "a failure inside: (what it says repeats the prompt)"},
		"words of its own":             {http.StatusBadRequest, `{"error":{"message":"this model has no such parameter"}}`, "this model has no such parameter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, log := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}), nil)
			p := prompt()
			subject, err := json.Marshal(map[string]string{"subject": personal})
			if err != nil {
				t.Fatal(err)
			}
			p.User = string(subject)
			done, err := client.Complete(t.Context(), p)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v, want %q", err, c.says)
			}
			told := err.Error() + log.String()
			for _, call := range done.Calls {
				told += call.Error
			}
			for _, word := range []string{"jane", "exam", "room"} {
				if strings.Contains(strings.ToLower(strings.ReplaceAll(told, "example-model", "")), word) {
					t.Errorf("%q repeats the ticket", told)
					break
				}
			}
		})
	}
}
