package namespace

import "syscall"

// attributes ask for the namespaces. Whoever is not root becomes it, within a namespace of users: the kernel lets nobody else mount.
func attributes(uid, gid int) *syscall.SysProcAttr {
	wanted := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	if uid != 0 {
		wanted.Cloneflags |= syscall.CLONE_NEWUSER
		wanted.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		wanted.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}}
	}
	return wanted
}
