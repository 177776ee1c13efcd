package lifeline

import "syscall"

// attributes gives an attached child a process group of its own, so that Ctrl-C in a terminal reaches
// the parent alone, which then stops its children in order.
func attributes(opts Options) *syscall.SysProcAttr {
	if opts.Detach {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: opts.DeathSignal}
}
