package postgrestest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// identity is the user the server runs as.
type identity struct {
	uid, gid uint32
	// switched is true when that user is not the caller's: Postgres refuses to run as root.
	switched bool
}

// serverIdentity is the caller's own unless that is root; then `postgres`, or else `nobody`.
func serverIdentity() (identity, error) {
	if os.Geteuid() != 0 {
		//nolint:gosec // G115: user and group ids are 32 bits wide.
		return identity{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if uidErr != nil || gidErr != nil {
			return identity{}, fmt.Errorf("user %s has no numeric id: %w", name, errors.Join(uidErr, gidErr))
		}
		return identity{uid: uint32(uid), gid: uint32(gid), switched: true}, nil
	}
	return identity{}, errors.New("PostgreSQL refuses to run as root, and there is neither a user `postgres` " +
		"nor `nobody` to run it as: create one or run this as an ordinary user")
}

// credential is what the server's processes are started with; nil keeps the caller's user. It carries
// no supplementary groups, so that traversable needs to know of none.
func (id identity) credential() *syscall.Credential {
	if !id.switched {
		return nil
	}
	return &syscall.Credential{Uid: id.uid, Gid: id.gid}
}

// own hands path over to the server's user.
func (id identity) own(path string) error {
	if !id.switched {
		return nil
	}
	if err := os.Chown(path, int(id.uid), int(id.gid)); err != nil {
		return fmt.Errorf("hand %s to the PostgreSQL user: %w", path, err)
	}
	return nil
}

// folder is what the traversal check needs to know of a directory.
type folder struct {
	uid, gid uint32
	mode     fs.FileMode
}

// The bits that let somebody through a folder.
const (
	ownerMayEnter  fs.FileMode = 0o100
	groupMayEnter  fs.FileMode = 0o010
	othersMayEnter fs.FileMode = 0o001
)

// traversable reports whether the user may pass through all of the folders.
func (id identity) traversable(folders []folder) bool {
	for _, f := range folders {
		bit := othersMayEnter
		switch {
		case f.uid == id.uid:
			bit = ownerMayEnter
		case f.gid == id.gid:
			bit = groupMayEnter
		}
		if f.mode&bit == 0 {
			return false
		}
	}
	return true
}

// reachable reports whether the server's user can get to dir, which need not exist yet: what is
// missing will be made so that it can.
func (id identity) reachable(dir string) (bool, error) {
	if !id.switched {
		return true, nil
	}
	existing := filepath.Dir(dir)
	resolved, err := filepath.EvalSymlinks(existing)
	for errors.Is(err, fs.ErrNotExist) && existing != filepath.Dir(existing) {
		existing = filepath.Dir(existing)
		resolved, err = filepath.EvalSymlinks(existing)
	}
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", existing, err)
	}
	parents, err := foldersUpFrom(resolved)
	if err != nil {
		return false, err
	}
	return id.traversable(parents), nil
}

func foldersUpFrom(path string) ([]folder, error) {
	var folders []folder
	for {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", path, err)
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return nil, fmt.Errorf("look at %s: the owner is not known on this system", path)
		}
		folders = append(folders, folder{uid: owner.Uid, gid: owner.Gid, mode: info.Mode().Perm()})
		if path == filepath.Dir(path) {
			return folders, nil
		}
		path = filepath.Dir(path)
	}
}

// elsewhere is the stand-in for a dir that the server's user cannot reach: the same one every time.
func elsewhere(temp, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(temp, "ai-agents-postgres-"+hex.EncodeToString(sum[:8]))
}
