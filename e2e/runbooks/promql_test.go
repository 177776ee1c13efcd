package runbooks_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// expressions are the lines of the pages' blocks of PromQL.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, b := range blocks(t) {
		if b.kind != kindPromQL {
			continue
		}
		for i, line := range strings.Split(strings.TrimSpace(b.code), "\n") {
			all[fmt.Sprintf("%s.md:%d", b.page, b.line+1+i)] = line
		}
	}
	if len(all) == 0 {
		t.Fatal("no page has PromQL")
	}
	return all
}

// promtool says what it finds wrong with expressions, as those of recording rules.
func promtool(t *testing.T, exprs map[string]string) (complaint string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing: install it, on Debian or Ubuntu with `apt-get install prometheus`")
	}
	var rules strings.Builder
	rules.WriteString("groups:\n- name: pages\n  rules:\n")
	for i, where := range sorted(exprs) {
		fmt.Fprintf(&rules, "  - record: 'page:%d'\n    expr: %s\n    labels: {where: %s}\n", i, strconv.Quote(exprs[where]), strconv.Quote(where))
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, "check", "rules", file).CombinedOutput()
	if err != nil {
		return string(out)
	}
	return ""
}

func TestThePromQLIsParsed(t *testing.T) {
	t.Parallel()
	if complaint := promtool(t, expressions(t)); complaint != "" {
		t.Error(complaint)
	}
	if promtool(t, map[string]string{"example": "sum by (tenant_id (up)"}) == "" {
		t.Error("what is no PromQL passes")
	}
}
