package namespace_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/cluster/namespace"
)

func TestMain(m *testing.M) { namespace.Main(m.Run) }

func TestTheNetworkIsOurs(t *testing.T) {
	devices, err := net.Interfaces()
	if err != nil || len(devices) != 1 || devices[0].Flags&net.FlagUp == 0 {
		t.Errorf("%v, %v: want one loopback device that is up", devices, err)
	}
	// The ports are below 1024 and taken on many machines; the last address is a pod's.
	for _, address := range []string{"127.0.0.1:22", "127.96.0.10:443", "10.100.1.2:443"} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Errorf("listen on %s: %v", address, err)
			continue
		}
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestBind(t *testing.T) {
	dir := t.TempDir()
	source, target := filepath.Join(dir, "source"), filepath.Join(dir, "target")
	for path, content := range map[string]string{source: "ours", target: "theirs"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	undo, err := namespace.Bind(source, target)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "ours" {
		t.Errorf("%q, %v", got, err)
	}
	if err := undo(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "theirs" {
		t.Errorf("%q, %v after it was undone", got, err)
	}
	if _, err := namespace.Bind(filepath.Join(dir, "nothing"), target); err == nil {
		t.Error("no error for a source that is not there")
	}
}
