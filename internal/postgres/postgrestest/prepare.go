package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest/lifeline"
)

const (
	superUser    = "postgres"
	passwordFile = "superuser-password"
)

// Server is a cluster whose data exists and that is ready to be started.
type Server struct {
	// Command and Args start the server in the foreground; it logs to standard error.
	Command string
	Args    []string
	// Env is the whole environment of the server.
	Env []string
	// Credential is the user to start it as; nil for the caller's.
	Credential *syscall.Credential
	// Home holds everything of the cluster; deleting it deletes the cluster.
	Home string
	// DataDir is the data directory inside Home.
	DataDir string
	// Port is the port on 127.0.0.1 that Args name.
	Port int

	password string
}

// Prepare creates the data directory unless it exists already. The port must be given. An existing
// cluster keeps the superuser password it was created with.
func Prepare(ctx context.Context, opts ClusterOptions) (*Server, error) {
	id, err := serverIdentity()
	if err != nil {
		return nil, err
	}
	// First, because a umask may make the new folders impassable for the server's user.
	if err := os.MkdirAll(filepath.Dir(opts.Dir), 0o755); err != nil { //nolint:gosec // G301: the server's user must get through.
		return nil, fmt.Errorf("make room for the PostgreSQL data: %w", err)
	}
	home, err := id.home(opts.Dir)
	if err != nil {
		return nil, err
	}
	if err := id.makeHome(home); err != nil {
		return nil, err
	}
	data := filepath.Join(home, "data")
	major, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the version of the PostgreSQL data: %w", err)
	}
	bin, err := findBinaries(ctx, strings.TrimSpace(string(major)))
	if err != nil {
		return nil, err
	}
	server := &Server{
		Command: filepath.Join(bin, "postgres"), Args: arguments(data, opts), Env: environment(),
		Credential: id.credential(), Home: home, DataDir: data, Port: opts.Port,
	}
	if major == nil {
		if err := server.create(ctx, id, bin, opts.SuperPassword); err != nil {
			return nil, err
		}
	}
	password, err := os.ReadFile(filepath.Join(home, passwordFile))
	if err != nil {
		return nil, fmt.Errorf("read the superuser password; delete %s to start afresh: %w", home, err)
	}
	server.password = string(password)
	return server, nil
}

// SuperURL connects to database as the superuser.
func (s *Server) SuperURL(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(superUser, s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)), Path: "/" + database, RawQuery: "sslmode=disable",
	}).String()
}

// create runs initdb into a folder beside the final one and renames it, so that a creation that was
// cut short is never mistaken for a cluster.
func (s *Server) create(ctx context.Context, id identity, bin, password string) error {
	if password == "" {
		password = rand.Text()
	}
	file := filepath.Join(s.Home, passwordFile)
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		return fmt.Errorf("keep the superuser password: %w", err)
	}
	if err := id.own(file); err != nil {
		return err
	}
	unfinished := s.DataDir + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished data directory: %w", err)
	}
	//nolint:gosec // G204: bin is one of the places in findBinaries.
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata", unfinished, "--username", superUser,
		"--pwfile", file, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
		"--no-sync", "--no-instructions")
	var output strings.Builder
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.Home, s.Env, &output, &output
	child, err := lifeline.Start(cmd, lifeline.Options{Credential: s.Credential})
	if err != nil {
		return fmt.Errorf("create the PostgreSQL data: %w", err)
	}
	<-child.Done()
	if err := child.Err(); err != nil {
		return fmt.Errorf("initdb in %s: %w\n%s", s.Home, err, output.String())
	}
	if err := os.Rename(unfinished, s.DataDir); err != nil {
		return fmt.Errorf("put the PostgreSQL data in place: %w", err)
	}
	return nil
}

// environment fixes what Postgres derives from it: language of messages and time zone.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
}
