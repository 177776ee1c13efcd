package stack

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestPreferKeepsWhatIsFree(t *testing.T) {
	t.Parallel()
	ports := newAllocator(Prefer)
	defer ports.releaseAll()
	free := freePort(t)
	got, err := ports.one(free)
	if err != nil || got != free {
		t.Errorf("got %d, %v, want %d", got, err, free)
	}
}

func TestPreferMovesWhatIsTaken(t *testing.T) {
	t.Parallel()
	ports := newAllocator(Prefer)
	defer ports.releaseAll()
	taken, next := takenAndFree(t)
	// The next port is itself preferred, later in the file: it must not be given away.
	if err := ports.prefer(taken, next, taken); err != nil {
		t.Fatal(err)
	}
	if got := ports.actual(next); got != next {
		t.Errorf("%d was free and became %d", next, got)
	}
	if got := ports.actual(taken); got <= next {
		t.Errorf("%d was taken and became %d, want one after %d", taken, got, next)
	}
	if got := ports.actual(1); got != 1 {
		t.Errorf("a port that was never asked for became %d", got)
	}
}

func TestAnyIsDistinctAndNeverHandedOutTwice(t *testing.T) {
	t.Parallel()
	ports, other := newAllocator(Any), newAllocator(Any)
	defer ports.releaseAll()
	defer other.releaseAll()
	seen := map[int]bool{}
	for range 200 {
		port, err := ports.any()
		if err != nil {
			t.Fatal(err)
		}
		if seen[port] || port < lowestRandomPort || port >= highestRandomPort {
			t.Fatalf("port %d: twice or out of range", port)
		}
		seen[port] = true
		ports.vacate(port)
		if ports.take(port) {
			t.Fatalf("port %d was vacated for a process and handed out again", port)
		}
		if other.take(port) {
			t.Fatalf("port %d was vacated for a process and handed to another stack", port)
		}
	}
}

func TestPortsMoveEverywhereAtOnce(t *testing.T) {
	t.Parallel()
	const content = `
version: 1
common:
  placementHostAddress: localhost:50005
  env: {SIM: "http://127.0.0.1:8089/llm?x=127.0.0.1:8089"}
apps:
  - appID: simulator
    command: [sim, --peer, "127.0.0.1:8081"]
    appPort: 8090
    env: {PUBLIC_ADDR: "127.0.0.1:8089", COUNT: "8089", OTHER: "10.0.0.1:8089"}
  - appID: gateway
    command: [gw]
    appPort: 8081
`
	ports := newAllocator(Any)
	defer ports.releaseAll()
	file, err := parseRunFile([]byte(content), ports)
	if err != nil {
		t.Fatal(err)
	}
	public := strconv.Itoa(ports.actual(8089))
	simulator, gateway := file.Apps[0], file.Apps[1]
	for what, pair := range map[string][2]string{
		"the app's own":        {simulator.Env["PUBLIC_ADDR"], "127.0.0.1:" + public},
		"twice in one value":   {file.Common.Env["SIM"], "http://127.0.0.1:" + public + "/llm?x=127.0.0.1:" + public},
		"a number of its own":  {simulator.Env["COUNT"], "8089"},
		"another machine's":    {simulator.Env["OTHER"], "10.0.0.1:8089"},
		"in an argument":       {simulator.Command[2], "127.0.0.1:" + strconv.Itoa(gateway.AppPort)},
		"placement by name":    {file.Common.PlacementHostAddress, "localhost:" + strconv.Itoa(ports.actual(50005))},
		"a port key, moved":    {strconv.FormatBool(gateway.AppPort == 8081), "false"},
		"a missing key filled": {strconv.FormatBool(gateway.GRPCPort != 0), "true"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %s, want %s", what, pair[0], pair[1])
		}
	}
}

func TestRunFileIsStrict(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ content, want string }{
		"all is well":      {"version: 1\napps: [{appID: a, command: [x], logLevel: debug}]", ""},
		"unused but known": {"version: 1\ncommon: {appLogDestination: file, runtimePath: x}\napps: []", ""},
		"unknown on top":   {"version: 1\nap: []", "ap"},
		"unknown in app":   {"version: 1\napps: [{appID: a, command: [x], apPort: 1}]", "apPort"},
		"wrong type":       {"version: 1\napps: [{appID: a, command: [x], appPort: many}]", "many"},
		"wrong version":    {"version: 2", "version is 2"},
		"no command":       {"version: 1\napps: [{appID: a}]", "command"},
		"same id":          {"version: 1\napps: [{appID: a, command: [x]}, {appID: a, command: [x]}]", "a is given twice"},
		"same port":        {"version: 1\napps: [{appID: a, command: [x], appPort: 8081, metricsPort: 8081}]", "port 8081"},
	} {
		ports := newAllocator(Any)
		_, err := parseRunFile([]byte(tc.content), ports)
		ports.releaseAll()
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: got %v, want it to mention %q", name, err, tc.want)
		}
	}
}

func TestOurRunFileIsValid(t *testing.T) {
	t.Parallel()
	ports := newAllocator(Any)
	defer ports.releaseAll()
	file, err := readRunFile("../../dapr.yaml", ports)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range file.Apps {
		for _, path := range append(file.Common.ResourcesPaths, file.Common.ConfigFilePath, first(a.ConfigFilePath, "."), a.AppDirPath) {
			if _, err := os.Stat(file.path(path)); err != nil {
				t.Errorf("%s: %v", a.AppID, err)
			}
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	ports := newAllocator(Any)
	defer ports.releaseAll()
	port, err := ports.any()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// takenAndFree returns a port that something listens on and the free one after it.
func takenAndFree(t *testing.T) (taken, free int) {
	t.Helper()
	for range 100 {
		first := freePort(t)
		listener, err := net.Listen("tcp", loopback(first))
		if err != nil {
			continue
		}
		next, err := net.Listen("tcp", loopback(first+1))
		if err != nil {
			_ = listener.Close()
			continue
		}
		_ = next.Close()
		t.Cleanup(func() { _ = listener.Close() })
		return first, first + 1
	}
	t.Fatal("no two free ports in a row")
	return 0, 0
}
