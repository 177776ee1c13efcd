//go:build unix && !linux

package lifeline

import "syscall"

// attributes cannot tie a child to the parent's death here: only Linux has that signal. A parent that
// is killed outright leaves its attached children behind.
func attributes(opts Options) *syscall.SysProcAttr {
	if opts.Detach {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true}
}
