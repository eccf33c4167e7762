//go:build unix

package kafkatest

import "syscall"

// freeze stops the process where it stands (SIGSTOP): the system keeps its
// connections, and takes new ones, but nobody answers.
func (p *process) freeze() error { return p.command.Process.Signal(syscall.SIGSTOP) }

func (p *process) thaw() error { return p.command.Process.Signal(syscall.SIGCONT) }
