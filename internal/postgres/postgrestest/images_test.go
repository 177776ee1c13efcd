package postgrestest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"
)

func self() identity {
	return identity{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
}

// builds fills a home as a cluster would, and counts how often it has to.
type builds struct{ count atomic.Int32 }

func (b *builds) in(home string) func() error {
	return func() error {
		b.count.Add(1)
		if err := os.MkdirAll(filepath.Join(home, "data", "empty"), 0o700); err != nil {
			return err
		}
		for name, content := range map[string]string{
			"superuser-password": "secret", "data/PG_VERSION": "15\n", "data/nothing": "",
			"data/log": "begun" + strings.Repeat("\x00", 1<<20),
		} {
			if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o600); err != nil {
				return err
			}
		}
		return nil
	}
}

// check fails the test unless home holds what builds puts there, no more and no less.
func check(t *testing.T, home string) {
	t.Helper()
	for name, size := range map[string]int64{"superuser-password": 6, "data/PG_VERSION": 3, "data/nothing": 0, "data/log": 5 + 1<<20} {
		info, err := os.Stat(filepath.Join(home, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() != size || info.Mode() != 0o600 {
			t.Errorf("%s: %d bytes, %s", name, info.Size(), info.Mode())
		}
	}
	content, err := os.ReadFile(filepath.Join(home, "data", "log"))
	if err != nil || strings.TrimRight(string(content), "\x00") != "begun" {
		t.Errorf("the log was not unpacked whole: %v", err)
	}
	if info, err := os.Stat(filepath.Join(home, "data", "empty")); err != nil || info.Mode().Perm() != 0o700 || !info.IsDir() {
		t.Errorf("an empty folder: %v, %v", info, err)
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) != 2 {
		t.Errorf("%d entries: %v", len(entries), err)
	}
}

func mustKeep(t *testing.T) func(error) {
	t.Helper()
	return func(err error) { t.Errorf("the image was not kept: %v", err) }
}

func TestAClusterIsBuiltOnce(t *testing.T) {
	t.Parallel()
	kept, made := images{dir: t.TempDir()}, &builds{}
	for _, key := range []string{"a", "a", "b", "a"} {
		home := t.TempDir()
		if err := kept.fill(home, key, self(), made.in(home), mustKeep(t)); err != nil {
			t.Fatal(err)
		}
		check(t, home)
	}
	if got := made.count.Load(); got != 2 {
		t.Errorf("built %d times for 2 keys", got)
	}
}

func TestOfSeveralAtOnceOneBuilds(t *testing.T) {
	t.Parallel()
	kept, made := images{dir: t.TempDir()}, &builds{}
	var all sync.WaitGroup
	homes := make([]string, 8)
	for i := range homes {
		home := t.TempDir()
		homes[i] = home
		all.Go(func() {
			if err := kept.fill(home, "a", self(), made.in(home), mustKeep(t)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, home := range homes {
		check(t, home)
	}
	if got := made.count.Load(); got != 1 {
		t.Errorf("built %d times", got)
	}
}

func TestABrokenImageIsReplaced(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(whole []byte) []byte{
		"cut short":           func(whole []byte) []byte { return whole[:len(whole)/2] },
		"empty":               func([]byte) []byte { return []byte("no archive") },
		"zeros after a crash": func(whole []byte) []byte { return append(whole[:1024:1024], make([]byte, len(whole)-1024)...) },
		"leads out of the home": func(whole []byte) []byte {
			return []byte(strings.ReplaceAll(string(whole), "data/PG_VERSION", "../../PG_VERSIO"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept, made := images{dir: t.TempDir()}, &builds{}
			image := filepath.Join(kept.dir, "a"+imageSuffix)
			fill := func() {
				t.Helper()
				home := t.TempDir()
				if err := kept.fill(home, "a", self(), made.in(home), mustKeep(t)); err != nil {
					t.Fatal(err)
				}
				check(t, home)
			}
			fill()
			whole, err := os.ReadFile(image)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(image, spoil(whole), 0o600); err != nil {
				t.Fatal(err)
			}
			fill()
			fill()
			if got := made.count.Load(); got != 2 {
				t.Errorf("built %d times, want once more for the broken image", got)
			}
		})
	}
}

func TestAFailedBuildLeavesNoImage(t *testing.T) {
	t.Parallel()
	kept, made := images{dir: t.TempDir()}, &builds{}
	failure := errors.New("example: no room")
	home := t.TempDir()
	if err := kept.fill(home, "a", self(), func() error { return failure }, mustKeep(t)); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	if err := kept.fill(home, "a", self(), made.in(home), mustKeep(t)); err != nil || made.count.Load() != 1 {
		t.Errorf("got %v, built %d times", err, made.count.Load())
	}
}

func TestAnImageThatCannotBeKeptHarmsNobody(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(dir string) error{
		"no folder": os.Remove,
		"no lock":   func(dir string) error { return os.Mkdir(filepath.Join(dir, imageLock), 0o700) },
		"no room":   func(dir string) error { return os.Mkdir(filepath.Join(dir, unfinishedImage), 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept, made := images{dir: t.TempDir()}, &builds{}
			if err := spoil(kept.dir); err != nil {
				t.Fatal(err)
			}
			var lost error
			home := t.TempDir()
			if err := kept.fill(home, "a", self(), made.in(home), func(err error) { lost = err }); err != nil || lost == nil {
				t.Errorf("got %v, and heard %v", err, lost)
			}
			check(t, home)
		})
	}
}

func TestImagesThatNobodyUsesGo(t *testing.T) {
	t.Parallel()
	kept, made := images{dir: t.TempDir()}, &builds{}
	fill := func(key string) {
		t.Helper()
		home := t.TempDir()
		if err := kept.fill(home, key, self(), made.in(home), mustKeep(t)); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-2 * imageLife)
	for _, key := range []string{"old", "used"} {
		fill(key)
		if err := os.Chtimes(filepath.Join(kept.dir, key+imageSuffix), long, long); err != nil {
			t.Fatal(err)
		}
	}
	fill("used")
	fill("new")
	left, err := filepath.Glob(filepath.Join(kept.dir, "*"+imageSuffix))
	if err != nil || len(left) != 2 || filepath.Base(left[0]) != "new"+imageSuffix || filepath.Base(left[1]) != "used"+imageSuffix {
		t.Errorf("left: %q, %v", left, err)
	}
}

func TestTheFolderOfImagesIsOurs(t *testing.T) {
	cache, temp := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache) // where the cache of a Mac is
	t.Setenv("TMPDIR", temp)
	first, err := openImages()
	if err != nil || !strings.HasPrefix(first.dir, cache) {
		t.Fatalf("got %s, %v", first.dir, err)
	}
	if info, err := os.Stat(first.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may look into it: %v, %v", info, err)
	}
	// Somebody else's folder behind a link.
	if err := errors.Join(os.Remove(first.dir), os.Symlink(t.TempDir(), first.dir)); err != nil {
		t.Fatal(err)
	}
	second, err := openImages()
	if err != nil || !strings.HasPrefix(second.dir, temp) {
		t.Fatalf("got %s, %v, want a place among the temporary files", second.dir, err)
	}
	if err := errors.Join(os.Remove(second.dir), os.WriteFile(second.dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := openImages(); err == nil {
		t.Error("there was no place left")
	}
}

func TestTheKeyOfAnImage(t *testing.T) {
	t.Parallel()
	files := func(content string) fstest.MapFS { return fstest.MapFS{"file": {Data: []byte(content)}} }
	key := func(server, schema, code string) string {
		t.Helper()
		sum, err := keyOf(server, files(schema), files(code))
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first := key("15.1", "tables", "roles")
	if again := key("15.1", "tables", "roles"); again != first {
		t.Errorf("the same gives %s and %s", first, again)
	}
	for name, other := range map[string]string{
		"another server": key("15.2", "tables", "roles"),
		"another schema": key("15.1", "views", "roles"),
		"other roles":    key("15.1", "tables", "actors"),
		"both swapped":   key("15.1", "roles", "tables"),
	} {
		if other == first {
			t.Errorf("%s: the key is the same", name)
		}
	}
	if _, err := imageKey(t.Context()); err != nil {
		t.Error(err)
	}
}
