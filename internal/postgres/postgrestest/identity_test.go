package postgrestest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTraversable(t *testing.T) {
	t.Parallel()
	id := identity{uid: 101, gid: 104, switched: true}
	root := folder{uid: 0, gid: 0, mode: 0o755}
	for name, tc := range map[string]struct {
		folders []folder
		want    bool
	}{
		"no folder":                      {nil, true},
		"open to all":                    {[]folder{root, root}, true},
		"root's home":                    {[]folder{{0, 0, 0o700}, root}, false},
		"private folder on the way":      {[]folder{root, {1000, 1000, 0o700}, root}, false},
		"readable but not to be entered": {[]folder{{0, 0, 0o744}}, false},
		"may be entered but not read":    {[]folder{{0, 0, 0o711}}, true},
		"its own":                        {[]folder{{101, 0, 0o700}}, true},
		"its own without x for itself":   {[]folder{{101, 0, 0o677}}, false},
		"of its group":                   {[]folder{{0, 104, 0o710}}, true},
		"closed to its group":            {[]folder{{0, 104, 0o701}}, false},
	} {
		if got := id.traversable(tc.folders); got != tc.want {
			t.Errorf("%s: got %t, want %t", name, got, tc.want)
		}
	}
}

func TestHomeIsElsewhereOnlyIfItMust(t *testing.T) {
	t.Parallel()
	private := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(private, "not", "there", "yet")
	own := identity{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	home, err := own.home(dir)
	if err != nil || home != dir {
		t.Errorf("as its own user: got %s, %v, want %s", home, err, dir)
	}
	// Only the check for another user can be tried by any user: it looks at modes and becomes nobody.
	other := identity{uid: own.uid + 1, gid: own.gid + 1, switched: true}
	home, err = other.home(dir)
	if err != nil || home == dir || !strings.HasPrefix(filepath.Base(home), "ai-agents-postgres-") {
		t.Errorf("as another user: got %s, %v, want a place below the temporary folder", home, err)
	}
	again, err := other.home(dir)
	if err != nil || again != home {
		t.Errorf("asked again: got %s, %v, want %s", again, err, home)
	}
}

func TestMakeHomeRefusesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	id, err := serverIdentity()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "home")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if err := id.makeHome(link); err == nil || !strings.Contains(err.Error(), "not ours") {
		t.Errorf("a link in place of the folder: got %v", err)
	}
}

func TestFilesHash(t *testing.T) {
	t.Parallel()
	hash := func(files map[string]string) string {
		t.Helper()
		dir := t.TempDir()
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		sum, err := filesHash(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first := hash(map[string]string{"1.sql": "a", "2.sql": "b"})
	if again := hash(map[string]string{"1.sql": "a", "2.sql": "b"}); again != first {
		t.Errorf("the same files: got %s and %s", first, again)
	}
	for name, files := range map[string]map[string]string{
		"content changed": {"1.sql": "a", "2.sql": "c"},
		"file renamed":    {"1.sql": "a", "3.sql": "b"},
		"file added":      {"1.sql": "a", "2.sql": "b", "3.sql": ""},
	} {
		if hash(files) == first {
			t.Errorf("%s: the hash did not change", name)
		}
	}
}

func TestDebianVersion(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/usr/lib/postgresql/17/bin": 17, "/usr/lib/postgresql/9/bin": 9, "/usr/local/bin": 0,
	} {
		if got := debianVersion(path); got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}
