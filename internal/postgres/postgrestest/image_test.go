package postgrestest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestAServerIsMadeOnceAndCopied(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache) // where the cache of a Mac is
	kept, err := openImages()
	if err != nil {
		t.Fatal(err)
	}
	var stored []os.FileInfo
	for range 2 {
		templatesOfANewServer(t)
		found, err := filepath.Glob(filepath.Join(kept.dir, "*"+imageSuffix))
		if err != nil || len(found) != 1 {
			t.Fatalf("images: %q, %v", found, err)
		}
		info, err := os.Stat(found[0])
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, info)
	}
	if !os.SameFile(stored[0], stored[1]) {
		t.Error("the second server was made anew")
	}
}

// templatesOfANewServer fails the test unless a new server comes with the template, and only that, before anybody has
// asked for it.
func templatesOfANewServer(t *testing.T) {
	t.Helper()
	s := &server{}
	t.Cleanup(func() {
		if err := s.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	address, err := s.startCluster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	admin, err := openPool(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	const templates = "SELECT array_agg(datname::text) FROM pg_database WHERE NOT datallowconn AND datname <> 'template0'"
	var before []string
	if err := admin.QueryRow(t.Context(), templates).Scan(&before); err != nil {
		t.Fatal(err)
	}
	if err := s.use(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	if len(before) != 1 || before[0] != s.template {
		t.Errorf("templates: %q, want %s", before, s.template)
	}
}
