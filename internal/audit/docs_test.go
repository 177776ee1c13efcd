package audit_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestEveryOperationIsDocumented(t *testing.T) {
	source, err := os.ReadFile("audit.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/logging.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Audit log")
	operations := regexp.MustCompile(`Operation += "(.+)"`).FindAllStringSubmatch(string(source), -1)
	if len(operations) == 0 {
		t.Fatal("no operation is found: this test proves nothing")
	}
	for _, operation := range operations {
		if !strings.Contains(table, "`"+operation[1]+"`") {
			t.Errorf("docs/logging.md does not tell of %s", operation[1])
		}
	}
}
