package tokenfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
)

func TestATokenIsKeptForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "folder", "token")
	want := tokenfile.Token{Secret: "example-token", Console: "https://console.example.com", ExpiresAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for range 2 { // the second one replaces the first
		if err := tokenfile.Write(path, want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := tokenfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, most := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != most {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("something is left beside it: %v, %v", files, err)
	}
	for _, was := range []bool{true, false} {
		if there, err := tokenfile.Remove(path); err != nil || there != was {
			t.Errorf("removed: %v, %v", there, err)
		}
	}
	if _, err := tokenfile.Read(path); !errors.Is(err, tokenfile.ErrNone) {
		t.Errorf("after that: %v", err)
	}
}

func TestATokenThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o620, 0o700} {
		if err := os.WriteFile(path, []byte("example-token"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := tokenfile.Read(path); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestATokenBehindALinkIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	link := path + "-link"
	if err := errors.Join(os.WriteFile(path, []byte("example-token"), 0o600), os.Symlink(path, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := tokenfile.Read(link); err == nil || !strings.Contains(err.Error(), "is a link") {
		t.Errorf("a link: %v", err)
	}
	if _, err := tokenfile.Read(path); err != nil {
		t.Errorf("the file itself: %v", err)
	}
}

func TestATokenOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("example-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := tokenfile.CheckOwner(path, info, os.Geteuid()); err != nil {
		t.Errorf("one's own: %v", err)
	}
	if err := tokenfile.CheckOwner(path, info, os.Geteuid()+1); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("another's: %v", err)
	}
	if os.Geteuid() != 0 {
		return // who is not root can make no other's file
	}
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := tokenfile.Read(path); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("another's, read: %v", err)
	}
}

func TestAPipeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tokenfile.Read(path); err == nil || !strings.Contains(err.Error(), "holds no token") {
		t.Errorf("a pipe: %v", err)
	}
}

func TestWhatAFileMayHold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	for content, want := range map[string]string{
		"example-token\n": "example-token", ` {"token": "example-token"} `: "example-token",
		"": "", "two words": "", "two\nlines": "", "{}": "", `{"token": " "}`: "", `{"token": `: "",
		strings.Repeat("x", 70_000): "",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := tokenfile.Read(path)
		if got.Secret.Reveal() != want || (err == nil) != (want != "") {
			t.Errorf("%.40q: %q, %v", content, got.Secret.Reveal(), err)
		}
		if err != nil && content != "" && strings.Contains(err.Error(), content) {
			t.Errorf("the error repeats what is in the file: %v", err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := tokenfile.Read(path); err == nil {
		t.Error("a folder was taken for a token")
	}
	if err := tokenfile.Write(filepath.Join(path, "\x00"), tokenfile.Token{}); err == nil {
		t.Error("a name that cannot be, and no error")
	}
}
