package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// debianBinaries matches where Debian and Ubuntu put the server, which is not on the PATH.
const debianBinaries = "/usr/lib/postgresql/*/bin"

// errNoServer tells the user what to install.
var errNoServer = errors.New("no PostgreSQL server found: install it, on Debian or Ubuntu with " +
	"`apt-get install postgresql` (15 or newer)")

// findBinaries returns the folder holding initdb and postgres. With major empty it is the newest
// installed; otherwise one of that major version, which an existing data directory needs.
func findBinaries(ctx context.Context, major string) (string, error) {
	var found []string
	for _, dir := range candidateFolders(ctx) {
		if hasServer(dir) {
			found = append(found, dir)
		}
	}
	if len(found) == 0 {
		return "", errNoServer
	}
	if major == "" {
		return found[0], nil
	}
	for _, dir := range found {
		if serverMajor(ctx, dir) == major {
			return dir, nil
		}
	}
	return "", fmt.Errorf("the data directory was made by PostgreSQL %s, which is not installed: "+
		"install postgresql-%s or delete the data directory", major, major)
}

// candidateFolders lists where a server may be, newest Debian version first.
func candidateFolders(ctx context.Context) []string {
	folders, err := filepath.Glob(debianBinaries)
	if err != nil {
		folders = nil // only a malformed pattern fails, and ours is constant
	}
	slices.SortFunc(folders, func(a, b string) int { return debianVersion(b) - debianVersion(a) })
	if path, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	return folders
}

// debianVersion reads the major version out of /usr/lib/postgresql/15/bin; 0 when there is none.
func debianVersion(bin string) int {
	version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	if err != nil {
		return 0
	}
	return version
}

func hasServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// serverMajor asks the server for its major version; empty when it does not answer.
func serverMajor(ctx context.Context, dir string) string {
	//nolint:gosec // G204: dir comes out of the fixed search list above.
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return ""
	}
	// postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
	_, version, _ := strings.Cut(string(out), ") ")
	major, _, _ := strings.Cut(version, ".")
	return strings.TrimSpace(major)
}
