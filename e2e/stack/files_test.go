package stack

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	if got := tail(path); !strings.Contains(got, "no log") {
		t.Errorf("without a file: got %q", got)
	}
	write(t, path, "")
	if got := tail(path); got != "(the log is empty)" {
		t.Errorf("empty: got %q", got)
	}
	var long strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&long, "line %d\n", i)
	}
	write(t, path, long.String())
	lines := strings.Split(tail(path), "\n")
	if len(lines) != tailLines || lines[0] != "line 9980" || lines[tailLines-1] != "line 9999" {
		t.Errorf("got %d lines from %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
}

func TestSecretsLastAndArePrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := loadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.setDatabasePort(1111); err != nil {
		t.Fatal(err)
	}
	second, err := loadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.setDatabasePort(2222); err != nil {
		t.Fatal(err)
	}
	for name, value := range first.store {
		if name == secretDatabaseURL || name == secretConsoleURL {
			continue
		}
		if value == "" || second.store[name] != value {
			t.Errorf("%s: %q, then %q", name, value, second.store[name])
		}
	}
	before, after := parse(t, first.store[secretDatabaseURL]), parse(t, second.store[secretDatabaseURL])
	if before.User.String() != after.User.String() || after.User.Username() != "app_user" || after.Port() != "2222" {
		t.Errorf("database URL %s, then %s", before.Redacted(), after.Redacted())
	}
	if console := parse(t, second.store[secretConsoleURL]); console.User.Username() != "console_user" || console.Port() != "2222" {
		t.Errorf("the console's URL is %s", console.Redacted())
	}
	if admin := parse(t, second.adminURL(2222)); admin.User.Username() != "admin" || admin.User.String() == after.User.String() {
		t.Errorf("admin URL is %s", admin.Redacted())
	}
	for _, name := range []string{"secrets.json", "passwords.json"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != private {
			t.Errorf("%s: mode %v, %v", name, info, err)
		}
	}
}

func TestAMissingSecretIsAddedAndTheOthersKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secrets.json"), `{"redis-password": "kept", "mine": "too"}`)
	s, err := loadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.store[secretRedis] != "kept" || s.store["mine"] != "too" || s.store[secretKeyset] == "" {
		t.Errorf("got %d secrets, want the old ones and the missing ones", len(s.store))
	}
	write(t, filepath.Join(dir, "secrets.json"), "{")
	if _, err := loadSecrets(dir); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("damaged file: got %v, want what to do", err)
	}
}

func TestOnlyOneMayStartOrStop(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	unlock, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockDir(dir); !errors.Is(err, errBusy) {
		t.Errorf("got %v, want %v", err, errBusy)
	}
	unlock()
	unlock, err = lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestQuote(t *testing.T) {
	t.Parallel()
	if got, want := quote("it's $HOME"), `'it'\''s $HOME'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), private); err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
