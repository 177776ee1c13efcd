package postgrestest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Home returns the folder in which a cluster asked for in dir really lives: dir itself, or a fixed
// place below the temporary folder when the user that Postgres must run as cannot reach dir.
// It creates nothing, so that it also serves to find what there is to delete.
func Home(dir string) (string, error) {
	id, err := serverIdentity()
	if err != nil {
		return "", err
	}
	return id.home(dir)
}

func (id identity) home(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("make %s absolute: %w", dir, err)
	}
	places := []string{abs}
	for _, temp := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		places = append(places, elsewhere(temp, abs))
	}
	for _, place := range places {
		ok, err := id.reachable(place)
		if err != nil && place == abs {
			return "", err
		}
		if ok {
			return place, nil
		}
	}
	return "", fmt.Errorf("the user that PostgreSQL runs as (id %d) can reach neither %s nor the temporary folder: "+
		"set TMPDIR to a folder that everyone may enter", id.uid, abs)
}

// makeHome creates home, private to the server's user.
func (id identity) makeHome(home string) error {
	err := os.Mkdir(home, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the PostgreSQL folder: %w", err)
	}
	// In a shared temporary folder, somebody else may have put a folder or a link of that name there first.
	info, err := os.Lstat(home)
	if err != nil {
		return fmt.Errorf("look at the PostgreSQL folder: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	//nolint:gosec // G115: user ids are 32 bits wide.
	if !info.IsDir() || !ok || (owner.Uid != id.uid && owner.Uid != uint32(os.Geteuid())) {
		return fmt.Errorf("%s exists but is not ours: delete it and try again", home)
	}
	if err := os.Chmod(home, 0o700); err != nil { //nolint:gosec // G302: a folder needs its x bit.
		return fmt.Errorf("make the PostgreSQL folder private: %w", err)
	}
	return id.own(home)
}
