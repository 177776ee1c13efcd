package ticket_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// postgresDir is set for the process that runs Postgres, and says where.
const postgresDir = "AI_AGENTS_TICKET_POSTGRES"

// runPostgres tells the server's URL and runs it until standard input ends.
func runPostgres(dir string) error {
	ctx := context.Background()
	server, err := postgrestest.StartCluster(ctx, postgrestest.ClusterOptions{Dir: dir})
	if err != nil {
		return err
	}
	fmt.Println(server.SuperURL("postgres"))
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, server.Stop(ctx), os.RemoveAll(server.Home))
}

// startPostgres runs it in a process of its own, which ends with this one. It does not run as root, and where root is only a name there is no other
// user that it could become: there it gets a namespace of users of its own, in which it has another name.
func (o *outside) startPostgres(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "/proc/self/exe")
	cmd.Env = append(os.Environ(), postgresDir+"="+filepath.Join(running.Dir(), "postgres"))
	users, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(users), strconv.Itoa(math.MaxUint32)) { // not all of the machine's
		const daemon = 1
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: daemon, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: daemon, HostID: os.Getgid(), Size: 1}},
		}
	}
	var problems strings.Builder
	cmd.Stderr = &problems
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(input.Close(), cmd.Wait()); err != nil {
			t.Errorf("Postgres: %v\n%s", err, problems.String())
		}
	})
	said, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("Postgres does not start: %v (what it says follows)", err)
	}
	o.superURL = strings.TrimSpace(said)
}
