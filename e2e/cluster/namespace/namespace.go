// Package namespace owns the room of its own that a test program runs in: a network with nothing but a loopback device, where every
// port, every 127.x address and those of all pods (10.64.0.0/10) are free, and mounts that nobody else sees. Kubernetes and Dapr insist on some ports and paths; here
// they have them, and two runs do not meet. It takes root, or a kernel that gives users namespaces (Debian's does).
package namespace

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// inside is set for the program that runs in the room.
const inside = "AI_AGENTS_NAMESPACE"

// Main runs the program again in a room of its own, and there run, whose result is the exit code. It does not return. It is called first
// thing, by a TestMain.
func Main(run func() int) {
	if os.Getenv(inside) == "" {
		os.Exit(enter())
	}
	if err := furnish(); err != nil {
		fmt.Fprintln(os.Stderr, "furnish a network namespace:", err)
		os.Exit(1)
	}
	os.Exit(run())
}

// enter starts this program again in new namespaces and waits for it.
func enter() int {
	// The kernel takes the end of the thread that started a child for that of the parent.
	runtime.LockOSThread()
	//nolint:gosec,noctx // It is this very program, and lasts as long as this one.
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inside+"=yes")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = attributes(os.Getuid(), os.Getgid())
	err := cmd.Run()
	if err == nil {
		return 0
	}
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(1, ended.ExitCode())
	}
	fmt.Fprintf(os.Stderr, "start in namespaces of its own: %v: run as root, or allow users namespaces "+
		"(sysctl kernel.unprivileged_userns_clone=1, in a container --cap-add SYS_ADMIN)\n", err)
	return 1
}

// furnish keeps mounts from reaching the machine and brings the loopback device up.
func furnish() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	device, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("name the loopback device: %w", err)
	}
	device.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, device); err != nil {
		return fmt.Errorf("bring the loopback device up: %w", err)
	}
	return addPods(socket)
}

// Pods' addresses are within 10.64.0.0/10, where the nodes give them out.
const (
	// Source is where connections to any of them come from, whoever connects.
	Source   = "10.64.0.1"
	podsMask = "255.192.0.0"
)

// addPods makes the addresses of all pods ours: of a network that is on a loopback device, every address is.
func addPods(socket int) error {
	for _, setting := range []struct {
		request uint
		address string
	}{{unix.SIOCSIFADDR, Source}, {unix.SIOCSIFNETMASK, podsMask}} {
		device, err := unix.NewIfreq("lo:pods")
		if err != nil {
			return fmt.Errorf("name the pods' addresses: %w", err)
		}
		if err := device.SetInet4Addr(net.ParseIP(setting.address).To4()); err != nil {
			return fmt.Errorf("write the pods' addresses: %w", err)
		}
		if err := unix.IoctlIfreq(socket, setting.request, device); err != nil {
			return fmt.Errorf("add the pods' addresses: %w", err)
		}
	}
	return nil
}

// Bind shows what is at source under target, too, for this program and those that it starts from then on, until undo.
func Bind(source, target string) (undo func() error, err error) {
	if os.Getenv(inside) == "" {
		return nil, errors.New("only a program in a namespace of its own may mount: call namespace.Main in TestMain")
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return nil, fmt.Errorf("mount %s at %s: %w", source, target, err)
	}
	return func() error {
		if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", target, err)
		}
		return nil
	}, nil
}
