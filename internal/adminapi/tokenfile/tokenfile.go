// Package tokenfile owns the file in which an operator's token for the admin API is kept between commands: readable by its
// owner alone, and bound to the console that it is for.
package tokenfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Token is what the file holds.
type Token struct {
	Secret tenant.Secret
	// Console is the address of the console that the token is for; empty when the file does not say.
	Console string
	// ExpiresAt is when it is accepted no more; zero when the file does not say.
	ExpiresAt time.Time
}

// document is the file. One that is no JSON object is the token alone, as others write it.
type document struct {
	Token     string    `json:"token"`
	Console   string    `json:"console,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

const (
	private       = 0o600
	privateFolder = 0o700
	// largest is more than any token needs, in bytes.
	largest = 64 << 10
)

// ErrNone says that there is no file.
var ErrNone = errors.New("there is no token")

// Read reads the file. One that others may read is refused, because who can read it is an operator; and so is one that another
// user has put there, or a link, which leads to what that user likes. What is looked at and what is read is one file.
func Read(path string) (Token, error) {
	// O_NONBLOCK: to open a pipe would wait for its writer.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Token{}, fmt.Errorf("%w in %s", ErrNone, path)
	case errors.Is(err, syscall.ELOOP):
		return Token{}, fmt.Errorf("%s is a link: give the name of the file itself", path)
	case err != nil:
		return Token{}, fmt.Errorf("read the token: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if err := check(path, file); err != nil {
		return Token{}, err
	}
	content, err := io.ReadAll(io.LimitReader(file, largest+1))
	switch {
	case err != nil:
		return Token{}, fmt.Errorf("read the token: %w", err)
	case len(content) > largest:
		return Token{}, fmt.Errorf("%s holds no token", path)
	}
	return parse(path, bytes.TrimSpace(content))
}

// check refuses what is no file of the user's alone.
func check(path string, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s holds no token", path)
	}
	return checkOwner(path, info, os.Geteuid())
}

func checkOwner(path string, info fs.FileInfo, user int) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || int64(owner.Uid) != int64(user):
		return fmt.Errorf("the token in %s belongs to another user, who can replace it: log in again with a file of your own", path)
	case info.Mode().Perm()&^private != 0:
		return fmt.Errorf("the token in %s is as good as a password, and its mode is %o: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return nil
}

func parse(path string, content []byte) (Token, error) {
	if !bytes.HasPrefix(content, []byte("{")) {
		if len(content) == 0 || bytes.ContainsAny(content, " \t\r\n") {
			return Token{}, fmt.Errorf("%s holds no token", path)
		}
		return Token{Secret: tenant.Secret(content)}, nil
	}
	var d document
	if err := json.Unmarshal(content, &d); err != nil || strings.TrimSpace(d.Token) == "" {
		return Token{}, fmt.Errorf("%s holds no token", path) // what it holds instead is nobody's business
	}
	return Token{Secret: tenant.Secret(d.Token), Console: d.Console, ExpiresAt: d.ExpiresAt}, nil
}

// Write puts t in place of what was there, at once: whoever reads meanwhile sees the one or the other.
func Write(path string, t Token) (err error) {
	content, err := json.MarshalIndent(document{Token: t.Secret.Reveal(), Console: t.Console, ExpiresAt: t.ExpiresAt.UTC()}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the token: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), privateFolder); err != nil {
		return fmt.Errorf("keep the token: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".token-*") // readable by its owner alone
	if err != nil {
		return fmt.Errorf("keep the token: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.Write(append(content, '\n'))
	if err := errors.Join(err, file.Chmod(private), file.Close()); err != nil {
		return fmt.Errorf("keep the token: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("keep the token: %w", err)
	}
	return nil
}

// Remove forgets the token. It tells whether there was one.
func Remove(path string) (bool, error) {
	err := os.Remove(path)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, fmt.Errorf("forget the token: %w", err)
	}
}
