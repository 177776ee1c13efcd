package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	scratchPrefix = "ai-agents-postgrestest-"
	lockSuffix    = ".lock"
	sharedMemory  = "/dev/shm"
	// minSharedMemory in bytes lets several test binaries run at once; a container has 64 MB by default.
	minSharedMemory = 1 << 30
)

// scratch is a temporary folder for one test binary. A locked file beside it says that the binary is
// alive; a binary that was killed leaves both, and the next one removes them.
type scratch struct {
	dir  string
	lock *os.File
}

func newScratch() (*scratch, error) {
	parent := scratchParent()
	sweepScratch(parent)
	lock, err := os.CreateTemp(parent, scratchPrefix+"*"+lockSuffix)
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	s := &scratch{dir: strings.TrimSuffix(lock.Name(), lockSuffix), lock: lock}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", lock.Name(), err), s.remove())
	}
	return s, nil
}

// scratchParent is memory where there is plenty: cloning a database makes 300 files, which takes a
// quarter of a second on a slow disk and 8 ms there. A TMPDIR set on purpose is respected.
func scratchParent() string {
	if os.Getenv("TMPDIR") != "" {
		return os.TempDir()
	}
	var fs syscall.Statfs_t
	if syscall.Statfs(sharedMemory, &fs) != nil || fs.Bsize <= 0 || fs.Bavail < minSharedMemory/uint64(fs.Bsize) {
		return os.TempDir()
	}
	return sharedMemory
}

// remove deletes the folder, also where it lives elsewhere.
func (s *scratch) remove() error {
	err := removeCluster(s.dir)
	return errors.Join(err, os.Remove(s.lock.Name()), s.lock.Close())
}

// sweepScratch removes what killed test binaries left. It is a favour and not a duty: whatever it
// cannot remove, such as another user's files, it leaves without a word.
func sweepScratch(parent string) {
	locks, err := filepath.Glob(filepath.Join(parent, scratchPrefix+"*"+lockSuffix))
	if err != nil {
		return
	}
	for _, path := range locks {
		sweepOne(path)
	}
}

func sweepOne(path string) {
	lock, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer func() { _ = lock.Close() }()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return // its owner is alive
	}
	if removeCluster(strings.TrimSuffix(path, lockSuffix)) == nil {
		_ = os.Remove(path)
	}
}

// removeCluster deletes the data of a stopped cluster that was asked for in dir.
func removeCluster(dir string) error {
	home, err := Home(dir)
	if err != nil {
		return err
	}
	for _, path := range []string{home, dir} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the PostgreSQL data: %w", err)
		}
	}
	return nil
}
