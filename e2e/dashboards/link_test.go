package dashboards_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/dashboards"
)

const onGitHub = "https://github.com/ai-agents/ai-agents/blob/main/"

var (
	address = regexp.MustCompile(`https?://[^\s)"]+|/d/[^\s)"]+`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	noWord  = regexp.MustCompile(`[^a-z0-9 _-]`)
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	var uids []string
	for _, b := range boards(t) {
		uids = append(uids, b.UID)
	}
	found := 0
	for _, b := range boards(t) {
		var content any
		if err := json.Unmarshal(b.raw, &content); err != nil {
			t.Fatal(err)
		}
		for _, link := range addresses(content) {
			found++
			if uid, is := strings.CutPrefix(link, "/d/"); is {
				uid, _, _ = strings.Cut(uid, "?")
				if !slices.Contains(uids, uid) {
					t.Errorf("%s links to the dashboard %s, which is not there", b.file, uid)
				}
				continue
			}
			path, is := strings.CutPrefix(link, onGitHub)
			if !is {
				t.Errorf("%s links to %s, which is neither a dashboard nor our documentation", b.file, link)
				continue
			}
			checkPage(t, b.file, path)
		}
	}
	if found < 100 {
		t.Errorf("%d links: does the test still find them?", found)
	}
}

// addresses are all that look like one, anywhere in a dashboard.
func addresses(content any) []string {
	switch c := content.(type) {
	case string:
		return address.FindAllString(c, -1)
	case []any:
		var all []string
		for _, part := range c {
			all = append(all, addresses(part)...)
		}
		return all
	case map[string]any:
		var all []string
		for _, part := range c {
			all = append(all, addresses(part)...)
		}
		return all
	default:
		return nil
	}
}

func checkPage(t *testing.T, file, link string) {
	t.Helper()
	path, anchor, _ := strings.Cut(link, "#")
	full := filepath.Join(repository(t), path)
	info, err := os.Stat(full)
	if err != nil {
		t.Errorf("%s links to %s, which is not there", file, path)
		return
	}
	if info.IsDir() || anchor == "" {
		return
	}
	for _, match := range heading.FindAllStringSubmatch(string(read(t, path)), -1) {
		if strings.ReplaceAll(noWord.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-") == anchor {
			return
		}
	}
	t.Errorf("%s links to %s, which has no heading #%s", file, path, anchor)
}

func TestAllRunbooksAreListed(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(repository(t), "docs", "runbooks"))
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		if name, is := strings.CutSuffix(e.Name(), ".md"); is && name != "README" {
			there = append(there, name)
		}
	}
	listed := slices.Sorted(slices.Values(dashboards.Runbooks()))
	slices.Sort(there)
	if !slices.Equal(there, listed) {
		t.Errorf("docs/runbooks has\n%q, the dashboard of operations lists\n%q", there, listed)
	}
}

var (
	dashboardURL = regexp.MustCompile(`dashboard_url: '?/d/([a-z-]+)['?\n]`)
	// One that depends on whether the alert is of a tenant.
	eitherURL = regexp.MustCompile(`dashboard_url: '?/d/([a-z-]+)\{\{ if [^}]+\}\}([a-z-]+)[^\n]*\{\{ else \}\}([a-z-]+)`)
	anyURL    = regexp.MustCompile(`dashboard_url:`)
)

// Alerts lead to dashboards; what they name has to be there.
func TestAlertsLeadToDashboards(t *testing.T) {
	var uids []string
	for _, b := range boards(t) {
		uids = append(uids, b.UID)
	}
	found := 0
	err := fs.WalkDir(os.DirFS(repository(t)), "deploy/prometheus/rules", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rules := string(read(t, path))
		var named []string
		for _, match := range dashboardURL.FindAllStringSubmatch(rules, -1) {
			named = append(named, match[1])
		}
		either := eitherURL.FindAllStringSubmatch(rules, -1)
		for _, match := range either {
			named = append(named, match[1]+match[2], match[1]+match[3])
		}
		for _, uid := range named {
			if !slices.Contains(uids, uid) {
				t.Errorf("%s leads to the dashboard %s, which is not there", path, uid)
			}
		}
		if all := len(anyURL.FindAllString(rules, -1)); all != len(named)-len(either) {
			t.Errorf("%s has %d links to dashboards, of which %d are understood here", path, all, len(named)-len(either))
		}
		found += len(named)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatal("the alert rules are not where they were: nothing says where they lead")
	}
	if err != nil || found == 0 {
		t.Errorf("%d alerts lead to dashboards, %v", found, err)
	}
}
