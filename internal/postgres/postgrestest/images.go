package postgrestest

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	imageFolder = "postgres-tests"
	imageSuffix = ".tar"
	// unfinishedImage is the name of what is being written; a process that was killed leaves it.
	unfinishedImage = "unfinished"
	imageLock       = "lock"
	// imageLife is how long an image is kept that nobody uses, such as that of an old branch.
	imageLife = 7 * 24 * time.Hour
)

// images keeps the data of new clusters as archives in a folder, because to make a cluster takes many times as long
// as to copy one. Test binaries that run at the same time share it.
type images struct{ dir string }

// openImages finds the folder: in the user's cache or, where there is none, among the temporary files.
func openImages() (images, error) {
	places := []string{filepath.Join(os.TempDir(), "ai-agents-"+imageFolder+"-"+strconv.Itoa(os.Geteuid()))}
	if cache, err := os.UserCacheDir(); err == nil {
		places = append([]string{filepath.Join(cache, "ai-agents", imageFolder)}, places...)
	}
	var failures []error
	for _, dir := range places {
		err := makePrivate(dir)
		if err == nil {
			return images{dir: dir}, nil
		}
		failures = append(failures, err)
	}
	return images{}, errors.Join(failures...)
}

// makePrivate makes a folder of ours that nobody else can put anything into: what lies there will be run.
func makePrivate(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // G301: as others make a user's cache
		return fmt.Errorf("make room for PostgreSQL images: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder of PostgreSQL images: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the folder of PostgreSQL images: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%s exists but is not ours", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // G302: a folder needs its x bit.
		return fmt.Errorf("make the folder of PostgreSQL images private: %w", err)
	}
	return nil
}

// fill puts the cluster that key stands for into home. Where there is no image of it yet, or none that can be read,
// build makes the cluster in home and the image is taken from there; of several that need it at once, one builds.
// What keeps the image from being stored is reported to lost, and the cluster is none the worse.
func (i images) fill(home, key string, id identity, build func() error, lost func(error)) error {
	path := filepath.Join(i.dir, key+imageSuffix)
	if restore(path, home, id) == nil {
		return nil
	}
	lock, err := os.OpenFile(filepath.Join(i.dir, imageLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		defer func() { _ = lock.Close() }() // which frees the lock
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		lost(fmt.Errorf("lock the PostgreSQL images: %w", err))
		return build()
	}
	if restore(path, home, id) == nil {
		return nil // somebody else has built it
	}
	if err := build(); err != nil {
		return err
	}
	if err := i.store(path, home); err != nil {
		lost(err)
	}
	return nil
}

// restore unpacks an image into home. After a failure home is empty: half a cluster must not be taken for one.
func restore(path, home string, id identity) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := unpack(bufio.NewReader(file), home, id); err != nil {
		return errors.Join(err, empty(home))
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // in use; at worst it is built anew next week
	return nil
}

func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// store takes the image. It gets its name when it is complete and on the disk. The caller holds the lock.
func (i images) store(path, home string) error {
	unfinished := filepath.Join(i.dir, unfinishedImage)
	if err := write(unfinished, home); err != nil {
		return errors.Join(fmt.Errorf("store a PostgreSQL image: %w", err), os.Remove(unfinished))
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("put a PostgreSQL image in place: %w", err)
	}
	i.sweep()
	return nil
}

func write(path, home string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriter(file)
	if err := errors.Join(pack(buffered, home), buffered.Flush()); err != nil {
		return err
	}
	return file.Sync()
}

// sweep removes the images that nobody has used for long.
func (i images) sweep() {
	entries, err := os.ReadDir(i.dir)
	if err != nil {
		return // they only take room
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && filepath.Ext(entry.Name()) == imageSuffix && time.Since(info.ModTime()) > imageLife {
			_ = os.Remove(filepath.Join(i.dir, entry.Name()))
		}
	}
}
